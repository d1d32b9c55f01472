"""The files and folders of a checkout that the commands read and write."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Environments of command-line tools, see local/make-environments.
SAM = ROOT / ".tools" / "sam" / "bin"
MINISTACK = ROOT / ".tools" / "ministack" / "bin"
WORK = ROOT / ".local"
"""What the local stack writes: the build, logs, the template for `make invoke`."""
OPENAPI = ROOT / "docs" / "openapi.yaml"
EVENT_SCHEMAS = ROOT / "docs" / "events"
PERFORMANCE = ROOT / "docs" / "performance.md"
PERFORMANCE_FIGURES = ROOT / "docs" / "performance.json"
"""The figures of the last `make bench ARGS=--write`."""
SCALING = ROOT / "docs" / "scaling.md"
SCALING_FIGURES = ROOT / "docs" / "scaling.json"
"""The figures of the last `make simulate ARGS=--write`."""
SCALING_PLOTS = ROOT / "docs" / "scaling"

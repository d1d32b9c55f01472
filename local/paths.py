"""Where things are in a checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Environments of command-line tools, see local/make-environments.
SAM = ROOT / ".tools" / "sam" / "bin"
MINISTACK = ROOT / ".tools" / "ministack" / "bin"
# What the local stack makes and keeps: the build, logs, the environment for `sam local invoke`.
WORK = ROOT / ".local"
OPENAPI = ROOT / "docs" / "openapi.yaml"
EVENT_SCHEMAS = ROOT / "docs" / "events"
PERFORMANCE = ROOT / "docs" / "performance.md"
# What `make bench ARGS=--write` measured last.
PERFORMANCE_FIGURES = ROOT / "docs" / "performance.json"
SCALING = ROOT / "docs" / "scaling.md"
# What `make simulate ARGS=--write` found last, and the page's plots.
SCALING_FIGURES = ROOT / "docs" / "scaling.json"
SCALING_PLOTS = ROOT / "docs" / "scaling"

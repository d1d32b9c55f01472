"""Where things are in a checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "bin"
# What the local stack makes and keeps: the build, logs, the environment for `sam local invoke`.
WORK = ROOT / ".local"
OPENAPI = ROOT / "docs" / "openapi.yaml"
EVENT_SCHEMAS = ROOT / "docs" / "events"
PERFORMANCE = ROOT / "docs" / "performance.md"
# What `make bench ARGS=--write` measured last.
PERFORMANCE_FIGURES = ROOT / "docs" / "performance.json"

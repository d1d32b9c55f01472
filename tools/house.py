"""The counts of the layer's layout, and their limits: printed by `make house`, held by tests/unit/test_house.py."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.paths import ROOT

LAYER = ROOT / "layers" / "shared"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
MAX_FLOW_FILES = 12

_FLOW = re.compile(r"^<!-- flow:(?P<name>[\w-]+) -->\n(?P<list>.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^\d+\. `(?P<path>[^`]+\.py)`", re.MULTILINE)


@dataclass(frozen=True)
class Count:
    """One figure with its limit, and what it counts by name."""

    what: str
    limit: int
    found: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return len(self.found) <= self.limit


def counts() -> list[Count]:
    """Return every count of the layout."""
    modules = [path.relative_to(LAYER).as_posix() for path in sorted(LAYER.rglob("*.py"))]
    classes = [(path, one) for path in modules for one in _classes(LAYER / path)]
    names = Counter(Path(path).stem for path in modules if not path.endswith("__init__.py"))
    return [
        Count("modules in the layer", 85, tuple(modules)),
        Count("protocols", 10, tuple(one.name for _, one in classes if "Protocol" in _bases(one))),
        Count("service containers", 2, tuple(one.name for _, one in classes if one.name.endswith("Services"))),
        Count("module names used twice", 0, tuple(name for name, used in names.items() if used > 1)),
        Count("modules that write connections", 1, _calling(modules, r"(?<!def )\bconnection_key\(")),
        Count("modules that call Secrets Manager", 1, _calling(modules, r'"\w+Secret(?:Value)?"')),
        *(Count(f"files of the flow {name}", MAX_FLOW_FILES, steps) for name, steps in flows().items()),
        *(
            Count(f"files opened twice in the flow {name}", 0, tuple(one for one, n in Counter(steps).items() if n > 1))
            for name, steps in flows().items()
        ),
    ]


def flows() -> dict[str, tuple[str, ...]]:
    """Return the files of each flow that docs/architecture.md walks, in its order."""
    page = ARCHITECTURE.read_text(encoding="utf-8")
    steps = {found["name"]: tuple(_STEP.findall(found["list"])) for found in _FLOW.finditer(page)}
    return {name: files for name, files in steps.items() if files}


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ClassDef))


def _bases(one: ast.ClassDef) -> set[str]:
    return {base.id for base in one.bases if isinstance(base, ast.Name)}


def _calling(modules: list[str], pattern: str) -> tuple[str, ...]:
    return tuple(path for path in modules if re.search(pattern, (LAYER / path).read_text(encoding="utf-8")))


def main() -> int:
    """Print the counts; return 1 if one is over its limit."""
    found = counts()
    width = max(len(one.what) for one in found)
    for one in found:
        print(f"{one.what:{width}} {len(one.found):3} of at most {one.limit}{'' if one.holds else '   TOO MANY'}")  # noqa: T201 - the output of the command
    return int(not all(one.holds for one in found))


if __name__ == "__main__":
    sys.exit(main())

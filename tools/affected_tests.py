"""The unit tests that a change can affect.

A test file depends on what it imports, directly or not, on each conftest.py above it that has a fixture it uses, and on
files that one of these names in a string ("template.yaml", "docs"). A changed file of another type (JavaScript, HTML)
counts as a change of the Python files in its folder, or in the nearest folder above it that has some.
A test file with `pytest.mark.slow` in its `pytestmark` is affected only by its own changes: `make check` is fast, and
`make test` runs every file.

pytest-testmon is not used: it needs a run under coverage first, and its records are lost with each fresh clone.
"""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

_TESTS = "tests/unit/"
_CODE = ("functions", "layers", "local", "tests", "tools")
# Folders on the import path, see [tool.pytest.ini_options] and the editable installation of the layer.
_IMPORT_PATH = ("layers/shared/", "functions/create_identity_image/", "")
_FALLBACK = ("pyproject.toml", "requirements/dev.txt", "tests/conftest.py", "tests/unit/conftest.py")
"""Files that affect all tests."""
_EVERY = "*"
_SLOW = re.compile(r"pytestmark = .*\bpytest\.mark\.slow\b")
_PATH = re.compile(r"[\w.*/-]+")


def changed_files(root: Path) -> list[str]:
    """The files that differ from origin/main (or from HEAD if there is no origin/main), untracked ones included."""
    base = _git(root, "merge-base", "HEAD", "origin/main") or ["HEAD"]
    tracked = _git(root, "diff", "--name-only", "--no-renames", base[0])
    return sorted({*tracked, *_git(root, "ls-files", "--others", "--exclude-standard")})


def affected_tests(changed: Iterable[str], root: Path) -> list[str]:
    """The files of tests/unit that these changed files can affect, sorted. Paths are relative to root."""
    paths = [path for folder in _CODE for path in (root / folder).rglob("*.py") if ".venv" not in path.parts]
    sources = {path.relative_to(root).as_posix(): ast.parse(path.read_bytes(), path) for path in paths}
    changed = set(changed)
    tests = {
        path
        for path, tree in sources.items()
        if path.startswith(_TESTS) and PurePosixPath(path).name.startswith("test_")
        if path in changed or not _is_slow(tree)
    }
    if not changed.isdisjoint(_FALLBACK):
        return sorted(tests)
    users = _users(sources)
    affected: set[str] = set()
    waiting = {file for path in changed for file in (path, *_neighbours(path, sources), *_naming(path, sources))}
    while waiting:
        path = waiting.pop()
        affected.add(path)
        waiting |= users[path] - affected
    return sorted(tests & affected)


def _git(root: Path, *words: str) -> list[str]:
    ended = subprocess.run(  # noqa: S603 - our own words
        ["git", *words],  # noqa: S607 - the git of this machine
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.splitlines() if ended.returncode == 0 else []


def _users(sources: Mapping[str, ast.Module]) -> Mapping[str, set[str]]:
    """For each file the files that import it; for a conftest.py the files below it that use one of its fixtures."""
    users: dict[str, set[str]] = defaultdict(set)
    modules = dict(_modules(sources))
    for path, tree in sources.items():
        for name in _imported(tree):
            # `a.b.c` may be a module or a name of the module `a.b`; the packages above are imported too.
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                if file := modules.get(".".join(parts[:length])):
                    users[file].add(path)
        if PurePosixPath(path).name == "conftest.py":
            folder = path.removesuffix("conftest.py")
            provided = set(_fixtures(tree))
            below = [other for other in sources if other.startswith(folder) and other != path]
            users[path] |= {
                other for other in below if _EVERY in provided or not provided.isdisjoint(_used(sources[other]))
            }
    return users


def _modules(sources: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The module names of the files: each file has one for each folder of the import path that it is in."""
    for path in sources:
        for folder in _IMPORT_PATH:
            if path.startswith(folder):
                yield path.removeprefix(folder).removesuffix(".py").removesuffix("/__init__").replace("/", "."), path


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _fixtures(tree: ast.Module) -> Iterator[str]:
    """The names of a conftest.py's fixtures; _EVERY if it has a fixture or a hook that all tests use."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            decorators = "".join(map(ast.dump, node.decorator_list))
            if "fixture" in decorators:
                yield _EVERY if "autouse" in decorators else node.name
            elif node.name.startswith("pytest_"):
                yield _EVERY


def _used(tree: ast.Module) -> Iterator[str]:
    """The names of all parameters, and all strings (usefixtures): the fixtures that a file uses are among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _is_slow(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Assign) and _SLOW.match(ast.unparse(node)) for node in tree.body)


def _neighbours(path: str, sources: Iterable[str]) -> set[str]:
    """For a file that is not Python: the Python files of the nearest folder upwards, but not of the root."""
    if path.endswith(".py"):
        return set()
    for folder in PurePosixPath(path).parents[:-1]:
        files = {source for source in sources if PurePosixPath(source).parent == folder}
        if files:
            return files
    return set()


def _naming(path: str, sources: Mapping[str, ast.Module]) -> set[str]:
    """The files with a string that contains the name of this file, or of its folder at the root."""
    names = {PurePosixPath(path).name, PurePosixPath(path).parts[0]} - {"__init__.py", "tests"}
    return {source for source, tree in sources.items() if any(not names.isdisjoint(parts) for parts in _paths(tree))}


def _paths(tree: ast.Module) -> Iterator[list[str]]:
    """The parts of each string that can be a path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PATH.fullmatch(node.value):
            yield node.value.split("/")

"""template.yaml, built by `sam build` for this machine: its Python, its processor."""

import fcntl
import hashlib
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.console import Console, StackError
from local.ministack.sam import run_sam
from local.paths import ROOT, SAM, WORK

_BUILD = WORK / "build"
BUILT_TEMPLATE = _BUILD / "template.yaml"
_BUILD_KEY = WORK / "build.key"


def build_parameters() -> dict[str, str]:
    """The parameters that make functions run on this machine: its Python, its processor."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": "arm64" if arm else "x86_64",
    }


def build(console: Console) -> None:
    """Build the template into `.local/build`, unless it was built from the same files before."""
    if not (SAM / "sam").exists():
        raise StackError("SAM CLI and MiniStack are not installed. Run: make environment")
    WORK.mkdir(exist_ok=True)
    with _alone(WORK / "build.lock"):
        key = _build_key()
        if _BUILD.is_dir() and _BUILD_KEY.is_file() and _BUILD_KEY.read_text() == key:
            console.line("  The template is built already")
            return
        _BUILD_KEY.unlink(missing_ok=True)
        with console.step("Building the template (sam build)"):
            sam_build(_BUILD)
        _BUILD_KEY.write_text(key)


def sam_build(folder: Path, *options: str) -> None:
    """Build the template into a folder, for this machine; SamError where that fails."""
    log = WORK / f"sam-{folder.name}.log"
    where = ["--template-file", str(ROOT / "template.yaml"), "--build-dir", str(folder)]
    wheels = {} if sys.platform == "linux" else {"HOST_WHEELS": "1"}
    run_sam("build", [*where, *options], build_parameters(), wheels, log)


def _build_key() -> str:
    """A digest of all that decides what a build makes."""
    digest = hashlib.sha256(repr((sorted(build_parameters().items()), sys.version)).encode())
    for path in _sources():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield ROOT / "template.yaml"
    yield ROOT / "requirements" / "sam.txt"
    for folder in ("functions", "layers", "makefiles"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path):
                yield path


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other processes of this checkout out."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

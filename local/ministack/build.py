"""SAM CLI, and the build of template.yaml for this machine: its Python, its processor."""

import fcntl
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from local.console import Console, StackError
from local.paths import ROOT, SAM, WORK
from local.tool_programs import path_for_sam

_BUILD = WORK / "build"
BUILT_TEMPLATE = _BUILD / "template.yaml"
_BUILD_KEY = WORK / "build.key"
# Empty: the settings in samconfig.toml are for deployments to AWS.
_SAM_CONFIG = WORK / "samconfig.toml"


def build_parameters() -> dict[str, str]:
    """The template parameters with which functions run on this machine: its Python, its processor."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": "arm64" if arm else "x86_64",
    }


def build(console: Console) -> None:
    """Build the template into `.local/build`; skip the build if its sources have not changed since the last one.

    Raises:
        StackError: SAM CLI is not installed, or the build fails.
    """
    if not (SAM / "sam").exists():
        raise StackError("SAM CLI and MiniStack are not installed. Run: make environment")
    WORK.mkdir(exist_ok=True)
    with _locked(WORK / "build.lock"):
        key = _build_key()
        if _BUILD.is_dir() and _BUILD_KEY.is_file() and _BUILD_KEY.read_text() == key:
            console.line("  The template is already built")
            return
        _BUILD_KEY.unlink(missing_ok=True)
        with console.step("Building the template (sam build)"):
            sam_build(_BUILD)
        _BUILD_KEY.write_text(key)


def sam_build(folder: Path, *options: str) -> None:
    """Build the template into a folder, for this machine; `options` are further options of `sam build`.

    Raises:
        SamError: the build fails.
    """
    log = WORK / f"sam-{folder.name}.log"
    paths = ["--template-file", str(ROOT / "template.yaml"), "--build-dir", str(folder)]
    wheels = {} if sys.platform == "linux" else {"HOST_WHEELS": "1"}
    run_sam("build", [*paths, *options], build_parameters(), wheels, log)
    # `sam deploy` parses the built template seven times: 0.2 s each as YAML, 1 ms as JSON, which is YAML too.
    built = folder / BUILT_TEMPLATE.name
    built.write_text(json.dumps(yaml.safe_load(built.read_text(encoding="utf-8")), indent=1), encoding="utf-8")


def _build_key() -> str:
    """A digest of everything that determines the result of a build."""
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
def _locked(lock: Path) -> Iterator[None]:
    """Wait until no other process of this checkout builds, and keep others waiting meanwhile."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class SamError(StackError):
    """SAM CLI failed. `reason` is the last error line of its output, `log` the file with the whole output."""

    def __init__(self, command: str, log: Path) -> None:
        self.reason = _error_in(log)
        self.log = log.relative_to(ROOT)
        super().__init__(f"sam {command} failed: {self.reason} (whole output: {self.log})")


def run_sam(
    command: str,
    options: list[str],
    parameters: Mapping[str, str],
    environment: Mapping[str, str],
    log: Path,
) -> None:
    """Run a SAM CLI command without samconfig.toml and without the user's AWS settings; its output goes to a log file.

    `parameters` are values of template parameters, `environment` further variables of the process.

    Raises:
        SamError: the command fails.
    """
    _SAM_CONFIG.write_text("version = 0.1\n")
    overrides = [f"{name}={json.dumps(value)}" for name, value in parameters.items()]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with log.open("wb") as output:
        ended = subprocess.run(  # noqa: S603 - SAM CLI with our own options
            [
                *(str(SAM / "sam"), command, *options),
                *("--config-file", str(_SAM_CONFIG), "--parameter-overrides", *overrides),
            ],
            cwd=ROOT,
            env={
                **inherited,
                **environment,
                "PATH": path_for_sam(),
                "SAM_CLI_TELEMETRY": "0",
                # Seconds between two polls of the deployment; the default is 5.
                "SAM_CLI_POLL_DELAY": "0.2",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        raise SamError(command, log)


def _error_in(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[-1]

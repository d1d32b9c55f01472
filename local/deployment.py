"""Builds template.yaml with `sam build` and deploys it to emulated AWS with `sam deploy`."""

import fcntl
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.console import Console, StackError
from local.emulator import CREDENTIALS, REGION, Emulator
from local.gateway_parity import apply_gateway_definitions
from local.paths import ROOT, TOOLS, WORK

API = "/api/v1/tiktok"
"""Where the routes are, below a deployment's base URL."""
_BUCKET = "deployments"
_BUILD = WORK / "build"
BUILT_TEMPLATE = _BUILD / "template.yaml"
_BUILD_KEY = WORK / "build.key"
# An empty one: what samconfig.toml says is for deployments to AWS.
_SAM_CONFIG = WORK / "samconfig.toml"
_API_URL = re.compile(r"https://(?P<api>\w+)\.execute-api\.[^/]+/(?P<stage>[^/]+)")


@dataclass(frozen=True)
class Deployment:
    """A deployed stack, and where it is reached on this machine."""

    stack_name: str
    base_url: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def table_name(self) -> str:
        """Its DynamoDB table."""
        return self.outputs["TableName"]

    @property
    def secret_prefix(self) -> str:
        """What the names of its secrets start with."""
        return self.parameters["SecretPrefix"]


def build_parameters() -> dict[str, str]:
    """Return the parameters that make functions run on this machine: its Python, its processor."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": "arm64" if arm else "x86_64",
    }


def build(console: Console) -> None:
    """Build the template into `.local/build`, unless it was built from the same files before."""
    if not (TOOLS / "sam").exists():
        raise StackError("SAM CLI and MiniStack are not installed here. Run: make tools")
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
    """Build the template into a folder, for this machine; StackError where that fails."""
    log = WORK / f"sam-{folder.name}.log"
    where = ["--template-file", str(ROOT / "template.yaml"), "--build-dir", str(folder)]
    wheels = {} if sys.platform == "linux" else {"HOST_WHEELS": "1"}
    if _sam("build", [*where, *options], build_parameters(), wheels, log) != 0:
        raise StackError(f"sam build failed: {_error_in(log)} (whole output: {_short(log)})")


def deploy(emulator: Emulator, stack_name: str, parameters: Mapping[str, str]) -> Deployment:
    """Deploy what was built as a stack of this name.

    StackError with CloudFormation's reason where that fails.
    """
    s3 = emulator.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    log = WORK / f"sam-deploy-{stack_name}.log"
    options = [
        *("--template-file", str(BUILT_TEMPLATE)),
        *("--stack-name", stack_name, "--region", REGION, "--s3-bucket", _BUCKET),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
    ]
    environment = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    given = {**build_parameters(), **parameters}
    if _sam("deploy", options, given, environment, log) != 0:
        reason = _failed_resource(emulator, stack_name) or _error_in(log)
        raise StackError(f"Deploying {stack_name} failed: {reason} (whole output: {_short(log)})")
    apply_gateway_definitions(emulator, stack_name)
    return _deployment(emulator, stack_name)


def _deployment(emulator: Emulator, stack_name: str) -> Deployment:
    stack = emulator.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {row["OutputKey"]: row["OutputValue"] for row in stack["Outputs"]}
    api = _API_URL.fullmatch(outputs["ApiBaseUrl"])
    if api is None:
        raise StackError(f"ApiBaseUrl is not an address of an API stage: {outputs['ApiBaseUrl']}")
    return Deployment(
        stack_name=stack_name,
        base_url=f"{emulator.url}/_aws/execute-api/{api['api']}/{api['stage']}",
        outputs=outputs,
        parameters={row["ParameterKey"]: row["ParameterValue"] for row in stack["Parameters"]},
    )


def _sam(
    command: str,
    options: list[str],
    parameters: Mapping[str, str],
    environment: Mapping[str, str],
    log: Path,
) -> int:
    """Run SAM CLI with its output in a log; return its exit code."""
    _SAM_CONFIG.write_text("version = 0.1\n")
    overrides = [f"{name}={json.dumps(value)}" for name, value in parameters.items()]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with log.open("wb") as output:
        return subprocess.run(  # noqa: S603 - SAM CLI with our own options
            [
                *(str(TOOLS / "sam"), command, *options),
                *("--config-file", str(_SAM_CONFIG), "--parameter-overrides", *overrides),
            ],
            cwd=ROOT,
            env={
                **inherited,
                **environment,
                # sam build looks for the layer's Python, with pip, on PATH.
                "PATH": os.pathsep.join(
                    [str(Path(sys.executable).parent), str(TOOLS), os.environ.get("PATH", os.defpath)]
                ),
                "SAM_CLI_TELEMETRY": "0",
                # Seconds between looks at the deployment, 5 if unsaid.
                "SAM_CLI_POLL_DELAY": "0.2",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def _failed_resource(emulator: Emulator, stack_name: str) -> str | None:
    """Return the first resource that failed, with CloudFormation's reason."""
    cloudformation = emulator.client("cloudformation")
    try:
        events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    except ClientError:  # there is no stack at all: sam's own output tells why
        return None
    failed: list[dict[str, Any]] = [row for row in events if row["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return None
    first = min(failed, key=lambda row: row["Timestamp"])
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def _error_in(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[-1]


def _short(path: Path) -> Path:
    return path.relative_to(ROOT)


def _build_key() -> str:
    """Return a digest of all that decides what a build makes."""
    digest = hashlib.sha256(repr((sorted(build_parameters().items()), sys.version)).encode())
    for path in _sources():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield ROOT / "template.yaml"
    yield ROOT / "requirements" / "tools.txt"
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

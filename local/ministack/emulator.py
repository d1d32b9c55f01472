"""MiniStack as a child process with its own temporary folders."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Self

import boto3
import requests

from local.console import StackError
from local.paths import WORK
from local.tool_programs import tool_command

REGION = "eu-central-1"
# MiniStack's root user. Functions have the rights of their roles.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_START_SECONDS = 60.0
_HEALTH_SECONDS = 5.0
_STOP_SECONDS = 5.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_FUNCTIONS_BYTES = 2**31
"""More than the extracted packages of the functions take: 1.2 GB in the tests, which deploy two stacks."""


class Emulator:
    """MiniStack on loopback, with IAM enforced. A context manager.

    Port 0 means any free port.

    Raises:
        StackError: the port is in use, or MiniStack does not start.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        # Clients may be used by several threads; a session may not.
        self._clients: dict[str, Any] = {}
        self._clients_lock = Lock()

    @property
    def url(self) -> str:
        """The endpoint of every emulated service."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """The log file of MiniStack."""
        return WORK / f"ministack-{self._port}.log"

    def client(self, service: str) -> Any:
        """A boto3 client of a service, with all rights."""
        with self._clients_lock:
            if service not in self._clients:
                client: Any = self._session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]
                self._clients[service] = client
            return self._clients[service]

    def choose_port(self) -> None:
        """Choose a free port for port 0. StackError if the port is in use."""
        self._port = _usable(self._port)

    def start(self) -> Self:
        """Start MiniStack and wait until it responds."""
        self.choose_port()
        self._folder = tempfile.TemporaryDirectory(prefix="ministack-", dir=_memory(), ignore_cleanup_errors=True)
        WORK.mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            # MiniStack ends when the pipe to its standard input closes. Its own session keeps Ctrl-C away from it, so
            # that it still responds while the stack shuts down.
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                tool_command("ministack_server.py"),
                env=self._environment(Path(self._folder.name)),
                cwd=self._folder.name,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop MiniStack and the functions that it runs, and remove its folders."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _environment(self, folder: Path) -> dict[str, str]:
        # Functions inherit these variables, so none comes from the user's environment.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TMPDIR": str(folder),
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # With Docker, MiniStack would remove the containers of other MiniStacks.
            "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
            **CREDENTIALS,
        }

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if is_up(self.url):
                return
            time.sleep(0.1)
        raise StackError(f"MiniStack did not start. See its log: {self.log}")


def is_up(url: str) -> bool:
    """Whether a MiniStack responds at this address."""
    with suppress(requests.RequestException):
        return requests.get(f"{url}/_ministack/health", timeout=_HEALTH_SECONDS).ok
    return False


def _usable(port: int) -> int:
    """The port, or a free port for 0."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise StackError(
                f"Port {port} of 127.0.0.1 is in use or not allowed. "
                f"Stop the program that uses it, or choose another port: make run PORT=4600"
            ) from None
        bound: int = probe.getsockname()[1]
        return bound


def _memory() -> Path | None:
    """A folder in memory, if this machine has one that is large enough and from which libraries can be loaded.

    At each cold start MiniStack extracts the function's layers: in 0.7 s to a disk, in 0.2 s to memory.
    """
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return None
    about = os.statvfs(_MEMORY)
    can_load = not about.f_flag & os.ST_NOEXEC
    return _MEMORY if can_load and about.f_bavail * about.f_frsize > _FUNCTIONS_BYTES else None

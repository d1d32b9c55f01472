"""Runs built functions in their own processes, with a simulated TikTok over TLS and in-memory AWS."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from local.console import StackError
from local.demo.teams import write_demo_data
from local.ministack.deployment import Deployment
from local.paths import ROOT
from local.tiktok_simulator import demo_world
from local.tiktok_simulator.journal import ReceivedRequest
from tools.bench.builds import Build
from tools.bench.in_lambda import command
from tools.in_memory_aws import Answer, InMemoryAws
from tools.lambda_runtime import ENVIRONMENT
from tools.read_units import read_units

LATENCY_SECONDS = 0.1
"""What every call to TikTok takes; figures are divided by it."""
_SECONDS = 30.0


@dataclass(frozen=True)
class Invoked:
    """Calls of a handler: their durations, and the response of the last one."""

    seconds: Sequence[float]
    log_bytes: float
    answer: Mapping[str, Any]

    def body(self) -> Any:
        """Return the response's body; StackError if the status is not 200."""
        if self.answer["statusCode"] != requests.codes.ok:
            raise StackError(f"the function responded {self.answer['statusCode']}: {self.answer['body']}")
        return json.loads(self.answer["body"])


class SimulatedTikTok:
    """The simulator in its own process, so that it takes no CPU time from its callers. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.base_url = ""

    @property
    def origin(self) -> str:
        """The URL without TikTok's path, as the SDK needs it."""
        return self.base_url.removesuffix("/open_api/v1.3")

    @property
    def certificate(self) -> Path:
        """The certificate that callers have to trust."""
        return self._folder / "127.0.0.1.crt"

    def received(self) -> list[ReceivedRequest]:
        """Return the requests since the last call of this method, oldest first."""
        url = f"{self.origin}/_simulator/requests"
        rows = requests.get(url, verify=str(self.certificate), timeout=_SECONDS).json()["requests"]
        requests.delete(url, verify=str(self.certificate), timeout=_SECONDS)
        return [ReceivedRequest(**row) for row in rows]

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        arguments = ["--port", "0", "--latency", str(LATENCY_SECONDS), "--tls", str(self._folder)]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "local.tiktok_simulator", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.base_url = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not self.base_url:
            raise StackError("the simulated TikTok did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()


@dataclass(frozen=True)
class Handler:
    """A built function's handler in a fresh interpreter."""

    process: "subprocess.Popen[str]"

    def invoke(self, event: Mapping[str, Any], times: int = 1) -> Invoked:
        """Call the handler this many times with an event."""
        if self.process.stdin is None or self.process.stdout is None:
            raise AssertionError("the process was started with pipes")
        self.process.stdin.write(json.dumps({"event": event, "times": times}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise StackError("the function's process has ended; see its standard error above")
        return Invoked(**json.loads(line))


@contextmanager
def handler(
    build: Build, function: str, tiktok: SimulatedTikTok, aws: InMemoryAws, **variables: str
) -> Iterator[Handler]:
    """Load a built function in a fresh interpreter, with these environment variables in addition."""
    environment = {**ENVIRONMENT, "TIKTOK_API_BASE_URL": tiktok.base_url, "AWS_ENDPOINT_URL": aws.url, **variables}
    program = command("invoke.py", build.search_path(function), str(tiktok.certificate))
    with subprocess.Popen(  # noqa: S603 - our own program
        program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Handler(process)


class MeteredAws(InMemoryAws):
    """In-memory AWS that counts DynamoDB's read units, of all its calls since :meth:`reset`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._exchanged: list[tuple[str, bytes, bytes]] = []

    def answer(self, action: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer, and keep what was asked and answered: it is counted later, not while a caller waits."""
        answer = super().answer(action, headers, body)
        self._exchanged.append((action, body, answer[2]))
        return answer

    def reset(self) -> None:
        """Forget all calls."""
        self.calls.clear()
        self._exchanged.clear()

    def read_units(self) -> float:
        """Return the read units."""
        return sum(
            read_units(action.removeprefix("dynamodb:"), json.loads(request), json.loads(answer))
            for action, request, answer in self._exchanged
            if action.startswith("dynamodb:")
        )


@contextmanager
def aws_with_demo_data(certificate: Path) -> Iterator[MeteredAws]:
    """Yield in-memory AWS over TLS, with the product's table and the demo teams."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_suffix(".pem"))
    with MeteredAws(remember_reads=True, ssl_context=context) as aws:
        name = ENVIRONMENT["TABLE_NAME"]
        aws.create_table(name)
        write_demo_data(
            aws, Deployment("bench", "", {"TableName": name}, {"SecretPrefix": "wevion/tiktok"}), demo_world()
        )
        aws.reset()
        yield aws

"""TikTok's official SDK, an independent client for tests and the bench; it runs in its own process (`process.py`)."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.paths import ROOT
from local.tiktok_simulator.journal import ReceivedRequest, fingerprint

_PYTHON = ROOT / ".sdk" / "bin" / "python"
_PROGRAM = Path(__file__).with_name("process.py")
_PATH = "/open_api/v1.3/"


class SdkError(Exception):
    """An error of the SDK: the name of its class, and its text."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Operation:
    """One of the SDK's methods, with the documented types of its parameters."""

    name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class OfficialSdk:
    """The SDK. ``host`` is its default host; ``operations`` is keyed by TikTok's v1.3 paths ("identity/get/")."""

    version: str
    host: str
    operations: Mapping[str, Operation]
    codes: Mapping[str, int]
    process: "subprocess.Popen[str]"

    def call(self, path: str, token: str | None, **arguments: Any) -> Any:
        """Call an endpoint and return the ``data`` of its response. Raises SdkError."""
        authentication = {} if token is None else {"access_token": token}
        return self._send({"operation": self.operations[path].name, "arguments": {**arguments, **authentication}})

    def call_alike(self, request: ReceivedRequest, token: str) -> Any:
        """Call the endpoint of a request with all of its parameters that the SDK's operation accepts."""
        types = self.operations[request.path].parameters
        query = {name: _typed(text, types[name]) for name, text in request.query.items() if name in types}
        body = {"body": request.body} if "body" in types else {}
        return self.call(request.path, token, **query, **body)

    def _send(self, call: Mapping[str, Any]) -> Any:
        if self.process.stdin is None:
            raise AssertionError("the process was started with pipes")
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        outcome = _next_line(self.process)
        if "error" in outcome:
            raise SdkError(outcome["error"], outcome["message"])
        return outcome["answer"]["data"]


@contextmanager
def official_sdk(host: str, certificate: Path | None = None) -> Iterator[OfficialSdk]:
    """Run the SDK with this host; if ``certificate`` is given, only that one is trusted."""
    if not _PYTHON.exists():
        raise AssertionError("TikTok's SDK is not installed: run make environment")
    command = [str(_PYTHON), "-I", str(_PROGRAM), host, *([str(certificate)] if certificate else [])]
    with subprocess.Popen(  # noqa: S603 - our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        hello = _next_line(process)
        yield OfficialSdk(
            version=hello["version"],
            host=hello["host"],
            operations={
                path.removeprefix(_PATH): Operation(endpoint["operation"], endpoint["parameters"])
                for path, endpoint in hello["endpoints"].items()
                if path.startswith(_PATH)
            },
            codes=hello["codes"],
            process=process,
        )


def comparable(request: ReceivedRequest, token: str) -> dict[str, object]:
    """Return everything to compare of a request with this token, and the code of its response."""
    body = request.body if isinstance(request.body, dict) else {"": request.body}
    return {
        "sent": "yes",
        "method": request.method,
        "path": request.path,
        "token": _places(request, token),
        "code": request.code,
        **{f"query {name}": value for name, value in request.query.items()},
        **{f"body {name}".strip(): value for name, value in body.items()},
    }


def _places(request: ReceivedRequest, token: str) -> tuple[str, ...]:
    """Return the places of the token in the request."""
    places = {
        "Access-Token header": request.token_fingerprint == fingerprint(token),
        "query": "access_token" in request.query or token in str(request.query),
        "body": "access_token" in str(request.body) or token in str(request.body),
    }
    return tuple(place for place, present in places.items() if present)


def _next_line(process: "subprocess.Popen[str]") -> Any:
    """Return the next line of the SDK's process."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise AssertionError("the SDK's process has ended; see its standard error")
    return json.loads(line)


def _typed(text: str, of: str) -> Any:
    """Return the value of a query parameter's text, for an SDK parameter of this type."""
    if of == "str":
        return text
    return json.loads(text)

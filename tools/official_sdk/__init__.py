"""TikTok's official SDK, a foreign client for tests and for the bench: in a process of its own, see `process.py`."""

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
    """What the SDK raised: the name of its error's class, and the text."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Operation:
    """One of the SDK's methods, and the types that it documents for its parameters."""

    name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class OfficialSdk:
    """The SDK. `host` is the one it would call by itself; `operations` has TikTok's v1.3 paths ("identity/get/")."""

    version: str
    host: str
    operations: Mapping[str, Operation]
    codes: Mapping[str, int]
    process: "subprocess.Popen[str]"

    def call(self, path: str, token: str | None, **arguments: Any) -> Any:
        """Call an endpoint and return the `data` of its answer. SdkError: what the SDK raised instead."""
        proof = {} if token is None else {"access_token": token}
        return self._ask({"operation": self.operations[path].name, "arguments": {**arguments, **proof}})

    def call_alike(self, request: ReceivedRequest, token: str) -> Any:
        """Call the endpoint of a request with all it says that this operation of the SDK takes."""
        types = self.operations[request.path].parameters
        asked = {name: _typed(text, types[name]) for name, text in request.query.items() if name in types}
        body = {"body": request.body} if "body" in types else {}
        return self.call(request.path, token, **asked, **body)

    def _ask(self, call: Mapping[str, Any]) -> Any:
        if self.process.stdin is None:
            raise AssertionError("the process was started with pipes")
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        outcome = _said(self.process)
        if "error" in outcome:
            raise SdkError(outcome["error"], outcome["message"])
        return outcome["answer"]["data"]


@contextmanager
def official_sdk(host: str, certificate: Path | None = None) -> Iterator[OfficialSdk]:
    """Run the SDK with this host in its configuration, trusting only `certificate` where one is given."""
    if not _PYTHON.exists():
        raise AssertionError("TikTok's SDK is not installed: run make environment")
    command = [str(_PYTHON), "-I", str(_PROGRAM), host, *([str(certificate)] if certificate else [])]
    with subprocess.Popen(  # noqa: S603 - our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        hello = _said(process)
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


def seen(request: ReceivedRequest, token: str) -> dict[str, object]:
    """All that is to be compared of a request that was sent with this token, and the code it was answered with."""
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
    """Where the token travels."""
    places = {
        "Access-Token header": request.token_fingerprint == fingerprint(token),
        "query": "access_token" in request.query or token in str(request.query),
        "body": "access_token" in str(request.body) or token in str(request.body),
    }
    return tuple(place for place, is_there in places.items() if is_there)


def _said(process: "subprocess.Popen[str]") -> Any:
    """The next line that the SDK's process says."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise AssertionError("the SDK's process has ended; why is in its standard error")
    return json.loads(line)


def _typed(text: str, of: str) -> Any:
    """The value behind a query parameter's text, for a parameter of the SDK of this type."""
    if of == "str":
        return text
    return json.loads(text)

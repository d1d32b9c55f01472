"""Fixtures: the template deployed to emulated AWS, once per run of pytest, and a client of its API."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.console import Console
from local.demo.teams import Person
from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from tests.support.openapi import ROOT, assert_described

SECONDS = 30.0
"""The timeout of a request."""


@dataclass(frozen=True)
class Api:
    """A client of the deployed API."""

    base_url: str
    stack: LocalStack

    def call(
        self,
        method: str,
        path: str,
        *,
        person: Person | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> requests.Response:
        """Send a request and check that docs/openapi.yaml describes the response.

        `path` is below /api/v1/tiktok. `person` is the demo person whose token is sent; None sends no token. `headers`
        are sent in addition.
        """
        bearer = self.stack.bearer(person) if person else {}
        response = requests.request(
            method,
            f"{self.base_url}{ROOT}{path}",
            headers={**bearer, **(headers or {})},
            timeout=SECONDS,
            **request,
        )
        assert_described(method, path, response)
        return response

    def get(self, path: str, person: Person, **params: str) -> requests.Response:
        """GET `path` as `person`, with query parameters."""
        return self.call("GET", path, person=person, params=params)

    def create(self, person: Person, *, key: str | None = None, **body: Any) -> requests.Response:
        """POST /identities as `person`, with this Idempotency-Key."""
        return self.call(
            "POST", "/identities", person=person, json=body, headers={"Idempotency-Key": key} if key else {}
        )


def problem(response: requests.Response, status: int, code: str) -> Mapping[str, Any]:
    """Check that the response is this problem of contract §4, which a browser can read, and return its body.

    Nothing may keep the response. A 401 says how to authenticate (RFC 9110, 15.5.2).
    """
    body: Mapping[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert body["type"] == f"urn:wevion:tiktok:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].endswith(".")
    assert body["request_id"]
    return body


def eventually[Result](read: Callable[[], Result | None], what: str, seconds: float = 20.0) -> Result:
    """Call `read` until its result is true, and return it. The test fails after `seconds`; `what` names the result."""
    end = time.monotonic() + seconds
    while True:
        result = read()
        if result:
            return result
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} seconds"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The local stack: template.yaml deployed to emulated AWS, with IAM enforced."""
    with LocalStack(console=Console(quiet=True)) as started:
        yield started


@pytest.fixture
def api(stack: LocalStack, tiktok: Simulator) -> Api:
    """A client of the deployed API, with the simulator and the demo data in their initial state."""
    assert tiktok is stack.tiktok
    return Api(stack.base_url, stack)


@pytest.fixture
def tiktok(stack: LocalStack) -> Simulator:
    """The simulator in its initial state; the demo data too, because a test can change a connection."""
    stack.tiktok.reset()
    stack.restore_demo_items()
    return stack.tiktok

"""The deployed template on emulated AWS, once for a run of pytest, and a way to call it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import requests

from local.console import Console
from local.demo.teams import Person
from local.stack import LocalStack
from local.tiktok_simulator import Simulator
from tests.support.openapi import ROOT, assert_described

SECONDS = 30.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Api:
    """Calls the deployed API as a browser would."""

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
        """Call ``path`` below ``/api/v1/tiktok`` as ``person``, and compare the answer with OpenAPI's word.

        ``headers`` come on top of the person's.
        """
        bearer = self.stack.bearer(person) if person else {}
        answer = requests.request(
            method,
            f"{self.base_url}{ROOT}{path}",
            headers={**bearer, **(headers or {})},
            timeout=SECONDS,
            **request,
        )
        assert_described(method, path, answer)
        return answer

    def get(self, path: str, person: Person, **params: str) -> requests.Response:
        """GET as ``person`` with query parameters."""
        return self.call("GET", path, person=person, params=params)

    def create(self, person: Person, *, key: str | None = None, **body: Any) -> requests.Response:
        """POST /identities as ``person``, with an Idempotency-Key if there is one."""
        return self.call(
            "POST", "/identities", person=person, json=body, headers={"Idempotency-Key": key} if key else {}
        )


def problem(response: requests.Response, status: int, code: str) -> Mapping[str, Any]:
    """The problem JSON of a refusal, after checking that it is the one of contract §4 and readable for a browser."""
    body: Mapping[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert body["type"] == f"urn:wevion:tiktok:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].endswith(".")
    assert body["request_id"]
    return body


def eventually(look: Callable[[], Result | None], what: str, seconds: float = 20.0) -> Result:
    """What ``look`` finds, as soon as it finds anything; the test fails where it does not in time."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} seconds"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The product, deployed from template.yaml to emulated AWS with IAM enforced."""
    with LocalStack(console=Console(quiet=True)) as started:
        yield started


@pytest.fixture
def api(stack: LocalStack, tiktok: Simulator) -> Api:
    """The deployed API, with TikTok and the demo data as at the start."""
    assert tiktok is stack.tiktok
    return Api(stack.base_url, stack)


@pytest.fixture
def tiktok(stack: LocalStack) -> Simulator:
    """TikTok as at the start; the demo data too, as a test may have had a connection marked."""
    stack.tiktok.reset()
    stack.restore_demo_items()
    return stack.tiktok

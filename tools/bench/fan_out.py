"""The preflight's duration relative to its slowest chain of TikTok calls, and to sequential calls."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from local.console import Console
from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, Person
from local.paths import ROOT
from local.tiktok_simulator import DemoAdvertiser
from local.tiktok_simulator.journal import ReceivedRequest
from tools.bench.builds import Build
from tools.bench.harness import LATENCY_SECONDS, Handler, SimulatedTikTok, handler
from tools.bench.samples import Figure, milliseconds
from tools.in_memory_aws import InMemoryAws
from tools.official_sdk import OfficialSdk, official_sdk

FUNCTION = "PublishCheckFunction"
SAMPLES = 15
_EVENT = json.loads((ROOT / "events" / "publish_check.ready.json").read_text())
_SECONDS = 30.0


@dataclass(frozen=True)
class Case:
    """A preflight. ``cold_chain`` and ``warm_chain`` are the numbers of TikTok calls that must be sequential."""

    objective: str
    person: Person
    advertiser: DemoAdvertiser
    cold_chain: int = 1
    warm_chain: int = 1
    note: str = ""

    @property
    def name(self) -> str:
        """The name in the table."""
        return f"{self.objective}, {self.note}" if self.note else self.objective

    def event(self) -> dict[str, Any]:
        """Return API Gateway's event."""
        query = {"advertiser_id": self.advertiser.value, "objective": self.objective}
        principal = {"user_id": self.person.user_id, "team_id": self.person.team_id, "role": self.person.role}
        return {
            **_EVENT,
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
            "requestContext": {**_EVENT["requestContext"], "authorizer": principal},
        }


READY = DemoAdvertiser.EVERYTHING_READY
CASES = (
    Case("REACH", OWNER, READY),
    Case("WEB_CONVERSIONS", OWNER, READY),
    # Catalogs are listed by Business Center: bc/get, then catalog/get. If warm, the right one is known.
    Case("PRODUCT_SALES", OWNER, READY, cold_chain=2),
    Case("APP_PROMOTION", OWNER, READY),
    Case("LEAD_GENERATION", OWNER, READY),
    # Custom identities are read after there is no TikTok account.
    Case("WEB_CONVERSIONS", MEDIA_BUYER, DemoAdvertiser.NOTHING, 2, 2, note="nothing there"),
    # page/get of the advertiser, page/library/get, page/get of the library.
    Case("LEAD_GENERATION", MANAGER, DemoAdvertiser.LIBRARY_FORM, 3, 3, note="form in a library"),
)


@dataclass(frozen=True)
class FanOut:
    """One case."""

    cold: Figure
    """First call of a fresh process, in units of the slowest chain: it opens connections and reads token and team."""
    warm: Figure
    warm_milliseconds: Figure
    over_sdk: Figure | None
    """Warm, in units of the same calls in sequence with TikTok's SDK; None if the SDK lacks one of them."""
    over_requests: Figure
    """The same with ``requests``."""
    tiktok_calls_cold: int
    tiktok_calls_warm: int
    aws_calls_cold: Mapping[str, int]
    aws_calls_warm: Mapping[str, int]
    """Calls for an advertiser that was just checked, so that nothing is written."""
    log_bytes: float


def measure(build: Build, tiktok: SimulatedTikTok, aws: InMemoryAws, console: Console) -> dict[str, FanOut]:
    """Measure every case."""
    measured = {}
    with official_sdk(tiktok.origin, tiktok.certificate) as sdk:
        for case in CASES:
            with console.step(f"Preflight: {case.name}"):
                measured[case.name] = _measured(case, build, tiktok, aws, sdk)
    return measured


def _measured(case: Case, build: Build, tiktok: SimulatedTikTok, aws: InMemoryAws, sdk: OfficialSdk) -> FanOut:
    event = case.event()
    cold: list[float] = []
    for _ in range(SAMPLES):
        with handler(build, FUNCTION, tiktok, aws) as function:
            cold += function.invoke(event).seconds
    with handler(build, FUNCTION, tiktok, aws) as function:
        cold_calls, cold_aws = _calls_of(function, event, tiktok, aws)
        warm_calls, warm_aws = _calls_of(function, event, tiktok, aws)
        warm = function.invoke(event, SAMPLES)
    tiktok.received()
    token = case.person.token
    if token is None:
        raise AssertionError("a case needs a token")
    over_sdk = None
    if all(call.path in sdk.operations for call in warm_calls):
        by_sdk = _sequential(lambda call: sdk.call_alike(call, token.value), warm_calls)
        over_sdk = Figure.of(warm.seconds).over(Figure.of(by_sdk).median)
    with requests.Session() as session:
        by_requests = _sequential(lambda call: _get(session, tiktok, call, token.value), warm_calls)
    return FanOut(
        cold=Figure.of(cold).over(case.cold_chain * LATENCY_SECONDS),
        warm=Figure.of(warm.seconds).over(case.warm_chain * LATENCY_SECONDS),
        warm_milliseconds=milliseconds(warm.seconds),
        over_sdk=over_sdk,
        over_requests=Figure.of(warm.seconds).over(Figure.of(by_requests).median),
        tiktok_calls_cold=len(cold_calls),
        tiktok_calls_warm=len(warm_calls),
        aws_calls_cold=_counted(cold_aws),
        aws_calls_warm=_counted(warm_aws),
        log_bytes=warm.log_bytes,
    )


def _calls_of(
    function: Handler, event: Mapping[str, Any], tiktok: SimulatedTikTok, aws: InMemoryAws
) -> tuple[list[ReceivedRequest], list[str]]:
    """Call the handler once; return its calls to TikTok and to AWS."""
    tiktok.received()
    aws.calls.clear()
    function.invoke(event).body()
    return tiktok.received(), list(aws.calls)


def _sequential(send: Callable[[ReceivedRequest], object], calls: Sequence[ReceivedRequest]) -> list[float]:
    """Make the calls in sequence; return the duration of each round after a warm-up round."""
    seconds = []
    for _ in range(1 + SAMPLES // 3):
        started = time.perf_counter()
        for call in calls:
            send(call)
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def _get(session: requests.Session, tiktok: SimulatedTikTok, call: ReceivedRequest, token: str) -> None:
    url = f"{tiktok.base_url}/{call.path}"
    trusted = str(tiktok.certificate)
    session.get(url, params=call.query, headers={"Access-Token": token}, timeout=_SECONDS, verify=trusted).json()


def _counted(calls: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for call in calls:
        counted[call] = counted.get(call, 0) + 1
    return counted

"""How the client handles every simulated fault, over a real connection."""

import time
from collections.abc import Mapping
from itertools import chain
from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import Fault, FaultKind, Simulator
from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.support.scripted_tiktok import TOKEN
from tests.unit.tiktok_business.conftest import ADVERTISER_ID, PIXELS
from tiktok_business.client import MAX_ATTEMPTS, TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import (
    AdvertiserGoneError,
    AdvertiserNotAccessibleError,
    ConnectionLostError,
    DeploymentRefusedError,
    IncompleteListingError,
    RateLimitedError,
    RequestRejectedError,
    ScopeMissingError,
    TikTokError,
    TimedOutError,
    TokenInvalidError,
    UnavailableError,
    UnexpectedResponseError,
)
from tiktok_business.transport import RequestsTransport

Expected = type[TikTokError] | None
Case = tuple[FaultKind, dict[str, Any], Expected, int | None]

READS: list[Case] = [
    (FaultKind.CODE, {"code": 40105}, TokenInvalidError, 1),
    (FaultKind.CODE, {"code": 40001, "message": "lacks the required scope"}, ScopeMissingError, 1),
    (FaultKind.CODE, {"code": 40001}, AdvertiserNotAccessibleError, 1),
    (FaultKind.CODE, {"code": 40301}, AdvertiserGoneError, 1),
    (FaultKind.CODE, {"code": 40002}, RequestRejectedError, 1),
    (FaultKind.CODE, {"code": 40014}, DeploymentRefusedError, 1),
    (FaultKind.CODE, {"code": 20001}, UnexpectedResponseError, 1),
    (FaultKind.CODE, {"code": 40100}, RateLimitedError, MAX_ATTEMPTS),
    (FaultKind.CODE, {"code": 51010}, UnavailableError, MAX_ATTEMPTS),
    (FaultKind.HTTP_STATUS, {"status": 429}, RateLimitedError, MAX_ATTEMPTS),
    (FaultKind.HTTP_STATUS, {"status": 404}, UnavailableError, MAX_ATTEMPTS),
    (FaultKind.HTTP_STATUS, {"status": 504}, UnavailableError, MAX_ATTEMPTS),
    (FaultKind.HANG, {"seconds": FOREVER}, TimedOutError, None),
    (FaultKind.LATENCY, {"seconds": FOREVER}, TimedOutError, None),
    (FaultKind.SLOW_DRIP, {"seconds": FOREVER}, TimedOutError, None),
    (FaultKind.RESET_BEFORE, {}, ConnectionLostError, MAX_ATTEMPTS),
    (FaultKind.RESET_AFTER, {}, ConnectionLostError, MAX_ATTEMPTS),
    (FaultKind.SHORT_BODY, {}, ConnectionLostError, MAX_ATTEMPTS),
    (FaultKind.TRUNCATED_JSON, {}, UnavailableError, MAX_ATTEMPTS),
    (FaultKind.NON_JSON, {}, UnavailableError, MAX_ATTEMPTS),
    (FaultKind.WRONG_TOP_LEVEL, {}, UnexpectedResponseError, 1),
    (FaultKind.DATA_NULL, {}, UnexpectedResponseError, 1),
    (FaultKind.MISSING_KEY, {"key": "pixels"}, UnexpectedResponseError, 1),
    (FaultKind.MISSING_KEY, {"key": "pixel_id"}, IncompleteListingError, 3),
    (FaultKind.MISSING_KEY, {"key": "page_info"}, None, 3),
    (FaultKind.MISSING_KEY, {"key": "pixel_name"}, None, 3),
    (FaultKind.WRONG_TYPE, {"key": "pixels"}, UnexpectedResponseError, 1),
    (FaultKind.WRONG_TYPE, {"key": "pixel_id", "value": {}}, IncompleteListingError, 3),
    (FaultKind.WRONG_TYPE, {"key": "asset_ownership"}, IncompleteListingError, 3),
    (FaultKind.WRONG_TYPE, {"key": "page_info"}, IncompleteListingError, 3),
    (FaultKind.WRONG_TYPE, {"key": "pixel_name", "value": 5}, None, 3),
    (FaultKind.HUGE_LIST, {"repeat": 50}, None, 3),
    (FaultKind.DUPLICATE_PAGES, {}, IncompleteListingError, 2),
    (FaultKind.CHANGING_TOTALS, {"step": 1}, IncompleteListingError, 4),
    (FaultKind.CHANGING_TOTALS, {"step": -1}, None, 3),
    (FaultKind.CHANGING_TOTALS, {"step": -40}, None, 3),
    (FaultKind.CURSOR, {}, None, 3),
]
"""A fault of pixel/list/, the error that it causes, and the number of requests (None: it depends on the time)."""

WRITES: list[Case] = [
    (FaultKind.CODE, {"code": 40002}, RequestRejectedError, 1),
    (FaultKind.CODE, {"code": 40100}, RateLimitedError, MAX_ATTEMPTS),
    (FaultKind.CODE, {"code": 50000, "applied": True}, UnavailableError, 1),
    (FaultKind.HTTP_STATUS, {"status": 429}, RateLimitedError, MAX_ATTEMPTS),
    (FaultKind.HTTP_STATUS, {"status": 504, "applied": True}, UnavailableError, 1),
    (FaultKind.HANG, {"seconds": FOREVER, "applied": True}, TimedOutError, 1),
    (FaultKind.LATENCY, {"seconds": FOREVER}, TimedOutError, 1),
    (FaultKind.SLOW_DRIP, {"seconds": FOREVER}, TimedOutError, 1),
    (FaultKind.RESET_BEFORE, {}, ConnectionLostError, 1),
    (FaultKind.RESET_AFTER, {}, ConnectionLostError, 1),
    (FaultKind.SHORT_BODY, {}, ConnectionLostError, 1),
    (FaultKind.TRUNCATED_JSON, {}, UnavailableError, 1),
    (FaultKind.NON_JSON, {}, UnavailableError, 1),
    (FaultKind.WRONG_TOP_LEVEL, {}, UnexpectedResponseError, 1),
    (FaultKind.DATA_NULL, {}, UnexpectedResponseError, 1),
    (FaultKind.MISSING_KEY, {"key": "identity_id"}, UnexpectedResponseError, 1),
    (FaultKind.WRONG_TYPE, {"key": "identity_id", "value": ["1"]}, UnexpectedResponseError, 1),
]
"""The same for identity/create/."""


def named(case: object) -> str | None:
    """The text in a test's id for a part of its case."""
    if isinstance(case, FaultKind):
        return case.value
    if isinstance(case, Mapping):
        return "-".join(str(value) for value in case.values() if not isinstance(value, float)) or "plain"
    return "" if case is None or isinstance(case, int) else None


def api_of(tiktok: Simulator, seconds: float) -> TikTokBusinessApi:
    """The API client with a deadline in this many seconds."""
    client = TikTokClient(
        RequestsTransport(tiktok.base_url), SecretStr(TOKEN), Deadline.after(seconds), sleep=lambda _: None
    )
    return TikTokBusinessApi(client)


def is_expected(error: Expected, ended: TikTokError | None) -> bool:
    """Return whether a call ended as expected."""
    return ended is None if error is None else type(ended) is error


def seconds_for(values: Mapping[str, Any]) -> float:
    """A short deadline if TikTok is slow, otherwise a long one."""
    return 0.4 if "seconds" in values else 10.0


@pytest.mark.parametrize(("kind", "values", "error", "requests"), READS, ids=named)
def test_read(
    tiktok: Simulator, kind: FaultKind, values: dict[str, Any], error: Expected, requests: int | None
) -> None:
    """A read raises each fault's own error within its deadline; without an error it returns each row once."""
    tiktok.faults.add(Fault(path="pixel/list/", kind=kind, **values))
    began = time.monotonic()
    ids: list[str] = []
    ended: TikTokError | None = None
    try:
        ids += [
            pixel.pixel_id for pixel in chain.from_iterable(api_of(tiktok, seconds_for(values)).pixels(ADVERTISER_ID))
        ]
    except TikTokError as raised:
        ended = raised
    assert is_expected(error, ended), repr(ended)
    assert time.monotonic() - began < GENEROUS_SECONDS or "seconds" not in values
    assert requests is None or len(tiktok.requests) == requests
    assert ended or (len(ids) == PIXELS and len(set(ids)) == PIXELS)


@pytest.mark.parametrize(("kind", "values", "error", "requests"), WRITES, ids=named)
def test_write(
    tiktok: Simulator, kind: FaultKind, values: dict[str, Any], error: Expected, requests: int | None
) -> None:
    """A write raises each fault's own error, creates one identity at most, and says if it may have created one."""
    tiktok.faults.add(Fault(path="identity/create/", kind=kind, **values))
    began = time.monotonic()
    with pytest.raises(TikTokError) as raised:
        api_of(tiktok, seconds_for(values)).create_identity(ADVERTISER_ID, "Acme", None)
    made = len(tiktok.world.advertisers[ADVERTISER_ID].identities)
    assert is_expected(error, raised.value), repr(raised.value)
    assert time.monotonic() - began < GENEROUS_SECONDS or "seconds" not in values
    assert len(tiktok.requests) == requests
    assert made <= 1
    assert raised.value.outcome_unknown or made == 0


@pytest.mark.parametrize("cases", [READS, WRITES], ids=["reads", "writes"])
def test_every_kind(cases: list[Case]) -> None:
    """The tables above contain every kind of fault; kinds that change rows and pages affect reads only."""
    of_pages = {FaultKind.HUGE_LIST, FaultKind.DUPLICATE_PAGES, FaultKind.CHANGING_TOTALS, FaultKind.CURSOR}
    assert {kind for kind, *_ in cases} == set(FaultKind) - (of_pages if cases is WRITES else set())


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.SHORT_BODY, FaultKind.NON_JSON])
def test_transient_failure(tiktok: Simulator, kind: FaultKind) -> None:
    """A transient failure in the middle of a listing does not affect the result."""
    tiktok.faults.add(Fault(path="pixel/list/", kind=kind, skip=1, times=2))
    assert len(list(chain.from_iterable(api_of(tiktok, 10).pixels(ADVERTISER_ID)))) == PIXELS
    assert [request.query["page"] for request in tiktok.requests] == ["1", "2", "2", "2", "3"]


def test_rate_limit_of_a_write(tiktok: Simulator) -> None:
    """A write that was refused for its rate is retried, and creates one identity."""
    tiktok.faults.add(Fault(path="identity/create/", kind=FaultKind.CODE, code=40100, times=2))
    identity_id = api_of(tiktok, 10).create_identity(ADVERTISER_ID, "Acme", None)
    assert [identity.id for identity in tiktok.world.advertisers[ADVERTISER_ID].identities] == [identity_id]
    assert len(tiktok.requests) == 3


def test_latency_within_the_deadline(tiktok: Simulator) -> None:
    """A late response before the deadline is used."""
    tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.LATENCY, seconds=0.05))
    tiktok.faults.add(Fault(path="app/list/", kind=FaultKind.SLOW_DRIP, seconds=0.1))
    assert len(list(chain.from_iterable(api_of(tiktok, 10).pixels(ADVERTISER_ID)))) == PIXELS
    assert list(chain.from_iterable(api_of(tiktok, 10).apps(ADVERTISER_ID))) == []


def test_lazily(tiktok: Simulator) -> None:
    """A caller that stops after the first row causes a request for one page only."""
    next(chain.from_iterable(api_of(tiktok, 10).pixels(ADVERTISER_ID)))
    assert len(tiktok.requests) == 1


def test_nothing_after_the_deadline(tiktok: Simulator) -> None:
    """After the deadline no request is sent, and the error says so."""
    with pytest.raises(TimedOutError) as raised:
        api_of(tiktok, 0).create_identity(ADVERTISER_ID, "Acme", None)
    assert len(tiktok.requests) == 0
    assert not raised.value.outcome_unknown

"""Which calls the client retries, how long it waits, and that it stops in time."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripted_tiktok import FakeClock, Reply, ScriptedTransport, client_of, error_response, success
from tiktok_business.client import BACKOFF_SECONDS, MAX_ATTEMPTS, RATE_BACKOFF_SECONDS
from tiktok_business.errors import (
    ConnectionLostError,
    NoTimeLeftError,
    NotSentError,
    RateLimitedError,
    TikTokError,
    TimedOutError,
    UnavailableError,
)
from tiktok_business.transport import RawAnswer

APPS = success({"apps": []})
RATE = error_response(40100)
OUTAGE = error_response(50000)
NO_JSON = RawAnswer(502, b"<html>")
NOT_SENT = NotSentError("app/list/", "no connection")
BROKEN = UnavailableError("app/list/", "HTTP 502")
LOST = ConnectionLostError("app/list/", "the connection broke")
TIMED_OUT = TimedOutError("app/list/", "no answer in time")

TRANSIENT = {
    "rate": RATE,
    "outage": OUTAGE,
    "no_json": NO_JSON,
    "not_sent": NOT_SENT,
    "broken": BROKEN,
    "timed_out": TIMED_OUT,
}
PERMANENT = {
    "invalid_token": error_response(40105),
    "scope": error_response(40001, "lacks the scope"),
    "no_access": error_response(40001),
    "gone": error_response(40300),
    "rejected": error_response(40002),
    "unsupported": error_response(40008),
    "unknown": error_response(20001),
    "shape": RawAnswer(200, b"[]"),
}


@pytest.mark.parametrize("reply", TRANSIENT.values(), ids=TRANSIENT.keys())
class TestReads:
    def test_retried(self, reply: Reply) -> None:
        """A read is retried after a transient failure, and the next response counts."""
        transport = ScriptedTransport([reply, reply, APPS])
        assert client_of(transport).get("app/list/", {"a": "1"}) == {"apps": []}
        assert transport.sent == [transport.sent[0]] * 3

    def test_at_most(self, reply: Reply) -> None:
        """A read is attempted MAX_ATTEMPTS times at most; then its last error is raised."""
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError):
            client_of(transport).get("app/list/", {})
        assert len(transport.sent) == MAX_ATTEMPTS

    def test_not_without_time(self, reply: Reply) -> None:
        """If the pause would reach the deadline, the error is raised at once."""
        clock = FakeClock()
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError):
            client_of(transport, clock=clock, seconds=BACKOFF_SECONDS).get("app/list/", {})
        assert len(transport.sent) == 1
        assert clock.slept == []


class TestLostConnections:
    def test_at_once(self) -> None:
        """A read whose connection broke is retried at once, and after a pause if that breaks too."""
        clock = FakeClock()
        transport = ScriptedTransport([LOST, LOST, APPS])
        assert client_of(transport, clock=clock).get("app/list/", {}) == {"apps": []}
        assert clock.slept[0] == 0.0
        assert clock.slept[1] > 0.0

    def test_never_a_write(self) -> None:
        """A write whose connection broke is not retried: TikTok may have applied it."""
        transport = ScriptedTransport([LOST, APPS])
        with pytest.raises(ConnectionLostError):
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == 1


@pytest.mark.parametrize("reply", PERMANENT.values(), ids=PERMANENT.keys())
@pytest.mark.parametrize("method", ["get", "post"])
def test_permanent(method: str, reply: Reply) -> None:
    """Errors that a retry cannot fix are raised after one attempt."""
    transport = ScriptedTransport([reply] * 9)
    with pytest.raises(TikTokError):
        getattr(client_of(transport), method)("identity/create/", {})
    assert len(transport.sent) == 1


class TestWrites:
    @pytest.mark.parametrize("reply", [RATE, RawAnswer(429, b""), NOT_SENT], ids=["rate", "429", "not_sent"])
    def test_retried(self, reply: Reply) -> None:
        """A write is retried after a rate limit, or if it was never sent."""
        transport = ScriptedTransport([reply, reply, success({"identity_id": "1"})])
        assert client_of(transport).post("identity/create/", {"n": "x"}) == {"identity_id": "1"}
        assert transport.sent == [("POST", "identity/create/", None, {"n": "x"})] * 3

    @pytest.mark.parametrize("reply", [RATE, NOT_SENT], ids=["rate", "not_sent"])
    def test_at_most(self, reply: Reply) -> None:
        """Writes too are attempted MAX_ATTEMPTS times at most."""
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError) as raised:
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == MAX_ATTEMPTS
        assert not raised.value.outcome_unknown

    @pytest.mark.parametrize(
        "reply",
        [OUTAGE, NO_JSON, BROKEN, TIMED_OUT, RawAnswer(200, b"[]"), error_response(20001)],
        ids=["outage", "no_json", "broken", "timed_out", "shape", "partial"],
    )
    def test_once(self, reply: Reply) -> None:
        """A write that TikTok may have applied is not retried, and its error has outcome_unknown."""
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError) as raised:
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == 1
        assert raised.value.outcome_unknown

    def test_uncertain_after_certain(self) -> None:
        """A rate-limited write is retried, and a timeout of the retry ends it."""
        transport = ScriptedTransport([RATE, TIMED_OUT, success({})])
        with pytest.raises(TimedOutError):
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == 2


class TestPauses:
    def test_full_jitter(self) -> None:
        """Pauses double with each attempt, and the jitter shortens them by any part."""
        clock = FakeClock()
        with pytest.raises(UnavailableError):
            client_of(ScriptedTransport([OUTAGE] * 3), clock=clock, jitter=1.0).get("app/list/", {})
        assert clock.slept == [BACKOFF_SECONDS, BACKOFF_SECONDS * 2]
        clock.slept.clear()
        with pytest.raises(UnavailableError):
            client_of(ScriptedTransport([OUTAGE] * 3), clock=clock, jitter=0.25).get("app/list/", {})
        assert clock.slept == [BACKOFF_SECONDS / 4, BACKOFF_SECONDS / 2]

    def test_after_a_rate_limit(self) -> None:
        """After a rate limit the pauses are long enough for TikTok's limit per second."""
        clock = FakeClock()
        with pytest.raises(RateLimitedError):
            client_of(ScriptedTransport([RATE] * 3), clock=clock).get("app/list/", {})
        assert clock.slept == [RATE_BACKOFF_SECONDS, RATE_BACKOFF_SECONDS * 2]

    @given(
        seconds=st.floats(0, 8),
        latency=st.floats(0, 4),
        jitter=st.floats(0, 1),
        replies=st.lists(st.sampled_from([RATE, OUTAGE, TIMED_OUT, APPS]), min_size=3, max_size=3),
    )
    def test_within_the_deadline(self, seconds: float, latency: float, jitter: float, replies: list[Reply]) -> None:
        """Whatever TikTok answers, no attempt begins after the deadline and no pause reaches it."""
        clock = FakeClock()
        began: list[float] = []

        def on_send() -> None:
            began.append(clock.now)
            clock.now += latency

        transport = ScriptedTransport(replies, on_send=on_send)
        with suppress(TikTokError):
            client_of(transport, clock=clock, seconds=seconds, jitter=jitter).get("app/list/", {})
        assert all(moment <= seconds for moment in began)
        assert sum(clock.slept) <= seconds

    def test_no_time_at_all(self) -> None:
        """A call without time left is not retried."""
        transport = ScriptedTransport([NoTimeLeftError("app/list/")] * 9)
        with pytest.raises(NoTimeLeftError):
            client_of(transport, seconds=0).get("app/list/", {})
        assert len(transport.sent) == 1

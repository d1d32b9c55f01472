"""Which calls the client repeats, how long it waits, and that it stops in time."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tiktok_business.fakes import FakeClock, Reply, ScriptedTransport, client_of, refusal, success
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
RATE = refusal(40100)
TROUBLE = refusal(50000)
NO_JSON = RawAnswer(502, b"<html>")
NOT_SENT = NotSentError("app/list/", "no connection")
BROKEN = UnavailableError("app/list/", "HTTP 502")
LOST = ConnectionLostError("app/list/", "the connection broke")
TIMED_OUT = TimedOutError("app/list/", "no answer in time")

PASSING = {
    "rate": RATE,
    "trouble": TROUBLE,
    "no_json": NO_JSON,
    "not_sent": NOT_SENT,
    "broken": BROKEN,
    "timed_out": TIMED_OUT,
}
LASTING = {
    "dead": refusal(40105),
    "scope": refusal(40001, "lacks the scope"),
    "no_access": refusal(40001),
    "gone": refusal(40300),
    "rejected": refusal(40002),
    "unsupported": refusal(40008),
    "unknown": refusal(20001),
    "shape": RawAnswer(200, b"[]"),
}


@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING.keys())
class TestReads:
    def test_again(self, reply: Reply) -> None:
        """A read is tried again after trouble that may pass, and the answer counts."""
        transport = ScriptedTransport([reply, reply, APPS])
        assert client_of(transport).get("app/list/", {"a": "1"}) == {"apps": []}
        assert transport.sent == [transport.sent[0]] * 3

    def test_at_most(self, reply: Reply) -> None:
        """A read is tried MAX_ATTEMPTS times and no more; then its last error is raised."""
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError):
            client_of(transport).get("app/list/", {})
        assert len(transport.sent) == MAX_ATTEMPTS

    def test_not_without_time(self, reply: Reply) -> None:
        """Where the pause would reach the deadline, the error is raised at once instead."""
        clock = FakeClock()
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError):
            client_of(transport, clock=clock, seconds=BACKOFF_SECONDS).get("app/list/", {})
        assert len(transport.sent) == 1
        assert clock.slept == []


class TestLostConnections:
    def test_at_once(self) -> None:
        """A read whose connection broke is tried again at once; if that breaks too, after a pause."""
        clock = FakeClock()
        transport = ScriptedTransport([LOST, LOST, APPS])
        assert client_of(transport, clock=clock).get("app/list/", {}) == {"apps": []}
        assert clock.slept[0] == 0.0
        assert clock.slept[1] > 0.0

    def test_never_a_write(self) -> None:
        """A write whose connection broke is not tried again: TikTok may have carried it out."""
        transport = ScriptedTransport([LOST, APPS])
        with pytest.raises(ConnectionLostError):
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == 1


@pytest.mark.parametrize("reply", LASTING.values(), ids=LASTING.keys())
@pytest.mark.parametrize("method", ["get", "post"])
def test_lasting(method: str, reply: Reply) -> None:
    """What a second try would not mend is tried once."""
    transport = ScriptedTransport([reply] * 9)
    with pytest.raises(TikTokError):
        getattr(client_of(transport), method)("identity/create/", {})
    assert len(transport.sent) == 1


class TestWrites:
    @pytest.mark.parametrize("reply", [RATE, RawAnswer(429, b""), NOT_SENT], ids=["rate", "429", "not_sent"])
    def test_again(self, reply: Reply) -> None:
        """A write is tried again after a refusal for rate, or where it was never sent."""
        transport = ScriptedTransport([reply, reply, success({"identity_id": "1"})])
        assert client_of(transport).post("identity/create/", {"n": "x"}) == {"identity_id": "1"}
        assert transport.sent == [("POST", "identity/create/", None, {"n": "x"})] * 3

    @pytest.mark.parametrize("reply", [RATE, NOT_SENT], ids=["rate", "not_sent"])
    def test_at_most(self, reply: Reply) -> None:
        """These tries end after MAX_ATTEMPTS too."""
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError) as raised:
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == MAX_ATTEMPTS
        assert not raised.value.may_have_happened

    @pytest.mark.parametrize(
        "reply",
        [TROUBLE, NO_JSON, BROKEN, TIMED_OUT, RawAnswer(200, b"[]"), refusal(20001)],
        ids=["trouble", "no_json", "broken", "timed_out", "shape", "partial"],
    )
    def test_once(self, reply: Reply) -> None:
        """A write that TikTok may have carried out is never repeated, and its error says that it may have been."""
        transport = ScriptedTransport([reply] * 9)
        with pytest.raises(TikTokError) as raised:
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == 1
        assert raised.value.may_have_happened

    def test_uncertain_after_certain(self) -> None:
        """A write refused for rate is repeated, and the repetition's timeout ends it."""
        transport = ScriptedTransport([RATE, TIMED_OUT, success({})])
        with pytest.raises(TimedOutError):
            client_of(transport).post("identity/create/", {})
        assert len(transport.sent) == 2


class TestPauses:
    def test_full_jitter(self) -> None:
        """Pauses double from try to try, and chance takes off any part of them."""
        clock = FakeClock()
        with pytest.raises(UnavailableError):
            client_of(ScriptedTransport([TROUBLE] * 3), clock=clock, jitter=1.0).get("app/list/", {})
        assert clock.slept == [BACKOFF_SECONDS, BACKOFF_SECONDS * 2]
        clock.slept.clear()
        with pytest.raises(UnavailableError):
            client_of(ScriptedTransport([TROUBLE] * 3), clock=clock, jitter=0.25).get("app/list/", {})
        assert clock.slept == [BACKOFF_SECONDS / 4, BACKOFF_SECONDS / 2]

    def test_after_a_refusal_for_rate(self) -> None:
        """After a refusal for rate the pauses are as long as TikTok's limit per second needs."""
        clock = FakeClock()
        with pytest.raises(RateLimitedError):
            client_of(ScriptedTransport([RATE] * 3), clock=clock).get("app/list/", {})
        assert clock.slept == [RATE_BACKOFF_SECONDS, RATE_BACKOFF_SECONDS * 2]

    @given(
        seconds=st.floats(0, 8),
        latency=st.floats(0, 4),
        jitter=st.floats(0, 1),
        replies=st.lists(st.sampled_from([RATE, TROUBLE, TIMED_OUT, APPS]), min_size=3, max_size=3),
    )
    def test_within_the_deadline(self, seconds: float, latency: float, jitter: float, replies: list[Reply]) -> None:
        """Whatever TikTok answers and however slowly, no try begins after the deadline and no pause reaches it."""
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
        """A call that finds no time left is not tried again."""
        transport = ScriptedTransport([NoTimeLeftError("app/list/")] * 9)
        with pytest.raises(NoTimeLeftError):
            client_of(transport, seconds=0).get("app/list/", {})
        assert len(transport.sent) == 1

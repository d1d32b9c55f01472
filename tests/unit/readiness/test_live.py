"""A preflight tells the snapshot too, and never pays for it with its own answer."""

import io
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.tiktok_simulator import DemoToken, Fault, FaultKind
from publishing.preflight.objectives import Requirement
from publishing.readiness.live import GRACE_SECONDS
from publishing.readiness.record import Record
from publishing.readiness.stores import LookMessage
from tests.support.clock import START
from tests.support.overriding import failing, overriding
from tests.support.patience import FOREVER, GENEROUS_SECONDS
from tests.unit.readiness.happenings import CONFIRMATION, FIRST_CHANGE, READY, find_pixel, lose_pixel, unbind_pixel
from tests.unit.readiness.system import CHANGED, TEAM, System

MINUTE = timedelta(minutes=1)
PIXEL = Requirement.PIXEL
TEAMMATE = DemoToken.NARROW_SCOPE.user
"""Sees what the owner sees."""


@pytest.fixture
def known(system: System) -> System:
    """A scheduled look has been made with the owner's token, a while ago; a teammate's token sees the same."""
    world = system.tiktok.world
    system.watch_over(READY)
    system.run_sweep()
    system.work()
    world.tokens[DemoToken.NARROW_SCOPE] = replace(world.tokens[DemoToken.NARROW_SCOPE], missing_scopes=frozenset())
    system.person(DemoToken.NARROW_SCOPE, "mediabuyer")
    system.clock.forward(10 * MINUTE)
    return system


def test_the_first_preflight_makes_a_provisional_baseline(system: System) -> None:
    """Of what its objective requires; the advertiser is in use, and due for a whole look."""
    assert system.preflight(READY).ready
    record = system.record(READY)
    assert [*record.snapshot.known] == [Requirement.IDENTITY, PIXEL]
    assert (record.snapshot.generation, record.snapshot.provisional, record.snapshot.witness) == (1, True, "u-owner")
    assert record.active(START)
    assert record.due_at == START
    assert (len(system.queue), system.seen_bus.events) == (0, [])
    system.run_sweep()
    system.work()
    snapshot = system.record(READY).snapshot
    assert (len(snapshot.known), snapshot.generation, snapshot.provisional) == (5, 1, False)


def test_a_preflight_refreshes_what_it_verified_and_nothing_else(known: System) -> None:
    """The evidence of its own prerequisites is of now."""
    before = known.record(READY)
    known.preflight(READY)
    after = known.record(READY)
    ages = {one: START + 10 * MINUTE - seen.checked_at for one, seen in after.snapshot.known.items()}
    assert ages == {one: (0 if one in {"identity", "pixel"} else 10) * MINUTE for one in Requirement}
    assert (after.due_at, after.claim, after.snapshot.generation) == (before.due_at, None, 1)
    assert len(known.queue) == 0


@pytest.mark.parametrize(("minutes", "written"), [(0, 0), (4, 0), (5, 1), (60, 1)])
def test_what_is_fresh_is_not_written_anew(known: System, minutes: int, *, written: int) -> None:
    """Evidence younger than five minutes does as well."""
    known.preflight(READY)
    known.clock.forward(minutes * MINUTE)
    known.effects.watch()
    known.preflight(READY)
    assert known.effects.names == ["write"] * written


def test_fresh_or_not_an_advertiser_that_is_to_fall_out_of_use_is_kept_in_use(known: System) -> None:
    """A preflight each minute keeps it in use, with a write a day."""
    known.change(known.record(READY), active_until=START + timedelta(days=1))
    known.preflight(READY)
    assert known.record(READY).active(START + timedelta(days=6))


def test_what_a_preflight_could_not_verify_says_nothing(known: System) -> None:
    """Neither stale nor missing; what it could verify is refreshed."""
    known.tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.HTTP_STATUS, status=500))
    assert known.preflight(READY).unknown == (PIXEL,)
    snapshot = known.record(READY).snapshot
    assert (snapshot.known[PIXEL].checked_at, snapshot.stale_since) == (START, None)
    assert snapshot.known[Requirement.IDENTITY].checked_at == START + 10 * MINUTE


def test_a_change_by_the_same_witness_is_told_by_the_worker(known: System) -> None:
    """The event is in the outbox with the change, and a look is asked for at once that sends it, once."""
    unbind_pixel(known)
    assert known.preflight(READY).missing == (PIXEL,)
    record = known.record(READY)
    assert [one.id for one in record.outbox] == [FIRST_CHANGE[1]]
    assert known.seen_bus.events == []
    assert [one.content for one in known.queue.messages] == [LookMessage(TEAM, READY, record.claim)]
    known.work()
    assert [one.id for one in known.seen_bus.events] == [FIRST_CHANGE[1]]
    known.pass_time(timedelta(hours=4, minutes=30))
    assert len(known.sent(CHANGED)) == 1
    assert known.record(READY).outbox == ()


def test_what_is_back_is_told_too(known: System) -> None:
    """A preflight that finds the pixel again resolves it at once."""
    unbind_pixel(known)
    known.look(READY)
    find_pixel(known)
    known.clock.forward(MINUTE)
    assert known.preflight(READY).ready
    known.work()
    assert [one.detail["resolved"] for one in known.sent(CHANGED)] == [[], ["pixel"]]


def test_a_suspicion_of_a_preflight_is_confirmed_by_a_look(known: System) -> None:
    """Some minutes later, as after a scheduled look."""
    lose_pixel(known)
    known.preflight(READY)
    assert known.record(READY).snapshot.known[PIXEL].suspicion is not None
    [message] = known.queue.messages
    assert message.visible_at == known.clock() + CONFIRMATION
    known.preflight(READY)
    assert len(known.queue) == 1
    known.pass_time(CONFIRMATION, sweeps=False)
    assert [one.id for one in known.sent(CHANGED)] == [FIRST_CHANGE[1]]


def test_another_persons_token_that_contradicts_asks_for_a_look_and_changes_nothing(known: System) -> None:
    """What it sees may be its person's own; so the next look decides, which is made at once."""
    unbind_pixel(known)
    before = known.record(READY).snapshot
    assert known.preflight(READY, user_id=TEAMMATE).missing == (PIXEL,)
    record = known.record(READY)
    assert record.snapshot.known[PIXEL] == before.known[PIXEL]
    assert record.snapshot.known[Requirement.IDENTITY].checked_at == known.clock()
    assert (record.snapshot.witness, record.snapshot.generation, record.outbox) == ("u-owner", 1, ())
    [message] = known.queue.messages
    assert (message.content, message.visible_at) == (LookMessage(TEAM, READY, record.claim), known.clock())
    known.work()
    assert [one.id for one in known.sent(CHANGED)] == [FIRST_CHANGE[1]]


def test_another_persons_token_that_agrees_refreshes(known: System) -> None:
    """It is evidence as good; whose look it was that the snapshot rests on stays."""
    known.preflight(READY, user_id=TEAMMATE)
    snapshot = known.record(READY).snapshot
    assert (snapshot.known[PIXEL].checked_at, snapshot.witness) == (known.clock(), "u-owner")
    assert len(known.queue) == 0


def test_a_contradiction_while_a_look_is_on_its_way_joins_it(known: System) -> None:
    """The message that is sent at once has the claim of the one that waits; there is one look."""
    unbind_pixel(known)
    known.ask({"team_id": TEAM, "advertiser_id": str(READY)}, "Campaign Draft Saved")
    known.preflight(READY, user_id=TEAMMATE)
    claims = {one.content.claim for one in known.queue.messages if not isinstance(one.content, str)}
    assert claims == {f"event-1/{READY}"}
    known.effects.watch()
    known.work()
    assert known.effects.names.count("look") == 1


def test_a_preflight_during_a_look_loses_nothing_of_either(system: System) -> None:
    """The worker decides once more on what the preflight has written."""
    system.watch_over(READY)
    system.run_sweep()
    writes: list[Record] = []

    def before_write(record: Record) -> None:
        writes.append(record)
        if len(writes) == 2:
            system.records.before_write = lambda _record: None
            system.clock.forward(timedelta(seconds=1))
            system.preflight(READY)

    system.records.before_write = before_write
    system.work()
    snapshot = system.record(READY).snapshot
    assert (len(snapshot.known), snapshot.generation, snapshot.provisional) == (5, 1, False)
    assert (system.record(READY).lease, system.record(READY).claim) == (None, None)


def test_a_write_that_another_was_faster_with_is_made_again(known: System) -> None:
    """On the record as it is then."""

    def before_write(record: Record) -> None:
        known.records.before_write = lambda _record: None
        known.change(known.record(record.advertiser_id), launch_at=START)

    known.records.before_write = before_write
    known.preflight(READY)
    record = known.record(READY)
    assert (record.launch_at, record.snapshot.known[PIXEL].checked_at) == (START, known.clock())


@pytest.mark.parametrize(("store", "method"), [("records", "read"), ("records", "write"), ("queue", "send")])
def test_a_store_that_fails_leaves_the_answer_unharmed(
    known: System, log: io.StringIO, store: str, method: str
) -> None:
    """The log says so by the error's type, and the next look mends it."""
    lose_pixel(known)
    fails = failing(f"never-to-be-seen {DemoToken.OWNER}")
    known.live = replace(known.live, **{store: overriding(getattr(known.live, store), **{method: fails})})
    assert known.preflight(READY).missing == (PIXEL,)
    assert "the snapshot does not know of it" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "never-to-be-seen" not in log.getvalue()
    known.pass_time(timedelta(hours=2))
    assert [one.id for one in known.sent(CHANGED)] == [FIRST_CHANGE[1]]


@pytest.mark.parametrize("what", ["read", "write"])
def test_a_store_that_hangs_holds_the_answer_up_by_its_grace_alone(known: System, what: str) -> None:
    """Also the answers of those who come while it hangs; once it goes on, the snapshot is written."""
    free = threading.Event()
    real = getattr(known.records, what)

    def hanging(*arguments: Any) -> Any:
        free.wait(FOREVER)
        return real(*arguments)

    known.live = replace(known.live, records=overriding(known.records, **{what: hanging}))
    for _ in range(2):
        begun = time.monotonic()
        assert known.preflight(READY).ready
        assert GRACE_SECONDS <= time.monotonic() - begun < GENEROUS_SECONDS
    free.set()
    until = time.monotonic() + GENEROUS_SECONDS
    while known.record(READY).snapshot.known[PIXEL].checked_at == START and time.monotonic() < until:
        time.sleep(0.01)
    assert known.record(READY).snapshot.known[PIXEL].checked_at == known.clock()


def test_a_preflight_whose_write_was_never_answered_is_not_doubled(known: System) -> None:
    """The second try finds the first, and asks for the look that sends the event."""
    unbind_pixel(known)
    known.records.answers_lost = 1
    known.preflight(READY)
    assert len(known.queue) == 1
    known.work()
    assert [one.id for one in known.seen_bus.events] == [FIRST_CHANGE[1]]


@pytest.fixture
def apart(system: System) -> System:
    """A teammate's token sees a catalog that the owner's, with which scheduled looks are made, does not."""
    world = system.tiktok.world
    world.tokens[DemoToken.NARROW_SCOPE] = replace(world.tokens[DemoToken.NARROW_SCOPE], missing_scopes=frozenset())
    system.person(DemoToken.NARROW_SCOPE, "mediabuyer")
    for center in world.business_centers.values():
        if "u-owner" in center.user_roles:
            del center.user_roles["u-owner"]
        if "u-buyer" in center.user_roles:
            center.user_roles["u-owner"] = "STANDARD"
    system.product.teams.connect(TEAM, "u-owner", [READY], connected_at="2026-11-15T09:00:00Z")
    return system


@pytest.mark.parametrize("before", [None, "TRAFFIC"])
def test_a_preflights_baseline_with_another_token_is_no_change_for_the_first_look(
    apart: System, before: str | None
) -> None:
    """A teammate's preflight saw a catalog that the owner's token does not: nobody lost it.

    Also where the owner had looked before, at something else.
    """
    if before is not None:
        assert apart.preflight(READY, before).ready
    assert apart.preflight(READY, "PRODUCT_SALES", TEAMMATE).ready
    apart.run_sweep()
    apart.work()
    snapshot = apart.record(READY).snapshot
    assert snapshot.witness == "u-owner"
    assert not snapshot.known[Requirement.CATALOG].satisfied
    assert snapshot.suspected_since is None
    apart.pass_time(timedelta(hours=3))
    assert apart.seen_bus.events == []

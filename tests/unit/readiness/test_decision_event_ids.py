"""No two changes have the same event id, and generations rise, whatever happens to the record in between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from local.tiktok_simulator import Fault, FaultKind
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import Record
from publishing.readiness.snapshot import Snapshot, next_generation
from tests.support.clock import START, milliseconds
from tests.unit.readiness.scenarios import READY, add_pixel, known_ready, unbind_pixel
from tests.unit.readiness.system import CHANGED, HOUR, STALE, TEAM, System

pytestmark = pytest.mark.in_process

SECOND = timedelta(seconds=1)
KEY = (TEAM, str(READY))


def check(system: System, change: Callable[[System], None] = lambda _system: None, **job: str) -> None:
    """Check the advertiser after a change at TikTok, some seconds after the check before."""
    change(system)
    system.clock.forward(3 * SECOND)
    system.check_now(READY, **job)


def deleted(system: System, _earlier: Record) -> None:
    """The item is deleted: by a runbook, or by its time to live."""
    system.product.records.stored.clear()


def restored(system: System, earlier: Record) -> None:
    """The table is restored to an earlier point in time."""
    system.product.records.stored[KEY] = earlier


def unreadable(system: System, _earlier: Record) -> None:
    """The item's text is of another version, so nothing counts as known."""
    system.update(system.record(READY), snapshot=Snapshot())


def counted(system: System, earlier: Record) -> None:
    """The table is restored to a time when generations were counted from 1."""
    system.product.records.stored[KEY] = replace(earlier, snapshot=replace(earlier.snapshot, generation=2))


HAPPENINGS = (deleted, restored, unreadable, counted)


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda one: one.__name__)
def test_no_change_has_the_id_of_an_earlier_one(system: System, happening: Callable[[System, Record], None]) -> None:
    """Every change before and after is published under an id and a generation of its own, in rising order."""
    known_ready(system)
    earlier = system.record(READY)
    for change in (unbind_pixel, add_pixel, unbind_pixel, add_pixel):
        check(system, change)
    happening(system, earlier)
    check(system)
    for change in (unbind_pixel, add_pixel, unbind_pixel, add_pixel):
        check(system, change)
    events = [one for one in system.bus.events if one.detail_type == CHANGED]
    assert len(events) == len({one.id for one in events}) == 8
    generations = [one.detail["generation"] for one in events]
    assert generations == sorted(set(generations))
    assert system.record(READY).snapshot.generation == generations[-1]


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda one: one.__name__)
def test_no_staleness_has_the_id_or_a_lower_generation_of_an_earlier_one(
    system: System, happening: Callable[[System, Record], None]
) -> None:
    """A consumer that discards what is older than the last event keeps it."""
    known_ready(system)
    earlier = system.record(READY)
    for change in (unbind_pixel, add_pixel):
        check(system, change)
    _become_stale(system)
    system.tiktok.faults.clear()
    happening(system, earlier)
    check(system)
    _become_stale(system)
    first, second = (one for one in system.bus.events if one.detail_type == STALE)
    assert first.id != second.id
    assert [one.detail["generation"] for one in system.bus.events] == sorted(
        {one.detail["generation"] for one in system.bus.events}
    )


def test_a_change_and_a_staleness_of_one_check_have_one_generation(system: System) -> None:
    """EventBridge may deliver them in any order: neither is older than the other."""
    known_ready(system)
    system.tiktok.faults.add(Fault(path="app/list/", kind=FaultKind.HTTP_STATUS, status=500))
    check(system)
    system.clock.forward(2 * HOUR)
    check(system, unbind_pixel, run="run")
    changed, stale = system.bus.events
    assert (changed.detail_type, stale.detail_type) == (CHANGED, STALE)
    assert changed.detail["generation"] == stale.detail["generation"]
    assert changed.id != stale.id


def test_what_becomes_stale_later_is_published_too(system: System) -> None:
    """A prerequisite whose permission is lost for good does not hide that others cannot be verified any more."""
    known_ready(system)
    system.tiktok.faults.add(Fault(path="catalog/get/", kind=FaultKind.CODE, code=40130))
    system.pass_time(30 * HOUR)
    assert [one.detail["unverified"] for one in system.published(STALE)] == [["catalog"]]
    system.tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=40130))
    system.pass_time(30 * HOUR)
    assert [one.detail["unverified"] for one in system.published(STALE)] == [["catalog"], ["pixel", "catalog"]]
    assert {one for one, state in system.record(READY).snapshot.known.items() if state.stale_notified} == {
        Requirement.CATALOG,
        Requirement.PIXEL,
    }


def test_a_check_that_ends_after_a_later_one_still_raises_the_generation() -> None:
    """Generations rise with every change, even if the clock does not."""
    now = milliseconds(START)
    assert [next_generation(before, START) for before in (0, 3, now - 1, now, now + 5)] == [
        now,
        now,
        now,
        now + 1,
        now + 6,
    ]


def _become_stale(system: System) -> None:
    """A sweep finds that the pixel could not be verified for a whole interval."""
    system.tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.HTTP_STATUS, status=500))
    check(system)
    system.clock.forward(2 * HOUR)
    check(system, run="run")

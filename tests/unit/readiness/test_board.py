"""Who sees what of the last known readiness."""

from datetime import datetime, timedelta

import pytest

from publishing.answers.readiness import Readiness
from publishing.calls import Call, Caller
from publishing.inputs import ReadinessQuery
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.board import Board
from publishing.readiness.record import Record
from publishing.readiness.snapshot import Look, observe
from publishing.token_choice import AdvertiserNotConnectedError
from tests.support.clock import START
from tests.unit.readiness.system import TEAM, System
from tiktok_business.deadline import Deadline

THERE, GONE, NOT_KNOWN = (
    Finding(Status.SATISFIED),
    Finding(Status.MISSING, "pixel_unbound"),
    Finding(Status.UNKNOWN, Unverified.TIMEOUT),
)
HOUR = timedelta(hours=1)
MINUTES = timedelta(minutes=1)
OWNERS, BUYERS, ENDED, REVOKED, LEFT, NOBODYS = "1", "2", "3", "4", "5", "6"


def store(system: System, advertiser_id: str, *findings: Finding, active: bool = True) -> Record:
    """A record after looks of which each found the same of all prerequisites, a minute apart."""
    record = Record(TEAM, advertiser_id, due_at=START)
    snapshot = record.snapshot
    for minute, finding in enumerate(findings):
        look = Look(START + minute * MINUTES, dict.fromkeys(Requirement, finding), "u-owner", warnings=())
        snapshot = observe(snapshot, look, 5 * MINUTES).snapshot
    record = Record(TEAM, advertiser_id, due_at=START, snapshot=snapshot)
    written = system.product.records.write(record.used(START) if active else record)
    assert written is not None
    return written


def asked(
    system: System, user_id: str, role: str, advertiser_id: str | None = None, now: datetime = START
) -> Readiness:
    """The board's answer."""
    board = Board(system.product.teams, system.records, system.cadence)
    call = Call(Caller(user_id, TEAM, role), Deadline.after(7), now)
    return board.answer(call, ReadinessQuery.model_validate({"advertiser_id": advertiser_id} if advertiser_id else {}))


@pytest.fixture
def team(system: System) -> System:
    """Six advertisers: of the owner, of a buyer, of an ended and a revoked connection, of one who left, of nobody."""
    teams = system.product.teams
    teams.connect(TEAM, "u-owner", [OWNERS])
    for user, role, advertiser, status in (
        ("u-buyer", "mediabuyer", BUYERS, "active"),
        ("u-ended", "mediabuyer", ENDED, "expired"),
        ("u-revoked", "mediabuyer", REVOKED, "revoked"),
    ):
        teams.member(TEAM, user, role)
        teams.connect(TEAM, user, [advertiser], status=status)
    teams.connect(TEAM, "u-left", [LEFT])
    for one in (NOBODYS, LEFT, REVOKED, ENDED, BUYERS, OWNERS):
        store(system, one, THERE)
    system.product.records.write(Record("southgate", "1", due_at=START))
    return system


@pytest.mark.parametrize(
    ("user_id", "role", "seen"),
    [
        ("u-owner", "owner", [OWNERS, BUYERS, ENDED]),
        ("u-manager", "manager", [OWNERS, BUYERS, ENDED]),
        ("u-buyer", "mediabuyer", [BUYERS]),
        ("u-buyer", "admin", [BUYERS]),
        ("u-buyer", "", [BUYERS]),
        ("u-buyer", "Owner", [BUYERS]),
        ("u-ended", "mediabuyer", [ENDED]),
        ("u-revoked", "mediabuyer", []),
        ("u-left", "mediabuyer", []),
        ("u-nobody", "mediabuyer", []),
    ],
)
def test_who_sees_which_advertisers(team: System, user_id: str, role: str, seen: list[str]) -> None:
    """Owner and manager the team's, anyone else their own connection's; in the order of their ids, no TikTok asked."""
    assert [one.advertiser_id for one in asked(team, user_id, role).advertisers] == seen
    for one in seen:
        assert [shown.advertiser_id for shown in asked(team, user_id, role, one).advertisers] == [one]
    for other in {OWNERS, BUYERS, ENDED, REVOKED, LEFT, NOBODYS, "999"} - set(seen):
        with pytest.raises(AdvertiserNotConnectedError):
            asked(team, user_id, role, other)
    assert len(team.tiktok.requests) == 0


def test_an_advertiser_nobody_has_looked_at_yet_is_not_shown(team: System) -> None:
    """Connected, but nothing is known of it."""
    team.product.teams.connect(TEAM, "u-owner", [OWNERS, "7"])
    assert [one.advertiser_id for one in asked(team, "u-owner", "owner").advertisers] == [OWNERS, BUYERS, ENDED]
    assert asked(team, "u-owner", "owner", "7").advertisers == ()


def test_everything_that_is_known_is_shown(system: System) -> None:
    """For every objective: ready, missing, unknown; with the evidence's time and the last transition."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, THERE, GONE)
    [shown] = asked(system, "u-owner", "owner").advertisers
    assert [*shown.objectives] == [*OBJECTIVES]
    assert (shown.checked_at, shown.stale, shown.stale_since, shown.generation) == (START + MINUTES, False, None, 2)
    for name, required in OBJECTIVES.items():
        state = shown.objectives[name]
        assert (state.ready, state.missing, state.unknown, state.at_risk) == (False, required, (), ())
        assert (state.stale, state.last_transition_at) == (False, START + MINUTES)


def test_what_is_at_risk_and_the_warnings_are_shown(system: System) -> None:
    """As the last look had them."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    found = dict.fromkeys(Requirement, THERE)
    look = Look(START, found, "u-owner", at_risk=True, warnings=("account_not_enabled",))
    snapshot = observe(Record(TEAM, OWNERS, due_at=START).snapshot, look, 5 * MINUTES).snapshot
    system.product.records.write(Record(TEAM, OWNERS, due_at=START, snapshot=snapshot))
    [shown] = asked(system, "u-owner", "owner").advertisers
    assert {one.at_risk for one in shown.objectives.values()} == {(Requirement.IDENTITY,)}
    assert [one.code for one in shown.warnings] == ["account_not_enabled"]


def test_what_could_not_be_verified_again_is_last_known_and_stale(system: System) -> None:
    """With the evidence's own time, and since when."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, THERE, NOT_KNOWN)
    [shown] = asked(system, "u-owner", "owner").advertisers
    assert (shown.checked_at, shown.stale, shown.stale_since) == (START, True, START + MINUTES)
    assert {(one.ready, one.stale) for one in shown.objectives.values()} == {(True, True)}


def test_what_was_never_verified_is_unknown_and_stale(system: System) -> None:
    """Neither ready nor missing."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, NOT_KNOWN)
    [shown] = asked(system, "u-owner", "owner").advertisers
    assert (shown.checked_at, shown.stale, shown.stale_since, shown.generation) == (None, True, None, 0)
    for name, required in OBJECTIVES.items():
        state = shown.objectives[name]
        assert (state.ready, state.missing, state.unknown, state.stale) == (False, (), required, True)


@pytest.mark.parametrize(
    ("active", "after", "stale"),
    [
        (True, 2 * HOUR, False),
        (True, 2 * HOUR + timedelta(seconds=1), True),
        (False, 48 * HOUR, False),
        (False, 48 * HOUR + timedelta(seconds=1), True),
    ],
)
def test_what_nobody_has_looked_at_for_two_intervals_is_stale(
    system: System, after: timedelta, *, active: bool, stale: bool
) -> None:
    """Should the sweep stand still, the board says so."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, THERE, active=active)
    [shown] = asked(system, "u-owner", "owner", now=START + after).advertisers
    assert shown.stale is stale
    assert {one.stale for one in shown.objectives.values()} == {stale}
    assert shown.stale_since is None


def test_one_stale_prerequisite_makes_only_its_objectives_stale(system: System) -> None:
    """The advertiser as a whole is stale with it."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    record = store(system, OWNERS, THERE)
    look = Look(START + MINUTES, {**dict.fromkeys(Requirement, THERE), Requirement.PIXEL: NOT_KNOWN}, "u-owner")
    system.change(record, snapshot=observe(record.snapshot, look, 5 * MINUTES).snapshot)
    [shown] = asked(system, "u-owner", "owner").advertisers
    assert shown.stale
    assert {name for name, one in shown.objectives.items() if one.stale} == {"WEB_CONVERSIONS", "CONVERSIONS"}

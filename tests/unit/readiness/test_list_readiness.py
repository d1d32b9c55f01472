"""GET /readiness: which advertisers a caller may see, and what is shown of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publishing.http.check_schemas import Readiness
from publishing.http.problems import Problem
from publishing.http.request_context import Principal, RequestContext
from publishing.http.request_schemas import ReadinessQuery
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness.list_readiness import MAX_ENTRIES, advertisers_after, list_readiness
from publishing.readiness.record import Record
from publishing.readiness.snapshot import CheckResult, observe
from publishing.teams import ADVERTISERS_PER_PAGE, Connection, IndexEntry, place_of
from publishing.tokens import AdvertiserNotConnectedError
from tests.support.clock import START, milliseconds
from tests.support.in_memory_repositories import InMemoryConnections, InMemoryTeams
from tests.unit.readiness.system import TEAM, System
from tiktok_business.deadline import Deadline

SATISFIED, MISSING, UNKNOWN = (
    Finding(Status.SATISFIED),
    Finding(Status.MISSING, "pixel_unbound"),
    Finding(Status.UNKNOWN, Unverified.TIMEOUT),
)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OWNERS, BUYERS, EXPIRED, REVOKED, LEFT, UNCONNECTED = "1", "2", "3", "4", "5", "6"


def store(system: System, advertiser_id: str, *findings: Finding, active: bool = True) -> Record:
    """Store the record after checks, a minute apart, of which each found the same of all prerequisites."""
    record = Record(TEAM, advertiser_id, due_at=START)
    snapshot = record.snapshot
    for minute, finding in enumerate(findings):
        result = CheckResult(START + minute * MINUTE, dict.fromkeys(Requirement, finding), "u-owner", warnings=())
        snapshot = observe(snapshot, result, 5 * MINUTE).snapshot
    record = Record(TEAM, advertiser_id, due_at=START, snapshot=snapshot)
    written = system.product.records.write(record.used(START) if active else record)
    assert written is not None
    return written


def listed(
    system: System, user_id: str, role: str, advertiser_id: str | None = None, now: datetime = START, **page: Any
) -> Readiness:
    """Return what a person is shown."""
    context = RequestContext(Principal(user_id, TEAM, role), Deadline.after(7), now)
    query = ReadinessQuery.model_validate(({"advertiser_id": advertiser_id} if advertiser_id else {}) | page)
    return list_readiness(
        system.product.teams, system.product.connections.read_index, system.records, system.cadence, context, query
    )


@pytest.fixture
def team(system: System) -> System:
    """Advertisers of the owner, a buyer, an expired and a revoked connection, a former member, and no connection."""
    teams = system.product.teams
    teams.connect(TEAM, "u-owner", [OWNERS])
    for user, role, advertiser, status in (
        ("u-buyer", "mediabuyer", BUYERS, "active"),
        ("u-expired", "mediabuyer", EXPIRED, "expired"),
        ("u-revoked", "mediabuyer", REVOKED, "revoked"),
    ):
        teams.member(TEAM, user, role)
        teams.connect(TEAM, user, [advertiser], status=status)
    teams.connect(TEAM, "u-left", [LEFT])
    for one in (UNCONNECTED, LEFT, REVOKED, EXPIRED, BUYERS, OWNERS):
        store(system, one, SATISFIED)
    system.product.records.write(Record("southgate", "1", due_at=START))
    return system


@pytest.mark.parametrize(
    ("user_id", "role", "visible"),
    [
        ("u-owner", "owner", [OWNERS, BUYERS, EXPIRED]),
        ("u-manager", "manager", [OWNERS, BUYERS, EXPIRED]),
        ("u-buyer", "mediabuyer", [BUYERS]),
        ("u-buyer", "admin", [BUYERS]),
        ("u-buyer", "", [BUYERS]),
        ("u-buyer", "Owner", [BUYERS]),
        ("u-expired", "mediabuyer", [EXPIRED]),
        ("u-revoked", "mediabuyer", []),
        ("u-left", "mediabuyer", []),
        ("u-stranger", "mediabuyer", []),
    ],
)
def test_visible_advertisers(team: System, user_id: str, role: str, visible: list[str]) -> None:
    """Owner and manager see the team's advertisers, others their own connection's, without TikTok calls."""
    assert sorted(one.advertiser_id for one in listed(team, user_id, role).advertisers) == visible
    for one in visible:
        assert [shown.advertiser_id for shown in listed(team, user_id, role, one).advertisers] == [one]
    for other in {OWNERS, BUYERS, EXPIRED, REVOKED, LEFT, UNCONNECTED, "999"} - set(visible):
        with pytest.raises(AdvertiserNotConnectedError):
            listed(team, user_id, role, other)
    assert len(team.tiktok.requests) == 0


def test_pages_have_every_advertiser_once(system: System) -> None:
    """A page looks at as many advertisers as its limit, and shows those that were checked, in a fixed order."""
    ids = sorted((f"{number:03}" for number in range(25)), key=place_of)
    system.product.teams.connect(TEAM, "u-owner", sorted(ids))
    checked = ids[:10] + ids[20:]
    for one in checked:
        store(system, one, SATISFIED)
    pages = [listed(system, "u-owner", "owner", limit=10)]
    while (token := pages[-1].next_token) is not None:
        pages.append(listed(system, "u-owner", "owner", limit=10, next_token=token))
    assert [len(page.advertisers) for page in pages] == [10, 0, 5]
    assert [one.advertiser_id for page in pages for one in page.advertisers] == checked


def test_a_page_of_five_hundred_advertisers_is_below_a_megabyte(system: System) -> None:
    """It ends earlier, and the next one goes on."""
    ids = sorted((f"{number:020}" for number in range(500)), key=place_of)
    system.product.teams.connect(TEAM, "u-owner", ids)
    for one in ids:
        store(system, one, SATISFIED, MISSING)
    first = listed(system, "u-owner", "owner", limit=500)
    assert len(first.model_dump_json()) < 1_000_000
    assert first.next_token is not None
    second = listed(system, "u-owner", "owner", limit=500, next_token=first.next_token)
    assert [one.advertiser_id for one in (*first.advertisers, *second.advertisers)] == ids


LONG = ADVERTISERS_PER_PAGE + 1


@st.composite
def long_and_short_lists(draw: st.DrawFn) -> Mapping[str, Sequence[str]]:
    """Return the lists of some people: short and long ones, which overlap."""
    return {
        f"u-{number}": [str(one) for one in range(first, first + draw(st.sampled_from([0, 1, 30, 100, LONG, 300])))]
        for number, first in enumerate(draw(st.lists(st.integers(0, 200), max_size=4)))
    }


@given(long_and_short_lists(), st.sampled_from([1, 7, 50, 500]), st.integers(0, 3))
@settings(max_examples=40)
def test_every_advertiser_of_several_lists_is_on_one_page(
    lists: Mapping[str, Sequence[str]], limit: int, seen_by: int
) -> None:
    """Wherever the lists are kept, and whatever else the index holds: each once, in the order of their places."""
    connections = InMemoryConnections(InMemoryTeams())
    for user_id, ids in lists.items():
        connection = Connection(TEAM, user_id, "active", tuple(ids), "s", "2026-11-01T09:00:00Z")
        connections.save(connection, START)
    stored = [one for one in connections.teams.read(TEAM).connections if one.user_id != f"u-{seen_by}"]
    found: list[str] = []
    token: str | None = None
    while True:
        page = advertisers_after(connections.read_index, TEAM, stored, token, limit)
        assert len(page.advertiser_ids) <= limit
        found += page.advertiser_ids
        if page.next_token is None:
            break
        assert token is None or page.next_token > token
        token = page.next_token
    expected = {one for user_id, ids in lists.items() if user_id != f"u-{seen_by}" for one in ids}
    assert found == sorted(expected, key=place_of)


def test_a_page_reads_a_bounded_part_of_the_index() -> None:
    """A media buyer with few ad accounts, in a team with many long lists: pages end early, and none is left out."""
    connections = InMemoryConnections(InMemoryTeams())
    for number in range(20):
        ids = tuple(f"{number:02}{account:04}" for account in range(LONG if number == 0 else 2_000))
        connections.save(Connection(TEAM, f"u-{number}", "active", ids, "s", "2026-11-01T09:00:00Z"), START)
    read: list[IndexEntry] = []

    def read_index(team_id: str, bucket: str) -> Iterator[IndexEntry]:
        for one in connections.read_index(team_id, bucket):
            read.append(one)
            yield one

    own = connections.teams.connection(TEAM, "u-0")
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        read.clear()
        page = advertisers_after(read_index, TEAM, [own], token or None, 100)
        found += page.advertiser_ids
        token = page.next_token
        assert len(read) <= MAX_ENTRIES + 20
    assert sorted(found) == [f"00{account:04}" for account in range(LONG)]


@pytest.mark.parametrize("token", ["7300000000000000001", "zz-1", "-", "~", "0-", "PAGE#", "\x00-"])
def test_a_token_of_another_list_is_refused(team: System, token: str) -> None:
    """It says to begin again."""
    with pytest.raises(Problem, match="invalid_request"):
        listed(team, "u-owner", "owner", next_token=token)


def test_an_advertiser_that_was_never_checked_is_not_listed(team: System) -> None:
    """It is connected, but nothing is known of it."""
    team.product.teams.connect(TEAM, "u-owner", [OWNERS, "7"])
    shown = {one.advertiser_id for one in listed(team, "u-owner", "owner").advertisers}
    assert shown == {OWNERS, BUYERS, EXPIRED}
    assert listed(team, "u-owner", "owner", "7").advertisers == ()


def test_the_whole_snapshot_is_shown(system: System) -> None:
    """Each objective has ready, missing, unknown and its last transition; the advertiser has the evidence's time."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, SATISFIED, MISSING)
    [shown] = listed(system, "u-owner", "owner").advertisers
    assert [*shown.objectives] == [*OBJECTIVES]
    assert (shown.checked_at, shown.stale, shown.stale_since) == (START + MINUTE, False, None)
    assert shown.generation == milliseconds(START + MINUTE)
    for name, required in OBJECTIVES.items():
        state = shown.objectives[name]
        assert (state.ready, state.missing, state.unknown, state.at_risk) == (False, required, (), ())
        assert (state.stale, state.last_transition_at) == (False, START + MINUTE)


def test_risk_and_warnings_are_shown(system: System) -> None:
    """They are those of the last check."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    found = dict.fromkeys(Requirement, SATISFIED)
    result = CheckResult(START, found, "u-owner", at_risk=True, warnings=("account_not_enabled",))
    snapshot = observe(Record(TEAM, OWNERS, due_at=START).snapshot, result, 5 * MINUTE).snapshot
    system.product.records.write(Record(TEAM, OWNERS, due_at=START, snapshot=snapshot))
    [shown] = listed(system, "u-owner", "owner").advertisers
    assert {one.at_risk for one in shown.objectives.values()} == {(Requirement.IDENTITY,)}
    assert [one.code for one in shown.warnings] == ["account_not_enabled"]


def test_what_could_not_be_verified_again_is_shown_as_stale(system: System) -> None:
    """The last known state is shown with the time of its evidence, and since when it is stale."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, SATISFIED, UNKNOWN)
    [shown] = listed(system, "u-owner", "owner").advertisers
    assert (shown.checked_at, shown.stale, shown.stale_since) == (START, True, START + MINUTE)
    assert {(one.ready, one.stale) for one in shown.objectives.values()} == {(True, True)}


def test_what_was_never_verified_is_unknown_and_stale(system: System) -> None:
    """It is neither ready nor missing."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, UNKNOWN)
    [shown] = listed(system, "u-owner", "owner").advertisers
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
def test_an_advertiser_not_checked_for_two_intervals_is_stale(
    system: System, after: timedelta, *, active: bool, stale: bool
) -> None:
    """If sweeps fail, the response shows it."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    store(system, OWNERS, SATISFIED, active=active)
    [shown] = listed(system, "u-owner", "owner", now=START + after).advertisers
    assert shown.stale is stale
    assert {one.stale for one in shown.objectives.values()} == {stale}
    assert shown.stale_since is None


def test_a_permission_that_is_lost_for_good_makes_only_its_objectives_stale(system: System) -> None:
    """All others were checked a minute ago, so they are current, however old the last evidence of catalogs is."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    record = store(system, OWNERS, SATISFIED)
    snapshot = record.snapshot
    findings = {**dict.fromkeys(Requirement, SATISFIED), Requirement.CATALOG: Finding(Status.UNKNOWN, "missing_scope")}
    for hours in range(1, 100):
        result = CheckResult(START + hours * HOUR, findings, "u-owner")
        snapshot = observe(snapshot, result, 5 * MINUTE).snapshot
    now = START + 99 * HOUR + MINUTE
    system.update(record, snapshot=snapshot)
    [shown] = listed(system, "u-owner", "owner", now=now).advertisers
    of_catalogs = {name for name, required in OBJECTIVES.items() if Requirement.CATALOG in required}
    assert {name for name, one in shown.objectives.items() if one.stale} == of_catalogs
    assert (shown.stale, shown.checked_at, shown.stale_since) == (True, START, START + HOUR)


def test_one_stale_prerequisite_makes_only_its_objectives_stale(system: System) -> None:
    """The advertiser as a whole is stale too."""
    system.product.teams.connect(TEAM, "u-owner", [OWNERS])
    record = store(system, OWNERS, SATISFIED)
    findings = {**dict.fromkeys(Requirement, SATISFIED), Requirement.PIXEL: UNKNOWN}
    result = CheckResult(START + MINUTE, findings, "u-owner")
    system.update(record, snapshot=observe(record.snapshot, result, 5 * MINUTE).snapshot)
    [shown] = listed(system, "u-owner", "owner").advertisers
    assert shown.stale
    assert {name for name, one in shown.objectives.items() if one.stale} == {"WEB_CONVERSIONS", "CONVERSIONS"}

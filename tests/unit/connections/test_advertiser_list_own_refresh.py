"""A preflight for an advertiser that no connection has reads the caller's own list again before it answers."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind, Scope
from publishing.connections.advertiser_list import OWN_REFRESH_SECONDS
from publishing.http.check_schemas import PublishCheck
from publishing.tokens import AdvertiserNotConnectedError
from tests.support.effects import Point
from tests.support.in_memory_repositories import secret_id_of
from tests.unit.connections.scenarios import LIST, USER
from tests.unit.connections.system import HOUR, TEAM, System
from tiktok_business.deadline import Deadline

NOTHING, READY, QUIET = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.QUIET_PIXEL
FIVE_MINUTES = timedelta(minutes=5)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def connected(system: System) -> System:
    """The owner has connected, and was given access to another ad account since."""
    assert system.connect(USER) == "connected"
    system.clock.forward(HOUR)
    system.tiktok.world.reach(STARTER, [NOTHING, READY, QUIET])
    system.tiktok.requests.clear()
    return system


def _list_requests(system: System) -> int:
    return sum(one.path == LIST for one in system.tiktok.requests)


def _assert_not_connected(system: System, user_id: str, advertiser_id: str) -> None:
    with pytest.raises(AdvertiserNotConnectedError):
        system.preflight(user_id, advertiser_id)


def _token_owner(check: PublishCheck) -> str:
    assert check.token is not None
    return check.token.user_id


def test_an_advertiser_that_was_added_is_found(connected: System) -> None:
    """The same request answers; the list is stored with the time of verification and is due a day later."""
    check = connected.preflight(USER, QUIET)
    assert check.token is not None
    assert (check.advertiser_id, check.token.source) == (QUIET, "own")
    assert check.reason is None
    connection = connected.stored_connection(USER)
    assert connection.advertiser_ids == (NOTHING, READY, QUIET)
    assert connection.names[QUIET] == connected.tiktok.world.advertisers[QUIET].name
    assert connection.verified_at == "2026-11-16T11:00:00.000Z"
    assert connected.due_in(USER) == 24 * HOUR
    assert _list_requests(connected) == 1


def test_half_a_character_in_a_name_is_not_stored(connected: System) -> None:
    """TikTok cut a name in the middle of an emoji: DynamoDB would refuse the text, and with it the whole list."""
    connected.tiktok.world.advertisers[QUIET].name = "Acme \ud83d"
    assert connected.preflight(USER, QUIET).reason is None
    assert connected.stored_connection(USER).names[QUIET] == "Acme "
    [listed] = connected.list_connections(USER)
    assert {one["name"] for one in listed["advertisers"] if one["advertiser_id"] == QUIET} == {"Acme "}


def test_a_listed_advertiser_needs_no_refresh(connected: System) -> None:
    """A preflight for an advertiser that is in the list does not read the list."""
    connected.preflight(USER, READY)
    connected.preflight(USER)
    assert _list_requests(connected) == 0


def test_known_disabled_advertisers_are_kept(connected: System) -> None:
    """The refresh for a preflight does not request statuses, and forgets none."""
    connected.teams.items[TEAM, f"USER#{USER}"]["disabled_advertiser_ids"] = [NOTHING]
    connected.preflight(USER, QUIET)
    assert connected.stored_connection(USER).disabled == {NOTHING}


def test_the_list_is_read_at_most_once_in_five_minutes(connected: System) -> None:
    """The limit holds to the microsecond, whether the advertiser was found or not."""
    for wait, requests in ((MICROSECOND, 1), (FIVE_MINUTES - 2 * MICROSECOND, 1), (MICROSECOND, 2), (FIVE_MINUTES, 3)):
        _assert_not_connected(connected, USER, DemoAdvertiser.FOREIGN)
        connected.clock.forward(wait)
        _assert_not_connected(connected, USER, DemoAdvertiser.FOREIGN)
        assert _list_requests(connected) == requests


def test_one_of_two_concurrent_requests_reads_the_list(connected: System) -> None:
    """The other answers with the stored list."""
    connected.effects.watch(Point(0, after=True), lambda: _assert_not_connected(connected, USER, QUIET))
    assert connected.preflight(USER, QUIET).advertiser_id == QUIET
    assert connected.effects.reached
    assert _list_requests(connected) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=LIST, kind=FaultKind.CODE, code=50000),
        Fault(path=LIST, kind=FaultKind.CODE, code=40100),
        Fault(path=LIST, kind=FaultKind.CODE, code=40001, message="lacks the required scope"),
        Fault(path=LIST, kind=FaultKind.CODE, code=40101),
        Fault(path=LIST, kind=FaultKind.RESET_AFTER),
        Fault(path=LIST, kind=FaultKind.NON_JSON),
        Fault(path=LIST, kind=FaultKind.DATA_NULL),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.code}",
)
def test_a_failed_refresh_answers_with_the_stored_list(connected: System, fault: Fault) -> None:
    """The advertiser is not connected as far as is known, and the stored list does not change."""
    before = connected.connection(USER)
    connected.tiktok.faults.add(fault)
    _assert_not_connected(connected, USER, QUIET)
    assert connected.connection(USER) == before
    connected.tiktok.faults.clear()
    connected.clock.forward(FIVE_MINUTES)
    assert connected.preflight(USER, QUIET).advertiser_id == QUIET


def test_without_the_apps_credentials_the_stored_list_answers(connected: System) -> None:
    """TikTok is not called."""
    connected.secrets.credentials = None
    _assert_not_connected(connected, USER, QUIET)
    assert _list_requests(connected) == 0


def test_without_a_token_the_stored_list_answers(connected: System) -> None:
    """The connection is not marked expired."""
    connected.secrets.secrets.clear()
    _assert_not_connected(connected, USER, QUIET)
    assert connected.stored_connection(USER).status == "active"


def test_an_invalid_token_is_reported_and_marked(connected: System) -> None:
    """The response is ``no_token``, ``token_expired``; the connection expires and the cached token is dropped."""
    connected.preflight(USER, READY)
    connected.tiktok.world.revoke(str(connected.token(USER)))
    check = connected.preflight(USER, QUIET)
    assert (check.reason, check.detail, check.token) == ("no_token", "token_expired", None)
    assert connected.stored_connection(USER).status == "expired"
    assert connected.secrets.cached == {}


def test_a_rotated_secret_is_read_again(connected: System) -> None:
    """If a connection names no version and its secret holds a new token, the connection stays active."""
    del connected.teams.items[TEAM, f"USER#{USER}"]["secret_version"]
    connected.preflight(USER, READY)
    old = str(connected.token(USER))
    new = connected.tiktok.world.redeem(connected.tiktok.world.issue_code(STARTER, set(Scope), 2**40).value, 0).value
    secret = next(iter(connected.secrets.secrets.values()))
    secret.versions["rotated"], secret.current = new, "rotated"
    connected.tiktok.world.revoke(old)
    assert connected.preflight(USER, QUIET).advertiser_id == QUIET
    assert connected.stored_connection(USER).status == "active"


@pytest.mark.parametrize("step", ["claim own refresh", "save list", "mark expired"])
def test_a_failed_write_does_not_fail_the_request(connected: System, step: str) -> None:
    """Denied or throttled, the request is answered: with the list just read, or with the stored one."""

    def failing[Result](name: str, act: Callable[[], Result]) -> Result:
        if name == step:
            raise RuntimeError("AccessDeniedException")
        return act()

    connected.connections.step = failing
    if step == "save list":
        assert connected.preflight(USER, QUIET).advertiser_id == QUIET
        return
    if step == "mark expired":
        connected.tiktok.world.revoke(str(connected.token(USER)))
        assert connected.preflight(USER, QUIET).reason == "no_token"
        return
    _assert_not_connected(connected, USER, QUIET)


def test_credentials_that_cannot_be_read_do_not_fail_the_request(connected: System) -> None:
    """A failure of the store leaves the stored list."""
    connected.secrets.failing.add(secret_id_of(TEAM, USER))
    _assert_not_connected(connected, USER, QUIET)


def test_a_first_advertiser_is_found(system: System) -> None:
    """A person who had no ad account and was given one gets it checked without naming it."""
    system.connect(USER, DemoToken.NEWCOMER.user)
    assert system.preflight(USER).detail == "no_advertiser"
    system.clock.forward(FIVE_MINUTES)
    system.tiktok.world.reach(DemoToken.NEWCOMER.user, [QUIET])
    check = system.preflight(USER)
    assert (check.advertiser_id, check.advertiser_id_source) == (QUIET, "first_of_active_token")


@pytest.mark.parametrize("role", ["owner", "manager", "mediabuyer"])
def test_a_teammates_list_is_never_read(connected: System, role: str) -> None:
    """Only the caller's own list is refreshed."""
    connected.add_member("u-other", role)
    _assert_not_connected_or_no_token(connected, "u-other")
    assert _list_requests(connected) == 0
    connected.connect("u-other", DemoToken.AGENCY.user)
    connected.tiktok.requests.clear()
    _assert_not_connected(connected, "u-other", QUIET)
    assert _list_requests(connected) == 1
    assert connected.stored_connection(USER).verified_at == "2026-11-16T10:00:00.000Z"


def _assert_not_connected_or_no_token(system: System, user_id: str) -> None:
    try:
        assert system.preflight(user_id, QUIET).reason == "no_token"
    except AdvertiserNotConnectedError:
        assert system.teams.read(TEAM).roles[user_id] in {"owner", "manager"}


def test_a_teammate_who_has_the_advertiser_answers_without_a_refresh(connected: System) -> None:
    """Owner and manager may borrow the teammate's token; for a media buyer the own list is read instead."""
    connected.add_member("u-manager", "manager")
    connected.add_member("u-buyer", "mediabuyer")
    for user in ("u-manager", "u-buyer"):
        connected.connect(user, DemoToken.AGENCY.user)
    connected.tiktok.requests.clear()
    assert _token_owner(connected.preflight("u-manager", READY)) == USER
    assert _list_requests(connected) == 0
    _assert_not_connected(connected, "u-buyer", READY)
    assert _list_requests(connected) == 1


def test_the_list_of_a_former_member_is_not_read(connected: System) -> None:
    """The connection of a person who has left the team is not used."""
    connected.teams.remove(TEAM, f"MEMBER#{USER}")
    assert connected.preflight(USER, QUIET).reason == "no_token"
    assert _list_requests(connected) == 0


@pytest.mark.parametrize("remaining", [7.5, 2.0])
def test_the_refresh_takes_at_most_three_seconds_of_the_request(connected: System, remaining: float) -> None:
    """Its deadline is never later than the request's own: the preflight's checks keep their time."""
    deadline = Deadline.after(remaining, lambda: 100.0)
    connected.preflight(USER, QUIET, deadline=deadline)
    [of_list] = [one for one in connected.watched.deadlines if one.clock is deadline.clock]
    assert of_list.at == pytest.approx(100.0 + min(OWN_REFRESH_SECONDS, remaining))


def test_a_refresh_that_hangs_is_cut_at_the_deadline(connected: System) -> None:
    """The stored list answers."""
    connected.tiktok.faults.add(Fault(path=LIST, kind=FaultKind.HANG, seconds=30))
    with pytest.raises(AdvertiserNotConnectedError):
        connected.preflight(USER, QUIET, deadline=Deadline.after(0.3))
    assert connected.stored_connection(USER).status == "active"

"""A preflight that misses an advertiser reads the caller's own list again before it says so."""

from datetime import timedelta

import pytest

from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Fault, FaultKind, Scope
from publishing.calls import Call, Caller
from publishing.connecting.own_list import LISTING_SECONDS
from publishing.inputs import PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.token_choice import AdvertiserNotConnectedError
from tests.support.effects import Point
from tests.unit.connecting.scenarios import LIST, WHO
from tests.unit.connecting.system import HOUR, TEAM, System
from tiktok_business.deadline import Deadline

NOTHING, READY, QUIET = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.QUIET_PIXEL
FIVE_MINUTES = timedelta(minutes=5)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def connected(system: System) -> System:
    """The owner has connected, and was given another ad account since."""
    assert system.connect(WHO) == "connected"
    system.clock.forward(HOUR)
    system.tiktok.world.reach(STARTER, [NOTHING, READY, QUIET])
    system.tiktok.requests.clear()
    return system


def _asked(system: System) -> int:
    return sum(one.path == LIST for one in system.tiktok.requests)


def _not_accessible(system: System, user_id: str, advertiser_id: str) -> None:
    with pytest.raises(AdvertiserNotConnectedError):
        system.preflight(user_id, advertiser_id)


def test_an_advertiser_that_was_added_is_found(connected: System) -> None:
    """In the same request; the list is stored, verified now, and due a day later."""
    answer = connected.preflight(WHO, QUIET)
    assert (answer.advertiser_id, answer.token.source) == (QUIET, "own")
    assert answer.reason is None
    connection = connected.connection(WHO)
    assert connection is not None
    assert connection.advertiser_ids == (NOTHING, READY, QUIET)
    assert connection.names[QUIET] == connected.tiktok.world.advertisers[QUIET].name
    assert connection.verified_at == "2026-11-16T11:00:00.000Z"
    assert connected.teams.items[TEAM, f"CONNECTION#{WHO}"]["due_at"] == connected.clock() + 24 * HOUR
    assert _asked(connected) == 1


def test_a_listed_advertiser_needs_no_list(connected: System) -> None:
    """TikTok is not asked more than before."""
    connected.preflight(WHO, READY)
    connected.preflight(WHO)
    assert _asked(connected) == 0


def test_who_is_disabled_stays_known(connected: System) -> None:
    """The list out of turn does not ask for states, and forgets none."""
    connected.teams.items[TEAM, f"CONNECTION#{WHO}"]["disabled_advertiser_ids"] = [NOTHING]
    connected.preflight(WHO, QUIET)
    connection = connected.connection(WHO)
    assert connection is not None
    assert connection.disabled == {NOTHING}


def test_at_most_once_in_five_minutes(connected: System) -> None:
    """To the microsecond, whether the advertiser was found or not; others are answered as if there were no list."""
    for wait, asked in ((MOMENT, 1), (FIVE_MINUTES - 2 * MOMENT, 1), (MOMENT, 2), (FIVE_MINUTES, 3)):
        _not_accessible(connected, WHO, DemoAdvertiser.FOREIGN)
        connected.clock.forward(wait)
        _not_accessible(connected, WHO, DemoAdvertiser.FOREIGN)
        assert _asked(connected) == asked


def test_of_two_at_once_one_asks(connected: System) -> None:
    """The other answers by what is stored."""
    connected.effects.watch(Point(0, after=True), lambda: _not_accessible(connected, WHO, QUIET))
    assert connected.preflight(WHO, QUIET).advertiser_id == QUIET
    assert connected.effects.reached
    assert _asked(connected) == 1


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
def test_tiktok_in_trouble_is_as_before(connected: System, fault: Fault) -> None:
    """Not accessible, as far as is known; the list stays."""
    before = connected.connection(WHO)
    connected.tiktok.faults.add(fault)
    _not_accessible(connected, WHO, QUIET)
    assert connected.connection(WHO) == before
    connected.tiktok.faults.clear()
    connected.clock.forward(FIVE_MINUTES)
    assert connected.preflight(WHO, QUIET).advertiser_id == QUIET


def test_without_the_apps_credentials_it_is_as_before(connected: System) -> None:
    """TikTok is not asked."""
    connected.app.app = None
    _not_accessible(connected, WHO, QUIET)
    assert _asked(connected) == 0


def test_without_a_token_it_is_as_before(connected: System) -> None:
    """Nothing is marked."""
    connected.vault.secrets.clear()
    _not_accessible(connected, WHO, QUIET)
    assert connected.connection(WHO).status == "active"  # type: ignore[union-attr] # it was connected


def test_a_dead_token_is_told(connected: System) -> None:
    """no_token, token_expired; the connection is marked, and what memory held of the token is gone."""
    connected.preflight(WHO, READY)
    connected.tiktok.world.revoke(str(connected.token(WHO)))
    answer = connected.preflight(WHO, QUIET)
    assert (answer.reason, answer.detail, answer.token) == ("no_token", "token_expired", None)
    assert connected.connection(WHO).status == "expired"  # type: ignore[union-attr] # it was connected
    assert connected.tokens.remembered == {}


def test_a_rotated_secret_is_read_again(connected: System) -> None:
    """A token that was replaced in the secret, by whomever, is not called dead for the one in memory."""
    connected.preflight(WHO, READY)
    old = str(connected.token(WHO))
    new = connected.tiktok.world.redeem(connected.tiktok.world.issue_code(STARTER, set(Scope), 2**40).value, 0).value
    secret = next(iter(connected.vault.secrets.values()))
    secret.versions["rotated"], secret.current = new, "rotated"
    connected.tiktok.world.revoke(old)
    assert connected.preflight(WHO, QUIET).advertiser_id == QUIET
    assert connected.connection(WHO).status == "active"  # type: ignore[union-attr] # it was connected


def test_no_advertiser_yet(system: System) -> None:
    """Who had none and was given one is answered about it, without naming it."""
    system.connect(WHO, DemoToken.NEWCOMER.user)
    assert system.preflight(WHO).detail == "no_advertiser"
    system.clock.forward(FIVE_MINUTES)
    system.tiktok.world.reach(DemoToken.NEWCOMER.user, [QUIET])
    answer = system.preflight(WHO)
    assert (answer.advertiser_id, answer.advertiser_id_source) == (QUIET, "first_of_active_token")


@pytest.mark.parametrize("role", ["owner", "manager", "mediabuyer"])
def test_a_teammates_list_is_never_read(connected: System, role: str) -> None:
    """It is the caller's own or none."""
    connected.member("u-other", role)
    _unlisted_or_no_token(connected, "u-other")
    assert _asked(connected) == 0
    connected.connect("u-other", DemoToken.AGENCY.user)
    connected.tiktok.requests.clear()
    _not_accessible(connected, "u-other", QUIET)
    assert _asked(connected) == 1
    assert connected.connection(WHO).verified_at == "2026-11-16T10:00:00.000Z"  # type: ignore[union-attr] # as above


def _unlisted_or_no_token(system: System, user_id: str) -> None:
    try:
        assert system.preflight(user_id, QUIET).reason == "no_token"
    except AdvertiserNotConnectedError:
        assert system.teams.read(TEAM).roles[user_id] in {"owner", "manager"}


def test_a_teammate_who_has_it_answers_at_once(connected: System) -> None:
    """For whom may borrow; a media buyer's own list is read instead."""
    connected.member("u-manager", "manager")
    connected.member("u-buyer", "mediabuyer")
    for user in ("u-manager", "u-buyer"):
        connected.connect(user, DemoToken.AGENCY.user)
    connected.tiktok.requests.clear()
    assert connected.preflight("u-manager", READY).token.user_id == WHO
    assert _asked(connected) == 0
    _not_accessible(connected, "u-buyer", READY)
    assert _asked(connected) == 1


def test_who_has_left_the_team_has_no_list(connected: System) -> None:
    """Their connection does not count any more."""
    connected.teams.remove(TEAM, f"MEMBER#{WHO}")
    assert connected.preflight(WHO, QUIET).reason == "no_token"
    assert _asked(connected) == 0


@pytest.mark.parametrize("left", [7.5, 2.0])
def test_the_list_takes_its_time_of_the_requests(connected: System, left: float) -> None:
    """Three seconds at most, and never past the request's own deadline: the preflight's checks keep theirs."""
    at: list[float] = [100.0]
    deadline = Deadline.after(left, lambda: at[0])
    call = Call(Caller(WHO, TEAM, "owner"), deadline, connected.clock())
    publish_check(
        connected.preflight_services,
        connected.product.live,
        call,
        PublishCheckQuery.model_validate({"advertiser_id": QUIET, "objective": "REACH"}),
    )
    [listing] = [one for one in connected.transport.deadlines if one.clock is deadline.clock]
    assert listing.at == pytest.approx(100.0 + min(LISTING_SECONDS, left))


def test_a_list_that_hangs_leaves_time_for_the_answer(connected: System) -> None:
    """The answer is the one without a list."""
    connected.tiktok.faults.add(Fault(path=LIST, kind=FaultKind.HANG, seconds=30))
    deadline = Deadline.after(0.3)
    call = Call(Caller(WHO, TEAM, "owner"), deadline, connected.clock())
    query = PublishCheckQuery.model_validate({"advertiser_id": QUIET, "objective": "REACH"})
    with pytest.raises(AdvertiserNotConnectedError):
        publish_check(connected.preflight_services, connected.product.live, call, query)
    assert connected.connection(WHO).status == "active"  # type: ignore[union-attr] # it was connected

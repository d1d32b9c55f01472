"""Disconnecting: who may, what happens at TikTok and to the secret, and that it can be repeated."""

import io
from urllib.parse import unquote

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind
from publishing.log_events import LogEvent
from tests.support.effects import Point
from tests.support.in_memory_repositories import secret_id_of
from tests.unit.connections.scenarios import (
    AFTER_DISCONNECTION,
    DISCONNECT,
    FIRST,
    RECONNECT,
    REVOKE,
    USER,
    interrupted,
)
from tests.unit.connections.system import HOUR, TEAM, System

NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY


def test_a_repeated_request_returns_the_same_response(system: System) -> None:
    """It does not call TikTok again."""
    system.connect(USER)
    token = system.token(USER)
    first = system.disconnect(USER)
    assert (first.status, first.json["status"], first.json["user_id"]) == (200, "revoked", USER)
    assert "unchanged" in first.json["message"]
    requests = len(system.tiktok.requests)
    assert system.disconnect(USER) == first
    assert len(system.tiktok.requests) == requests
    assert not system.is_valid(token)
    assert system.preflight(USER).reason == "no_token"
    system.assert_consistent(USER)


def test_a_person_who_never_connected_has_no_connection(system: System) -> None:
    """The response is 404 ``no_connection``."""
    response = system.disconnect(USER)
    assert (response.status, response.json["code"]) == (404, "no_connection")


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 403), ("mediabuyer", 403), ("", 403)])
def test_only_an_owner_may_end_anothers_connection(system: System, role: str, status: int) -> None:
    """A request of any other role changes nothing and does not reveal who has connected."""
    system.connect(USER)
    system.add_member("u-other", role)
    before = system.full_state()
    assert system.disconnect(USER, by="u-other").status == status
    if status == 403:
        assert system.full_state() == before
        assert system.disconnect("u-nobody", by="u-other").json["code"] == "owner_only"
    else:
        system.assert_consistent(USER)


@pytest.mark.parametrize("user_id", ["callback", "complete"])
def test_a_user_id_that_is_a_route_is_named_by_escaping_it_twice(system: System, user_id: str) -> None:
    """API Gateway decodes the path once; docs/operations.md says how to ask."""
    system.add_member(user_id, "mediabuyer")
    system.connect(user_id)
    escaped = f"%25{ord(user_id[0]):x}{user_id[1:]}"
    page = system.page_of_advertisers(unquote(escaped), user_id, "mediabuyer")
    assert [one["advertiser_id"] for one in page.json["advertisers"]] == [NOTHING, READY]
    assert system.disconnect(escaped, by=user_id).json["user_id"] == user_id
    system.assert_consistent(user_id)


def test_the_connection_of_a_former_member_can_be_ended(system: System) -> None:
    """The owner can end it after the person has left the team."""
    system.add_member("u-left", "mediabuyer")
    system.connect("u-left")
    system.teams.remove(TEAM, "MEMBER#u-left")
    assert system.disconnect("u-left", by=USER).status == 200
    system.assert_consistent("u-left")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=50000), 502, "tiktok_error"),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=50000, applied=True), 502, "tiktok_error"),
        (Fault(path=REVOKE, kind=FaultKind.RESET_AFTER), 502, "tiktok_error"),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=40100), 503, "tiktok_rate_limited"),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=40101), None, ""),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=41000), None, ""),
    ],
)
def test_a_failed_revocation_is_completed_later(system: System, fault: Fault, status: int | None, code: str) -> None:
    """The connection is no longer used; the operation stays pending until TikTok has revoked the token."""
    system.connect(USER)
    token = system.token(USER)
    system.tiktok.faults.add(fault)
    response = system.disconnect(USER)
    if status is not None:
        assert (response.status, response.json["code"]) == (status, code)
    assert response.status >= 400
    assert system.stored_connection(USER).status == "revoked"
    assert system.token(USER) == token
    assert system.preflight(USER).reason == "no_token"
    assert system.disconnect(USER).status == response.status
    system.pass_time(2 * HOUR)
    assert len(system.operations) == 1
    system.tiktok.faults.clear()
    assert system.disconnect(USER).status == 200
    assert not system.is_valid(token)
    system.assert_consistent(USER)


def test_the_sweep_completes_a_disconnection(system: System, log: io.StringIO) -> None:
    """The request need not be repeated, and the log shows operators that the operation was recovered."""
    system.connect(USER)
    token = system.token(USER)
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=50000, times=2))
    assert system.disconnect(USER).status == 502
    assert LogEvent.OPERATION_RECOVERED not in log.getvalue()
    system.pass_time(4 * HOUR)
    assert not system.is_valid(token)
    system.assert_consistent(USER)
    assert LogEvent.OPERATION_RECOVERED in log.getvalue()
    assert '"kind":"disconnect"' in log.getvalue()


def test_without_the_apps_credentials_the_sweep_revokes_later(system: System) -> None:
    """The connection is no longer used; once the credentials are filled in the sweep revokes the token at TikTok."""
    system.connect(USER)
    token, app = system.token(USER), system.secrets.credentials
    system.secrets.credentials = None
    assert system.disconnect(USER).json["code"] == "connect_not_set_up"
    system.pass_time(2 * HOUR)
    assert system.is_valid(token)
    system.secrets.credentials = app
    system.pass_time(2 * HOUR)
    assert not system.is_valid(token)
    system.assert_consistent(USER)


def test_a_connection_without_a_token_is_ended(system: System) -> None:
    """There is nothing to revoke at TikTok."""
    system.teams.connect(TEAM, USER, [READY])
    assert system.disconnect(USER).status == 200
    assert [one.path for one in system.tiktok.requests] == []
    system.assert_consistent(USER)


def test_an_item_without_a_secret_id_is_ended(system: System) -> None:
    """Another service may have written it; no secret is read under an empty name."""
    assert system.connect(USER) == "connected"
    token = system.token(USER)
    system.teams.items[TEAM, f"USER#{USER}"]["secret_id"] = ""
    assert system.disconnect(USER).status == 200
    assert not system.is_valid(token)
    assert system.stored_connection(USER).status == "revoked"


def test_a_disconnection_removes_another_services_secret_and_our_own(system: System) -> None:
    """If the item names another secret than ours, both tokens are revoked and both secrets are removed."""
    assert system.connect(USER) == "connected"
    ours, other = secret_id_of(TEAM, USER), f"{secret_id_of(TEAM, USER)}-of-another-service"
    system.secrets.store(other, SecretStr(DemoToken.OWNER), "theirs")
    system.teams.items[TEAM, f"USER#{USER}"]["secret_id"] = other
    tokens = [system.token(USER), str(DemoToken.OWNER)]
    assert [system.is_valid(one) for one in tokens] == [True, True]
    assert system.disconnect(USER).status == 200
    assert [system.is_valid(one) for one in tokens] == [False, False]
    assert [system.secrets.secrets[one].to_be_deleted for one in (ours, other)] == [True, True]


REFUSED_FOR_GOOD = [
    (40113, "The app_id is inconsistent with the token's app information."),
    (40000, "The app_id is inconsistent with the token's app information."),
    (40113, "The app is blocked."),
    (40105, "Access token is incorrect or has been revoked."),
    (40001, "No permission to operate."),
    (40002, "Invalid parameter."),
    (40013, "Not in the sandbox."),
]
"""TikTok's refusals that a repetition would get again."""


@pytest.mark.parametrize(("code", "message"), REFUSED_FOR_GOOD)
def test_a_revocation_that_tiktok_refuses_for_good_ends_here(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str], code: int, message: str
) -> None:
    """Operators see it in the log and by an alarm; the secret is removed, and the person can connect again."""
    system.connect(USER)
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=code, message=message))
    assert system.disconnect(USER).status == 200
    assert (system.stored_connection(USER).status, system.token(USER), len(system.operations)) == ("revoked", None, 0)
    assert f'"message":"{LogEvent.NOT_REVOKED}"' in log.getvalue()
    assert '"NotRevoked":[1.0]' in capsys.readouterr().out
    assert system.connect(USER) == "connected"
    system.tiktok.faults.clear()
    system.assert_consistent(USER)


def test_a_pending_revocation_that_tiktok_refuses_for_good_locks_nobody_out(system: System) -> None:
    """Left by an earlier version, or because the app was replaced since: the person connects again at once."""
    system.connect(USER)
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=50000))
    assert system.disconnect(USER).status == 502
    system.tiktok.faults.clear()
    code, message = REFUSED_FOR_GOOD[0]
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=code, message=message))
    system.clock.forward(HOUR)
    assert system.connect(USER) == "connected"
    system.assert_consistent(USER)


def test_an_expired_connection_is_ended_without_an_alarm(system: System, log: io.StringIO) -> None:
    """Its token was known to be invalid: nothing was left to revoke."""
    system.connect(USER)
    system.tiktok.world.revoke(str(system.token(USER)))
    system.connections.mark_expired(system.stored_connection(USER))
    assert system.disconnect(USER).status == 200
    assert LogEvent.NOT_REVOKED not in log.getvalue()


REVOKED_BUT_NO_ANSWER = Fault(path=REVOKE, kind=FaultKind.RESET_AFTER)


@pytest.mark.parametrize("by", ["request", "sweep", "next connection"])
def test_a_repeated_revocation_of_a_revoked_token_raises_no_alarm(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    """TikTok revoked the token and its answer was lost; whoever repeats it is told that the token is invalid."""
    system.connect(USER)
    system.tiktok.faults.add(REVOKED_BUT_NO_ANSWER)
    assert system.disconnect(USER).status == 502
    system.tiktok.faults.clear()
    match by:
        case "request":
            assert system.disconnect(USER).status == 200
        case "sweep":
            system.pass_time(2 * HOUR)
        case _:
            assert system.connect(USER) == "connected"
    assert len(system.operations) == 0
    _assert_no_alarm(log, capsys)


def test_a_repeated_revocation_of_a_token_without_a_connection_raises_no_alarm(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Connecting was interrupted after storing the token, so no connection's status tells what happened before."""
    interrupted(FIRST, "put secret")(system)
    system.tiktok.faults.add(REVOKED_BUT_NO_ANSWER)
    assert system.disconnect(USER).status == 502
    system.tiktok.faults.clear()
    assert system.connection(USER) is None
    assert system.disconnect(USER).status == 200
    _assert_no_alarm(log, capsys)


def test_a_token_that_was_revoked_earlier_raises_no_alarm(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """The connection had been ended, and connecting again was interrupted: only the new token is left to revoke."""
    interrupted(AFTER_DISCONNECTION, "put secret")(system)
    token = system.token(USER)
    assert system.disconnect(USER).status == 200
    assert not system.is_valid(token)
    _assert_no_alarm(log, capsys)


def test_a_second_token_that_ends_with_the_first_one_raises_no_alarm(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Connecting again was interrupted. TikTok may end all tokens of the person at once; no source says."""
    interrupted(RECONNECT, "put secret")(system)
    second = str(system.token(USER))
    system.effects.watch(
        Point(DISCONNECT.effects.index(REVOKE), after=True), lambda: system.tiktok.world.revoke(second)
    )
    assert system.disconnect(USER).status == 200
    assert system.effects.reached
    assert len(system.tiktok.requests.to(REVOKE)) == 2
    _assert_no_alarm(log, capsys)


@pytest.mark.parametrize(("code", "message"), [one for one in REFUSED_FOR_GOOD if one[0] != 40105])
def test_a_repeated_revocation_that_is_refused_for_good_still_raises_the_alarm(
    system: System, capsys: pytest.CaptureFixture[str], code: int, message: str
) -> None:
    """Whatever TikTok refuses for another reason than an invalid token may be a token that is still valid."""
    system.connect(USER)
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=50000))
    assert system.disconnect(USER).status == 502
    system.tiktok.faults.clear()
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=code, message=message))
    assert system.disconnect(USER).status == 200
    assert '"NotRevoked":[1.0]' in capsys.readouterr().out


def _assert_no_alarm(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    assert LogEvent.NOT_REVOKED not in log.getvalue()
    assert "NotRevoked" not in capsys.readouterr().out


def test_a_connection_whose_secret_is_out_of_reach_is_ended_and_can_be_connected_anew(
    system: System, log: io.StringIO
) -> None:
    """Its secret has the name of another prefix, so it can neither be read nor removed; operators are told."""
    foreign = "another/prefix/connections/northlight/u-owner"
    assert system.connect(USER) == "connected"
    system.secrets.secrets[foreign] = system.secrets.secrets.pop(secret_id_of(TEAM, USER))
    system.secrets.denied.add(foreign)
    system.teams.items[TEAM, f"USER#{USER}"]["secret_id"] = foreign
    assert system.preflight(USER).reason == "no_token"
    assert system.disconnect(USER).status == 200
    assert (system.stored_connection(USER).status, len(system.operations)) == ("revoked", 0)
    assert LogEvent.NOT_REVOKED in log.getvalue()
    system.clock.forward(HOUR)
    assert system.connect(USER) == "connected"
    assert system.stored_connection(USER).secret_id == secret_id_of(TEAM, USER)
    assert system.preflight(USER, READY).reason is None


def test_a_connection_out_of_reach_can_be_connected_anew_without_ending_it(system: System) -> None:
    """After a redeployment with another SecretPrefix people only have to connect again."""
    assert system.connect(USER) == "connected"
    foreign = "another/prefix/connections/northlight/u-owner"
    system.secrets.denied.add(foreign)
    system.teams.items[TEAM, f"USER#{USER}"]["secret_id"] = foreign
    system.clock.forward(HOUR)
    assert system.connect(USER) == "connected"
    assert system.preflight(USER, READY).reason is None


def test_a_stale_read_does_not_leave_the_token_valid(system: System) -> None:
    """Disconnecting just after connecting revokes the connection's own token, although reads bring an older one."""
    system.connect(USER)
    old = str(system.token(USER))
    system.clock.forward(HOUR)
    system.connect(USER)
    new = str(system.token(USER))
    system.secrets.stale[secret_id_of(TEAM, USER)] = [old]
    assert system.disconnect(USER).status == 200
    assert not system.is_valid(new)

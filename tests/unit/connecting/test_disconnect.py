"""Ending a connection: who may, what TikTok and the secret come to, and that it is repeated safely."""

import io

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind
from tests.support.in_memory_stores import secret_id_of
from tests.unit.connecting.scenarios import REVOKE, WHO
from tests.unit.connecting.system import HOUR, TEAM, System

UNFINISHED_IS_OVER = "a change of a connection that was left unfinished is over"
NOTHING, READY = DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY


def test_says_what_it_did_and_says_so_again(system: System) -> None:
    """Repeated calls answer the same, without TikTok being asked again."""
    system.connect(WHO)
    token = system.token(WHO)
    first = system.disconnect(WHO)
    assert (first.status, first.json["status"], first.json["user_id"]) == (200, "revoked", WHO)
    assert "not touched" in first.json["message"]
    asked = len(system.tiktok.requests)
    assert system.disconnect(WHO) == first
    assert len(system.tiktok.requests) == asked
    assert not system.is_live(token)
    assert system.preflight(WHO).reason == "no_token"
    system.assert_well(WHO)


def test_nobody_there(system: System) -> None:
    """Who never connected has nothing to end."""
    answer = system.disconnect(WHO)
    assert (answer.status, answer.json["code"]) == (404, "no_connection")


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 403), ("mediabuyer", 403), ("", 403)])
def test_another_persons(system: System, role: str, status: int) -> None:
    """An owner's alone to end; for others nothing changes, and they do not learn who has connected."""
    system.connect(WHO)
    system.member("u-other", role)
    before = system.everything()
    assert system.disconnect(WHO, by="u-other").status == status
    if status == 403:
        assert system.everything() == before
        assert system.disconnect("u-nobody", by="u-other").json["code"] == "owner_only"
    else:
        system.assert_well(WHO)


def test_who_has_left_the_team(system: System) -> None:
    """Their token can still be ended."""
    system.member("u-left", "mediabuyer")
    system.connect("u-left")
    system.teams.remove(TEAM, "MEMBER#u-left")
    assert system.disconnect("u-left", by=WHO).status == 200
    system.assert_well("u-left")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=50000), 502, "tiktok_error"),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=50000, applied=True), 502, "tiktok_error"),
        (Fault(path=REVOKE, kind=FaultKind.RESET_AFTER), 502, "tiktok_error"),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=40100), 503, "tiktok_rate_limited"),
        (Fault(path=REVOKE, kind=FaultKind.CODE, code=40101), None, ""),
    ],
)
def test_tiktok_in_trouble(system: System, fault: Fault, status: int | None, code: str) -> None:
    """Not used from then on; the same request at once, or the sweep, finishes it."""
    system.connect(WHO)
    token = system.token(WHO)
    system.tiktok.faults.add(fault)
    answer = system.disconnect(WHO)
    if status is not None:
        assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.status >= 400
    connection = system.connection(WHO)
    assert connection is not None
    assert connection.status == "revoked"
    assert system.token(WHO) == token
    assert system.preflight(WHO).reason == "no_token"
    assert system.disconnect(WHO).status == answer.status
    system.pass_time(2 * HOUR)
    assert len(system.changes) == 1
    system.tiktok.faults.clear()
    assert system.disconnect(WHO).status == 200
    assert not system.is_live(token)
    system.assert_well(WHO)


def test_the_sweep_finishes(system: System, log: io.StringIO) -> None:
    """Nobody has to come again, and operators see that it is over."""
    system.connect(WHO)
    token = system.token(WHO)
    system.tiktok.faults.add(Fault(path=REVOKE, kind=FaultKind.CODE, code=50000, times=2))
    assert system.disconnect(WHO).status == 502
    assert UNFINISHED_IS_OVER not in log.getvalue()
    system.pass_time(4 * HOUR)
    assert not system.is_live(token)
    system.assert_well(WHO)
    assert UNFINISHED_IS_OVER in log.getvalue()
    assert '"kind":"disconnect"' in log.getvalue()


def test_without_the_apps_credentials(system: System) -> None:
    """It is not used any more; filled in, the sweep tells TikTok."""
    system.connect(WHO)
    token, app = system.token(WHO), system.app.app
    system.app.app = None
    assert system.disconnect(WHO).json["code"] == "connect_not_set_up"
    system.pass_time(2 * HOUR)
    assert system.is_live(token)
    system.app.app = app
    system.pass_time(2 * HOUR)
    assert not system.is_live(token)
    system.assert_well(WHO)


def test_no_token_in_the_secret(system: System) -> None:
    """Nothing to revoke: revoked all the same."""
    system.teams.connect(TEAM, WHO, [READY])
    assert system.disconnect(WHO).status == 200
    assert [one.path for one in system.tiktok.requests] == []
    system.assert_well(WHO)


def test_an_item_without_a_secret(system: System) -> None:
    """Another service may have written it so: it is ended, and no secret without a name is asked for."""
    assert system.connect(WHO) == "connected"
    token = system.token(WHO)
    system.teams.items[TEAM, f"CONNECTION#{WHO}"]["secret_id"] = ""
    assert system.disconnect(WHO).status == 200
    assert not system.is_live(token)
    connection = system.connection(WHO)
    assert connection is not None
    assert connection.status == "revoked"


def test_a_disconnection_ends_another_services_secret_and_what_lies_beside_it(system: System) -> None:
    """Both tokens are dead at TikTok, and both secrets to be deleted, where the item names another than ours."""
    assert system.connect(WHO) == "connected"
    ours, other = secret_id_of(TEAM, WHO), f"{secret_id_of(TEAM, WHO)}-of-another-service"
    system.vault.store(other, SecretStr(DemoToken.OWNER), "theirs")
    system.teams.items[TEAM, f"CONNECTION#{WHO}"]["secret_id"] = other
    tokens = [system.token(WHO), str(DemoToken.OWNER)]
    assert [system.is_live(one) for one in tokens] == [True, True]
    assert system.disconnect(WHO).status == 200
    assert [system.is_live(one) for one in tokens] == [False, False]
    assert [system.vault.secrets[one].to_be_deleted for one in (ours, other)] == [True, True]

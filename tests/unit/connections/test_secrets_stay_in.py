"""App secret, tokens, codes and states appear in no log, response, event, error or address, whatever fails."""

import io
import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import Fault, FaultKind
from publishing.log_events import LogEvent
from tests.support.invocations import Received
from tests.support.overriding import failing, overriding
from tests.unit.connections.scenarios import EXCHANGE, LIST, REVOKE, STATUSES, USER
from tests.unit.connections.system import HOUR, TEAM, System
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError

VALUES: dict[FaultKind, list[dict[str, Any]]] = {
    FaultKind.CODE: [{"code": code} for code in (40001, 40002, 40100, 40101, 40105, 40110, 50000)],
    FaultKind.HTTP_STATUS: [{"status": 429}, {"status": 500}],
    FaultKind.HANG: [{"seconds": 0.02}],
    FaultKind.LATENCY: [{"seconds": 0.02}],
    FaultKind.SLOW_DRIP: [{"seconds": 0.02}],
    FaultKind.MISSING_KEY: [{"key": "list"}, {"key": "access_token"}],
    FaultKind.WRONG_TYPE: [{"key": "advertiser_id"}, {"key": "access_token"}, {"key": "scope"}],
    FaultKind.HUGE_LIST: [{"repeat": 20}],
}
FAULTS = [(kind, values) for kind in FaultKind for values in VALUES.get(kind, [{}])]


@dataclass
class SecretWatch:
    """All secrets, and every text that left the product."""

    system: System
    log: io.StringIO
    extra: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def all(self) -> set[str]:
        """Return the app's secret, every token that TikTok issued, and the codes and states of consents."""
        world = self.system.tiktok.world
        return {world.app_secret, *(one for one in world.tokens if "u-starter" in one), *self.extra}

    def consent(self, user_id: str = USER) -> str:
        """Consent at TikTok, and remember code and state as secrets."""
        page = self.system.request_consent(user_id)
        url = self.system.tiktok.consent(page, "u-starter")
        query = dict(parse_qsl(urlsplit(url).query))
        self.extra |= {query["auth_code"], query["state"], query["state"].partition(".")[2]}
        return url

    def handle(self) -> str:
        """Open the callback after a consent, whose redirect alone has the handle, and remember that as a secret."""
        redirect = self.system.open_callback(self.consent())
        self.extra |= {redirect.handle, redirect.handle.rpartition(".")[2]}
        self.texts += [str(redirect.headers).replace(redirect.handle, ""), redirect.body]
        return redirect.handle

    def complete(self, handle: str) -> Received:
        """Complete the connection; remember the response."""
        response = self.system.complete(handle, USER)
        self.texts += [str(response.headers), json.dumps(response.json)]
        return response

    def assert_nothing_leaked(self) -> None:
        """Assert that no secret is in a response, an event, the table or the log."""
        events = [json.dumps(one.detail) + one.id for one in self.system.bus.events]
        stored = [repr(item) for item in self.system.teams.items.values()]
        states = repr(self.system.states.stored)
        everything = "\n".join([*self.texts, *events, *stored, states, self.log.getvalue()])
        assert len(self.all()) > 1
        for secret in self.all():
            assert secret not in everything


@pytest.fixture
def secrets(system: System, log: io.StringIO) -> Iterator[SecretWatch]:
    watch = SecretWatch(system, log)
    yield watch
    watch.assert_nothing_leaked()


def _connect_use_and_disconnect(system: System, secrets: SecretWatch) -> None:
    """Connect, list, refresh, preflight and disconnect."""
    secrets.complete(secrets.handle())
    secrets.texts.append(json.dumps(system.list_connections(USER)))
    system.clock.forward(25 * HOUR)
    system.sweep()
    system.clock.forward(HOUR)
    try:
        secrets.texts.append(system.preflight(USER, "7300000000000000021").model_dump_json())
    except Exception as error:  # noqa: BLE001 - the text of any error is examined
        secrets.texts.append("".join(traceback.format_exception(error)))
    ended = system.disconnect(USER)
    secrets.texts += [json.dumps(ended.json), str(ended.headers)]


def test_no_flow_reveals_a_secret(system: System, secrets: SecretWatch) -> None:
    """Connect, list, refresh, preflight and disconnect write to the log, but no secret."""
    _connect_use_and_disconnect(system, secrets)
    assert f'"message":"{LogEvent.CONNECTED}"' in secrets.log.getvalue()
    assert [one.path for one in system.tiktok.requests][:2] == [EXCHANGE, LIST]


@pytest.mark.parametrize("path", [EXCHANGE, LIST, STATUSES, REVOKE])
@pytest.mark.parametrize(("kind", "values"), FAULTS, ids=[f"{one[0]}-{sorted(one[1].items())}" for one in FAULTS])
def test_no_failure_reveals_a_secret(
    system: System, secrets: SecretWatch, path: str, kind: FaultKind, values: dict[str, Any]
) -> None:
    """No secret appears even if TikTok repeats what it was sent, or at the libraries' debug level."""
    world = system.tiktok.world
    if kind is FaultKind.CODE:
        url = secrets.consent()
        code = dict(parse_qsl(urlsplit(url).query))["auth_code"]
        secrets.complete(system.open_callback(url).handle)
        token = str(system.token(USER))
        sent = {
            EXCHANGE: f"secret={world.app_secret} auth_code={code}",
            LIST: f"secret={world.app_secret} Access-Token: {token}",
            STATUSES: f"Access-Token: {token}",
            REVOKE: f"secret={world.app_secret} access_token={token}",
        }
        values = {**values, "message": f"refused, scope: {sent[path]}"}
        system.clock.forward(HOUR)
    system.tiktok.faults.add(Fault(path=path, kind=kind, **values))
    if kind is FaultKind.CODE and path != EXCHANGE:
        system.clock.forward(24 * HOUR)
        system.sweep()
        ended = system.disconnect(USER)
        secrets.texts.append(json.dumps(ended.json))
        return
    if kind is FaultKind.CODE:
        secrets.complete(system.open_callback(callback_with(secrets, code)).handle)
        return
    _connect_use_and_disconnect(system, secrets)


def callback_with(secrets: SecretWatch, code: str) -> str:
    """Return the callback address of a new state with this code."""
    state = dict(parse_qsl(urlsplit(secrets.consent()).query))["state"]
    return f"http://127.0.0.1/?state={state}&auth_code={code}"


@pytest.mark.parametrize("path", [EXCHANGE, LIST, REVOKE])
def test_no_error_holds_a_secret(system: System, secrets: SecretWatch, path: str) -> None:
    """Neither its text nor its causes and contexts hold one."""
    assert system.secrets.credentials is not None
    oauth = system.services.open_oauth(system.secrets.credentials, Deadline.after(2))
    code, token = (SecretStr(f"canary-{one}-5f1e") for one in ("code", "token"))  # not as a text of this file
    secrets.extra |= {code.get_secret_value(), token.get_secret_value()}
    calls: dict[str, Callable[[], object]] = {
        EXCHANGE: lambda: oauth.exchange(code),
        LIST: lambda: oauth.advertisers(token),
        REVOKE: lambda: oauth.revoke(token),
    }
    for kind in (FaultKind.RESET_BEFORE, FaultKind.NON_JSON, FaultKind.SHORT_BODY, FaultKind.HANG):
        system.tiktok.faults.clear()
        seconds = 0.02 if kind is FaultKind.HANG else None
        system.tiktok.faults.add(Fault(path=path, kind=kind, seconds=seconds))
        with pytest.raises(TikTokError) as caught:
            calls[path]()
        error: BaseException | None = caught.value
        secrets.texts.append("".join(traceback.format_exception(caught.value)))
        while error is not None:
            secrets.texts.append(f"{error!r} {error} {error.args}")
            error = error.__cause__ or error.__context__


def test_no_repr_holds_a_secret(system: System, secrets: SecretWatch) -> None:
    """repr and str of the app, the services and the OAuth client hide them."""
    secrets.complete(secrets.handle())
    assert system.secrets.credentials is not None
    oauth = system.services.open_oauth(system.secrets.credentials, Deadline.after(2))
    holders = (system.secrets.credentials, system.services, oauth, system.own_list_refresher)
    secrets.texts += [repr(one) + str(one) for one in holders]


@pytest.mark.parametrize("failed", ["store", "app", "publish_events"])
def test_an_internal_error_that_quotes_secrets_reveals_none(system: System, secrets: SecretWatch, failed: str) -> None:
    """The wizard gets ``internal_error``, and the log holds the error's type only."""
    handle = secrets.handle()
    fail = failing(f"failed with {sorted(secrets.all())}")
    failing_part: dict[str, Any] = {
        "publish_events": {"publish_events": fail},
        "app": {"secrets": overriding(system.secrets, app=fail)},
        "store": {"secrets": overriding(system.secrets, store=fail)},
    }
    system.replace_services(**failing_part[failed])
    assert secrets.complete(handle).json["code"] == "internal_error"
    assert "RuntimeError" in secrets.log.getvalue()


def test_the_consent_address_holds_the_state_and_no_other_secret(system: System, log: io.StringIO) -> None:
    """It holds the app's id, the state and the redirect address; the log holds none of it."""
    page = system.request_consent(USER)
    query = dict(parse_qsl(urlsplit(page).query))
    assert set(query) == {"app_id", "state", "redirect_uri"}
    assert query["app_id"] == system.tiktok.world.app_id
    assert system.tiktok.world.app_secret not in page
    assert query["state"].partition(".")[2] not in log.getvalue() + repr(system.states.stored)
    assert USER not in query["state"]
    assert TEAM not in query["state"]

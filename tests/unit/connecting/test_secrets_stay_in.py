"""App secret, tokens, codes and states appear in no log, answer, event, error or address, whatever goes wrong."""

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
from tests.support.overriding import failing, overriding
from tests.unit.connecting.scenarios import EXCHANGE, LIST, REVOKE, STATUSES, WHO
from tests.unit.connecting.system import HOUR, TEAM, System
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError

OWN: dict[FaultKind, list[dict[str, Any]]] = {
    FaultKind.CODE: [{"code": code} for code in (40001, 40002, 40100, 40101, 40105, 40110, 50000)],
    FaultKind.HTTP_STATUS: [{"status": 429}, {"status": 500}],
    FaultKind.HANG: [{"seconds": 0.02}],
    FaultKind.LATENCY: [{"seconds": 0.02}],
    FaultKind.SLOW_DRIP: [{"seconds": 0.02}],
    FaultKind.MISSING_KEY: [{"key": "list"}, {"key": "access_token"}],
    FaultKind.WRONG_TYPE: [{"key": "advertiser_id"}, {"key": "access_token"}, {"key": "scope"}],
    FaultKind.HUGE_LIST: [{"repeat": 20}],
}
FAULTS = [(kind, values) for kind in FaultKind for values in OWN.get(kind, [{}])]


@dataclass
class Secrets:
    """What must be nowhere, and what was said."""

    system: System
    log: io.StringIO
    extra: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def all(self) -> set[str]:
        """The app's secret, every token that TikTok ever gave, and the codes and states of consents."""
        world = self.system.tiktok.world
        return {world.app_secret, *(one for one in world.tokens if "u-starter" in one), *self.extra}

    def consent(self, user_id: str = WHO) -> str:
        """A consent, whose code and state are secrets."""
        page = self.system.ask_consent(user_id)
        url = self.system.tiktok.consent(page, "u-starter")
        query = dict(parse_qsl(urlsplit(url).query))
        self.extra |= {query["auth_code"], query["state"], query["state"].partition(".")[2]}
        return url

    def assert_kept(self) -> None:
        """Nothing of them in what was said, told, stored outside the vault, or logged."""
        told = [json.dumps(one.detail) + one.id for one in self.system.bus.events]
        stored = [repr(item) for item in self.system.teams.items.values()]
        states = repr(self.system.states.stored)
        everything = "\n".join([*self.said, *told, *stored, states, self.log.getvalue()])
        assert len(self.all()) > 1
        for secret in self.all():
            assert secret not in everything


@pytest.fixture
def secrets(system: System, log: io.StringIO) -> Iterator[Secrets]:
    watched = Secrets(system, log)
    yield watched
    watched.assert_kept()


def _way(system: System, secrets: Secrets) -> None:
    """From consent to the end, and once more."""
    landing = system.come_back(secrets.consent())
    secrets.said += [str(landing.headers), landing.body]
    secrets.said.append(json.dumps(system.overview(WHO)))
    system.clock.forward(25 * HOUR)
    system.sweep()
    system.clock.forward(HOUR)
    try:
        secrets.said.append(system.preflight(WHO, "7300000000000000021").model_dump_json())
    except Exception as error:  # noqa: BLE001 - whatever it is, its text is looked at
        secrets.said.append("".join(traceback.format_exception(error)))
    answer = system.disconnect(WHO)
    secrets.said += [json.dumps(answer.json), str(answer.headers)]


def test_the_whole_way_keeps_them(system: System, secrets: Secrets) -> None:
    """Connect, look, daily list, preflight, disconnect; and there is something to see of it in the log."""
    _way(system, secrets)
    assert "TikTok is connected" in secrets.log.getvalue()
    assert [one.path for one in system.tiktok.requests][:2] == [EXCHANGE, LIST]


@pytest.mark.parametrize("path", [EXCHANGE, LIST, STATUSES, REVOKE])
@pytest.mark.parametrize(("kind", "values"), FAULTS, ids=[f"{one[0]}-{sorted(one[1].items())}" for one in FAULTS])
def test_whatever_goes_wrong_keeps_them(
    system: System, secrets: Secrets, path: str, kind: FaultKind, values: dict[str, Any]
) -> None:
    """Also where TikTok repeats what it was sent, and at the libraries' debug level."""
    world = system.tiktok.world
    if kind is FaultKind.CODE:
        url = secrets.consent()
        code = dict(parse_qsl(urlsplit(url).query))["auth_code"]
        system.come_back(url)
        token = str(system.token(WHO))
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
        answer = system.disconnect(WHO)
        secrets.said.append(json.dumps(answer.json))
        return
    if kind is FaultKind.CODE:
        landing = system.come_back(url_with(secrets, code))
        secrets.said += [str(landing.headers)]
        return
    _way(system, secrets)


def url_with(secrets: Secrets, code: str) -> str:
    """A new state that comes back with this code."""
    state = dict(parse_qsl(urlsplit(secrets.consent()).query))["state"]
    return f"http://127.0.0.1/?state={state}&auth_code={code}"


@pytest.mark.parametrize("path", [EXCHANGE, LIST, REVOKE])
def test_errors_hold_none_of_them(system: System, secrets: Secrets, path: str) -> None:
    """Neither their text nor what they came from, with all frames' errors."""
    assert system.app.app is not None
    oauth = system.services.open_oauth(system.app.app, Deadline.after(2))
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
        secrets.said.append("".join(traceback.format_exception(caught.value)))
        while error is not None:
            secrets.said.append(f"{error!r} {error} {error.args}")
            error = error.__cause__ or error.__context__


def test_what_holds_them_does_not_show_them(system: System, secrets: Secrets) -> None:
    """repr and str of the app, the services and the oauth client."""
    system.come_back(secrets.consent())
    assert system.app.app is not None
    oauth = system.services.open_oauth(system.app.app, Deadline.after(2))
    secrets.said += [repr(one) + str(one) for one in (system.app.app, system.services, oauth, system.own_lists)]


@pytest.mark.parametrize(("where", "method"), [("vault", "store"), ("app", "read"), ("bus", "send")])
def test_a_fault_of_ours_that_quotes_them_spreads_none(
    system: System, secrets: Secrets, where: str, method: str
) -> None:
    """The wizard is told internal_error, and the log the type alone."""
    url = secrets.consent()
    leak = failing(f"could not do with {sorted(secrets.all())} {url}")
    system.use(**{where: overriding(getattr(system.services, where), **{method: leak})})
    landing = system.come_back(url)
    assert landing.outcome == "internal_error"
    secrets.said += [str(landing.headers), landing.body]
    assert "RuntimeError" in secrets.log.getvalue()


def test_the_answer_to_a_wish_to_connect_holds_the_state_and_no_other_secret(system: System, log: io.StringIO) -> None:
    """TikTok's own host, the app's id, the state and where to come back; the log has none of it."""
    page = system.ask_consent(WHO)
    query = dict(parse_qsl(urlsplit(page).query))
    assert set(query) == {"app_id", "state", "redirect_uri"}
    assert query["app_id"] == system.tiktok.world.app_id
    assert system.tiktok.world.app_secret not in page
    assert query["state"].partition(".")[2] not in log.getvalue() + repr(system.states.stored)
    assert WHO not in query["state"]
    assert TEAM not in query["state"]

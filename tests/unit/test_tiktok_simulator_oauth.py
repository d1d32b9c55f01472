"""People allow the app its access at the simulated TikTok, the app gets a token for it, and gives it back."""

import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
from pydantic import SecretStr

from local.tiktok_simulator import (
    STARTER,
    ConsentError,
    DemoAdvertiser,
    DemoToken,
    Fault,
    FaultKind,
    Scope,
    Simulator,
    Token,
    World,
)
from local.tiktok_simulator.consent import PERMISSIONS
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError
from tiktok_business.oauth import App, Grant, TikTokOAuth, consent_url
from tiktok_business.transport import RequestsTransport

pytestmark = pytest.mark.enable_socket

BACK = "http://127.0.0.1:9/callback"
HOUR = 3600


class Clock:
    """Stands still until it is moved."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running(clock: Clock) -> Iterator[Simulator]:
    with Simulator(clock=clock) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture
def oauth(simulator: Simulator) -> TikTokOAuth:
    """The layer's client, as the app that the simulated TikTok knows."""
    app = App(simulator.world.app_id, SecretStr(simulator.world.app_secret))
    return TikTokOAuth(RequestsTransport(simulator.base_url), app, Deadline.after(5))


def page_of(simulator: Simulator, redirect_uri: str = BACK, state: str = "state-1") -> str:
    return consent_url(simulator.base_url, simulator.world.app_id, state, redirect_uri)


def code_in(location: str) -> SecretStr:
    return SecretStr(dict(parse_qsl(urlsplit(location).query))["auth_code"])


def connected(simulator: Simulator, oauth: TikTokOAuth, user: str, scopes: set[Scope] | None = None) -> Grant:
    return oauth.exchange(code_in(simulator.consent(page_of(simulator), user, scopes=scopes)))


def post(simulator: Simulator, path: str, **body: Any) -> dict[str, Any]:
    proof = {"app_id": simulator.world.app_id, "secret": simulator.world.app_secret}
    response = requests.post(f"{simulator.base_url}/{path}", json=proof | body, timeout=5)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def refusal(oauth: TikTokOAuth, code: SecretStr) -> int | None:
    with pytest.raises(TikTokError) as caught:
        oauth.exchange(code)
    return caught.value.code


class TestExchange:
    def test_round(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A consent's code becomes a token that nobody had before, and that reaches what its person reaches."""
        first = connected(simulator, oauth, STARTER)
        second = connected(simulator, oauth, STARTER)
        assert first.access_token != second.access_token
        for grant in (first, second):
            rows = oauth.advertisers(grant.access_token)
            assert [row.advertiser_id for row in rows] == [DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY]
        assert len(first.access_token.get_secret_value()) > 40

    def test_answer(self, simulator: Simulator) -> None:
        """The answer names token, advertisers and scopes, these as numbers; the advertisers not if unwanted."""
        code = code_in(simulator.consent(page_of(simulator), STARTER)).get_secret_value()
        data = post(simulator, "oauth2/access_token/", auth_code=code)["data"]
        assert set(data) == {"access_token", "advertiser_ids", "scope"}
        assert data["advertiser_ids"] == [DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY]
        assert data["scope"] == [10, 12, 15, 60, 68, 69, 70, 80, 90]
        code = code_in(simulator.consent(page_of(simulator), STARTER)).get_secret_value()
        data = post(simulator, "oauth2/access_token/", auth_code=code, return_advertiser_ids=False)["data"]
        assert data["advertiser_ids"] == []

    def test_once(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A code is good for one exchange; the token that it gave lives on."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        token = oauth.exchange(code).access_token
        assert refusal(oauth, code) == 40110
        assert oauth.advertisers(token)

    @pytest.mark.parametrize(("age", "refused"), [(HOUR - 1, None), (HOUR, 40110), (HOUR + 1, 40110)])
    def test_an_hour(
        self, simulator: Simulator, oauth: TikTokOAuth, clock: Clock, age: int, refused: int | None
    ) -> None:
        """A code is good for an hour."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        clock.now += age
        assert post(simulator, "oauth2/access_token/", auth_code=code.get_secret_value())["code"] == (refused or 0)
        assert refusal(oauth, code) == 40110

    def test_unknown_code(self, oauth: TikTokOAuth) -> None:
        """A code that was never given is 40110."""
        assert refusal(oauth, SecretStr("never-given")) == 40110

    @pytest.mark.parametrize(
        ("body", "refused"),
        [
            ({"secret": "no"}, 40101),
            ({"app_id": "1"}, 40101),
            ({"app_id": None}, 40002),
            ({"secret": None}, 40002),
            ({"auth_code": None}, 40002),
            ({"return_advertiser_ids": "false"}, 40002),
        ],
    )
    def test_wrong(self, simulator: Simulator, oauth: TikTokOAuth, body: dict[str, Any], refused: int) -> None:
        """A wrong app, secret or parameter is refused and leaves the code as good as it was."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        answer = post(simulator, "oauth2/access_token/", **{"auth_code": code.get_secret_value(), **body})
        assert (answer["code"], answer["data"]) == (refused, {})
        assert oauth.exchange(code).access_token

    def test_older_tokens_live(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Who consents again has two tokens that work, whatever became of the first."""
        old = SecretStr(DemoToken.OWNER)
        new = connected(simulator, oauth, DemoToken.OWNER.user).access_token
        assert oauth.advertisers(old) == oauth.advertisers(new)
        revived = connected(simulator, oauth, DemoToken.REVOKED.user).access_token
        assert [row.advertiser_id for row in oauth.advertisers(revived)] == [DemoAdvertiser.EVERYTHING_READY]

    def test_nobody_reached(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """The exchange of somebody without ad accounts succeeds."""
        code = code_in(simulator.consent(page_of(simulator), DemoToken.NEWCOMER.user))
        data = post(simulator, "oauth2/access_token/", auth_code=code.get_secret_value())["data"]
        assert data["advertiser_ids"] == []
        assert oauth.advertisers(SecretStr(data["access_token"])) == ()

    def test_header_is_ignored(self, simulator: Simulator) -> None:
        """Whoever sends a token to an endpoint that takes none is not asked about it."""
        code = code_in(simulator.consent(page_of(simulator), STARTER)).get_secret_value()
        answer = requests.post(
            f"{simulator.base_url}/oauth2/access_token/",
            json={"app_id": simulator.world.app_id, "secret": simulator.world.app_secret, "auth_code": code},
            headers={"Access-Token": DemoToken.REVOKED},
            timeout=5,
        ).json()
        assert answer["code"] == 0

    def test_reset(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A reset forgets codes and tokens alike."""
        token = connected(simulator, oauth, STARTER).access_token
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        simulator.reset()
        assert refusal(oauth, code) == 40110
        with pytest.raises(TikTokError) as caught:
            oauth.advertisers(token)
        assert caught.value.code == 40105


class TestScopes:
    def test_narrower(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Of a group that is granted in part the parts are named; one that is not granted is not there."""
        some = set(Scope) - {Scope.IDENTITY_DELETE, Scope.PIXEL_READ}
        grant = connected(simulator, oauth, STARTER, some)
        assert grant.scopes == ("10", "12", "15", "60", "68", "70", "90", "692", "693")
        long = connected(simulator, oauth, STARTER, {Scope.IDENTITY_DELETE})
        assert long.scopes == ("7176842096345694209",)
        assert connected(simulator, oauth, STARTER, set()).scopes == ()

    def test_enforced(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """What was not granted is refused, what was granted works."""
        token = connected(simulator, oauth, STARTER, {Scope.ADVERTISER_READ}).access_token
        assert oauth.advertisers(token)
        answer = requests.get(
            f"{simulator.base_url}/pixel/list/",
            params={"advertiser_id": DemoAdvertiser.NOTHING},
            headers={"Access-Token": token.get_secret_value()},
            timeout=5,
        ).json()
        assert "lacks the required scope" in answer["message"]

    def test_never_more_than_before(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Who cannot grant a permission does not, whatever is ticked."""
        scopes = connected(simulator, oauth, DemoToken.NARROW_SCOPE.user).scopes
        assert scopes == ("10", "12", "15", "60", "68", "69", "70", "90")

    def test_again_with_more(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A narrow consent does not narrow the next one."""
        connected(simulator, oauth, STARTER, {Scope.TERM})
        assert connected(simulator, oauth, STARTER).scopes == ("10", "12", "15", "60", "68", "69", "70", "80", "90")


class TestRevoke:
    def test_once(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A revoked token is dead, with the advertisers that it loses named; to revoke it again is 40105."""
        data = post(simulator, "oauth2/revoke_token/", access_token=DemoToken.MANAGER)["data"]
        assert data == {
            "app_id": simulator.world.app_id,
            "advertiser_ids": [
                DemoAdvertiser.SECOND_BUSINESS_CENTER,
                DemoAdvertiser.LIBRARY_FORM,
                DemoAdvertiser.LINKED_BY_OWNER,
            ],
        }
        for token in (DemoToken.MANAGER, "never-existed"):
            assert post(simulator, "oauth2/revoke_token/", access_token=token)["code"] == 40105
        oauth.revoke(SecretStr(DemoToken.MANAGER))
        with pytest.raises(TikTokError) as caught:
            oauth.advertisers(SecretStr(DemoToken.MANAGER))
        assert caught.value.code == 40105

    def test_this_one_alone(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A person's other tokens live on."""
        new = connected(simulator, oauth, DemoToken.OWNER.user).access_token
        oauth.revoke(new)
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))

    @pytest.mark.parametrize(
        ("body", "refused"),
        [({"app_id": "1"}, 40113), ({"secret": "no"}, 40101), ({"access_token": ""}, 40002), ({"app_id": None}, 40002)],
    )
    def test_wrong(self, simulator: Simulator, oauth: TikTokOAuth, body: dict[str, Any], refused: int) -> None:
        """A wrong app or secret revokes nothing."""
        answer = post(simulator, "oauth2/revoke_token/", **{"access_token": DemoToken.OWNER, **body})
        assert answer["code"] == refused
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))


class TestFaults:
    def test_code_used_up_unheard(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """An exchange whose answer is lost has used the code up and made a token; one that never came has not."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        before = len(simulator.world.tokens)
        simulator.faults.add(Fault(path="oauth2/access_token/", kind=FaultKind.RESET_BEFORE, times=1))
        simulator.faults.add(Fault(path="oauth2/access_token/", kind=FaultKind.RESET_AFTER, times=1))
        assert refusal(oauth, code) is None
        assert len(simulator.world.tokens) == before
        assert refusal(oauth, code) is None
        assert len(simulator.world.tokens) == before + 1
        assert refusal(oauth, code) == 40110

    def test_of_a_token(self, simulator: Simulator) -> None:
        """A fault of one token strikes when that token is to be revoked, and no other."""
        path = "oauth2/revoke_token/"
        simulator.faults.add(Fault(path=path, kind=FaultKind.CODE, code=50000, token=DemoToken.OWNER))
        assert post(simulator, path, access_token=DemoToken.MANAGER)["code"] == 0
        assert post(simulator, path, access_token=DemoToken.OWNER)["code"] == 50000
        assert not simulator.world.tokens[DemoToken.OWNER].revoked


class TestJournal:
    @pytest.mark.parametrize("form", ["json", "broken", "url-encoded", "nested"])
    def test_secrets(self, simulator: Simulator, form: str) -> None:
        """No app secret, code or token can be read in the journal, in whatever a body wraps them."""
        body = {"app_id": "1", "secret": "hide-1", "auth_code": "hide-2", "access_token": "hide-3", "other": "seen"}
        whole = json.dumps(body)
        sent = {"json": whole, "broken": whole[:-1], "url-encoded": urlencode(body), "nested": f'{{"a": [{whole}]}}'}
        for path in ("oauth2/access_token/", "oauth2/revoke_token/"):
            requests.post(f"{simulator.base_url}/{path}?auth_code=hide-4", data=sent[form], timeout=5)
        shown = requests.get(f"{simulator.control_url}/requests", timeout=5).text
        assert "hide-" not in shown
        assert ("seen" in shown) == (form in {"json", "nested"})
        assert len(simulator.requests) == 2

    def test_real_ones(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A whole connection, from consent to revocation, leaves nothing secret in the journal, or shows it elsewhere."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        token = oauth.exchange(code).access_token
        oauth.advertisers(token)
        oauth.revoke(token)
        shown = repr([record.to_json() for record in simulator.requests])
        assert len(simulator.requests) == 3
        for secret in (code, token, oauth.app.secret):
            assert secret.get_secret_value() not in shown
            assert secret.get_secret_value() not in repr(simulator.world)


class FormReader(HTMLParser):
    """Reads a page as a browser does: the form's address, its fields as they are sent untouched, its buttons."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.offered: list[tuple[str, str]] = []
        self.buttons: list[str] = []
        self.linked: list[str] = []
        self.labelled = 0
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.linked += [values[name] for name in ("src", "href") if name in values]
        if tag == "form":
            assert values["method"] == "post"
            self.action = values["action"]
        elif tag == "button":
            self.buttons.append(values["value"])
        elif tag == "input":
            pair = (values["name"], values["value"])
            self.offered.append(pair)
            self.labelled += "label" in self.open
            if values["type"] == "hidden" or "checked" in values:
                self.fields.append(pair)
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass


def press(simulator: Simulator, page: str, button: str, **changed: str) -> requests.Response:
    """Open the page, choose, press a button, and return the answer that a browser would follow."""
    seen = requests.get(page, timeout=5)
    assert seen.status_code == 200
    form = FormReader(seen.text)
    fields = [(name, changed.get(name, value)) for name, value in form.fields]
    origin = simulator.base_url.removesuffix("/open_api/v1.3")
    return requests.post(origin + form.action, data=[*fields, ("decision", button)], timeout=5, allow_redirects=False)


class TestPage:
    def test_shown(self, simulator: Simulator) -> None:
        """The page names the app, offers everybody and every permission, and needs nothing from elsewhere."""
        response = requests.get(page_of(simulator), timeout=5)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
        form = FormReader(response.text)
        assert simulator.world.app_name in response.text
        assert {value for name, value in form.offered if name == "user"} == {STARTER, *(one.user for one in DemoToken)}
        assert [value for name, value in form.fields if name == "scope"] == [str(scope.value) for scope in PERMISSIONS]
        assert [value for name, value in form.fields if name == "user"] == [STARTER]
        assert form.buttons == ["allow", "deny"]
        assert form.linked == []
        assert form.labelled == sum(name in {"user", "scope"} for name, _ in form.offered)
        assert len(simulator.requests) == 0

    def test_every_permission_has_words(self) -> None:
        """Every scope can be granted on the page, and no two in the same words."""
        assert set(PERMISSIONS) == set(Scope)
        assert len(set(PERMISSIONS.values())) == len(Scope)

    def test_allow(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Allow sends the browser back with a code, twice, and the state; the code is the chosen person's."""
        response = press(simulator, page_of(simulator), "allow", user=DemoToken.AGENCY.user)
        assert response.status_code == 302
        address, _, query = response.headers["Location"].partition("?")
        assert address == BACK
        values = parse_qs(query)
        assert set(values) == {"auth_code", "code", "state"}
        assert values["auth_code"] == values["code"]
        assert values["state"] == ["state-1"]
        token = oauth.exchange(SecretStr(values["auth_code"][0])).access_token
        assert [row.advertiser_id for row in oauth.advertisers(token)] == [DemoAdvertiser.MANY_PAGES]

    def test_without_a_permission(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """What is not ticked is not granted."""
        fields = [("app_id", simulator.world.app_id), ("redirect_uri", BACK), ("user", STARTER), ("decision", "allow")]
        page = page_of(simulator).partition("?")[0]
        response = requests.post(page, data=[*fields, ("scope", "800")], timeout=5, allow_redirects=False)
        assert oauth.exchange(code_in(response.headers["Location"])).scopes == ("80",)

    def test_deny(self, simulator: Simulator) -> None:
        """Deny sends the browser back with the state and without a code."""
        for location in (
            press(simulator, page_of(simulator), "deny").headers["Location"],
            simulator.deny(page_of(simulator)),
        ):
            assert location == f"{BACK}?state=state-1"
        assert simulator.world.auth_codes == {}

    @pytest.mark.parametrize("state", ["a b&c=d#e%20", "\"><script>alert('1')</script>", "é🎉", ""])
    def test_state(self, simulator: Simulator, state: str) -> None:
        """The state comes back as it was, and is harmless in the page."""
        page = page_of(simulator, state=state)
        assert "<script" not in requests.get(page, timeout=5).text
        for location in (press(simulator, page, "allow").headers["Location"], simulator.consent(page, STARTER)):
            assert dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))["state"] == state

    def test_without_state(self, simulator: Simulator) -> None:
        """Where no state is given none comes back."""
        page = page_of(simulator).replace("state=state-1&", "")
        for location in (press(simulator, page, "allow").headers["Location"], simulator.consent(page, STARTER)):
            assert set(parse_qs(urlsplit(location).query)) == {"auth_code", "code"}

    @pytest.mark.parametrize(
        ("redirect_uri", "start"),
        [
            ("http://localhost:3000/back?a=1&b=%20x", "http://localhost:3000/back?a=1&b=%20x&"),
            ("https://127.0.0.1/back?", "https://127.0.0.1/back?"),
            ("http://[::1]:80", "http://[::1]:80/?"),
            ("http://abc.execute-api.localhost:4566/v1/back", "http://abc.execute-api.localhost:4566/v1/back?"),
        ],
    )
    def test_redirect(self, simulator: Simulator, redirect_uri: str, start: str) -> None:
        """The answer is added to the query that the address has already."""
        page = page_of(simulator, redirect_uri)
        for location in (press(simulator, page, "allow").headers["Location"], simulator.consent(page, STARTER)):
            assert location.startswith(start + "auth_code=")
            assert location.endswith("&state=state-1")

    @pytest.mark.parametrize(
        "redirect_uri",
        [
            "",
            "https://evil.example/",
            "https://localhost.evil.example/",
            "https://evillocalhost/",
            "https://localhost@evil.example/",
            "https://evil.example@localhost/",
            "https://evil.example\\@localhost/",
            "http://localhost\r\nX-Header: 1",
            "http://localhost/#part",
            "http://localhost:port/",
            "http://[::1/",
            "javascript://localhost/%0aalert(1)",
            "//localhost/",
            "/callback",
            "http://192.168.1.1/",
            "http://lоcalhost/",  # noqa: RUF001 - a Cyrillic o: another host
        ],
    )
    def test_nobody_is_sent_elsewhere(self, simulator: Simulator, redirect_uri: str) -> None:
        """An address that is not plainly this machine's is refused, before and after the decision."""
        page = page_of(simulator, redirect_uri)
        assert requests.get(page, timeout=5).status_code == 400
        form = {"app_id": simulator.world.app_id, "redirect_uri": redirect_uri, "user": STARTER}
        for decision in ("allow", "deny"):
            response = requests.post(page, data=form | {"decision": decision}, timeout=5, allow_redirects=False)
            assert response.status_code == 400
            assert "Location" not in response.headers
        with pytest.raises(ConsentError, match="this machine"):
            simulator.consent(page, STARTER)
        with pytest.raises(ConsentError, match="this machine"):
            simulator.deny(page)
        assert simulator.world.auth_codes == {}

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"app_id": "1"}, "no app"),
            ({"app_id": ""}, "no app"),
            ({"user": "u-nobody"}, "no user"),
            ({"scope": "801"}, "no such permission"),
            ({"scope": "pixels"}, "no such permission"),
            ({"decision": "maybe"}, "allow or deny"),
        ],
    )
    def test_refused(self, simulator: Simulator, changes: Mapping[str, str], why: str) -> None:
        """A form that makes no sense is a page that says so, and there is no code."""
        form = {"app_id": simulator.world.app_id, "redirect_uri": BACK, "user": STARTER, "decision": "allow"}
        page = page_of(simulator).partition("?")[0]
        response = requests.post(page, data={**form, **changes}, timeout=5, allow_redirects=False)
        assert response.status_code == 400
        assert why in response.text
        assert simulator.world.auth_codes == {}

    def test_refused_without_a_browser(self, simulator: Simulator) -> None:
        """What the page refuses is an error for who asks without a browser."""
        with pytest.raises(ConsentError, match="no user"):
            simulator.consent(page_of(simulator), "u-nobody")
        with pytest.raises(ConsentError, match="no app"):
            simulator.consent(page_of(simulator).replace("app_id=7", "app_id=8"), STARTER)
        with pytest.raises(ConsentError, match="consent page is at"):
            simulator.consent(page_of(simulator).replace("/portal/auth", "/portal"), STARTER)

    def test_hostile_names(self) -> None:
        """Names are shown as text."""
        world = World(tokens={"t": Token("t", "<b>u</b>\"'")}, app_name="<i>App</i>")
        with Simulator(world) as simulator:
            text = requests.get(page_of(simulator), timeout=5).text
            assert "<b>u" not in text
            assert "<i>" not in text
            assert ("user", "<b>u</b>\"'") in FormReader(text).fields

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
    def test_methods(self, simulator: Simulator, method: str) -> None:
        """The page knows no other method."""
        assert requests.request(method, page_of(simulator), timeout=5).status_code == 405


class TestReach:
    def change(self, simulator: Simulator, user: str, body: Any) -> requests.Response:
        return requests.patch(f"{simulator.control_url}/users/{user}", json=body, timeout=5)

    def test_added_later(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Ad accounts added later are reached by a person's every token and by later consents, until the reset."""
        newcomer = DemoToken.NEWCOMER
        second = connected(simulator, oauth, newcomer.user).access_token
        pending = code_in(simulator.consent(page_of(simulator), newcomer.user))
        ids = [DemoAdvertiser.QUIET_PIXEL.value, DemoAdvertiser.NOTHING.value]
        answer = self.change(simulator, newcomer.user, {"advertiser_ids": ids})
        assert answer.json() == {"user": newcomer.user, "advertiser_ids": ids}
        third = connected(simulator, oauth, newcomer.user).access_token
        for token in (SecretStr(newcomer), second, oauth.exchange(pending).access_token, third):
            assert [row.advertiser_id for row in oauth.advertisers(token)] == ids
        simulator.reset()
        assert oauth.advertisers(SecretStr(newcomer)) == ()

    def test_without_a_token(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """It holds for who has no token yet, and others are left alone."""
        self.change(simulator, STARTER, {"advertiser_ids": []})
        assert oauth.advertisers(connected(simulator, oauth, STARTER).access_token) == ()
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))

    def test_revoked_stays_revoked(self, simulator: Simulator) -> None:
        """A dead token stays dead, and lacks what it lacked."""
        for token in (DemoToken.REVOKED, DemoToken.NARROW_SCOPE):
            before = simulator.world.tokens[token]
            self.change(simulator, token.user, {"advertiser_ids": []})
            after = simulator.world.tokens[token]
            assert (after.revoked, after.missing_scopes) == (before.revoked, before.missing_scopes)

    @pytest.mark.parametrize(
        ("user", "body", "why"),
        [
            ("u-nobody", {"advertiser_ids": []}, "no user"),
            (STARTER, {"advertiser_ids": ["1"]}, "no advertiser '1'"),
            (STARTER, {"advertiser_ids": [7300000000000000001]}, "no advertiser 7300000000000000001"),
            (STARTER, {"advertiser_ids": "7300000000000000001"}, "must be"),
            (STARTER, {"advertiser_ids": [], "name": "x"}, "must be"),
            (STARTER, {}, "must be"),
            (STARTER, [], "not a JSON object"),
        ],
    )
    def test_refused(self, simulator: Simulator, user: str, body: Any, why: str) -> None:
        """A change that makes no sense is refused with the reason, and nothing is changed."""
        before = simulator.world.copy()
        response = self.change(simulator, user, body)
        assert response.status_code == 400
        assert why in response.json()["error"]
        assert simulator.world == before

    def test_users_named_once(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """The list of advertisers names a person once, however many tokens they have."""
        connected(simulator, oauth, DemoToken.OWNER.user)
        rows = requests.get(f"{simulator.control_url}/advertisers", timeout=5).json()["advertisers"]
        assert rows[0]["users"] == ["u-owner", "u-narrow", "u-revoked"]

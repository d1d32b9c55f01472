"""The simulated TikTok's consent page, in a browser and without one."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from pydantic import SecretStr

from local.tiktok_simulator import (
    STARTER,
    ConsentError,
    DemoAdvertiser,
    DemoToken,
    Scope,
    Simulator,
    Token,
    World,
)
from local.tiktok_simulator.oauth import PERMISSIONS
from tests.unit.tiktok_simulator.consent_page import CALLBACK, code_in, page_of
from tiktok_business.oauth import TikTokOAuth


class FormReader(HTMLParser):
    """Reads a page as a browser does: the form's action, the fields that it submits unchanged, its buttons."""

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
    """Open the page, change fields, press a button, and return the redirect that a browser would follow."""
    seen = requests.get(page, timeout=5)
    assert seen.status_code == 200
    form = FormReader(seen.text)
    fields = [(name, changed.get(name, value)) for name, value in form.fields]
    origin = simulator.base_url.removesuffix("/open_api/v1.3")
    return requests.post(origin + form.action, data=[*fields, ("decision", button)], timeout=5, allow_redirects=False)


class TestPage:
    def test_shown(self, simulator: Simulator) -> None:
        """The page names the app, lists every user and every permission, and loads no other resource."""
        response = requests.get(page_of(simulator), timeout=5)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = response.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "frame-ancestors 'none'"} < set(policy)
        assert "form-action 'self' http://127.0.0.1:* http://localhost:* http://*.localhost:*" in policy
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
        """The page lists every scope, each with a different description."""
        assert set(PERMISSIONS) == set(Scope)
        assert len(set(PERMISSIONS.values())) == len(Scope)

    def test_allow(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Allow redirects the browser with the state and the chosen user's code under two names."""
        response = press(simulator, page_of(simulator), "allow", user=DemoToken.AGENCY.user)
        assert response.status_code == 302
        address, _, query = response.headers["Location"].partition("?")
        assert address == CALLBACK
        values = parse_qs(query)
        assert set(values) == {"auth_code", "code", "state"}
        assert values["auth_code"] == values["code"]
        assert values["state"] == ["state-1"]
        token = oauth.exchange(SecretStr(values["auth_code"][0])).access_token
        assert [row.advertiser_id for row in oauth.advertisers(token)] == [DemoAdvertiser.MANY_PAGES]

    def test_without_a_permission(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A permission that is not ticked is not granted."""
        app = [("app_id", simulator.world.app_id), ("redirect_uri", CALLBACK)]
        choice = [("user", STARTER), ("decision", "allow"), ("scope", "800")]
        page = page_of(simulator).partition("?")[0]
        response = requests.post(page, data=[*app, *choice], timeout=5, allow_redirects=False)
        assert oauth.exchange(code_in(response.headers["Location"])).scopes == ("80",)

    def test_deny(self, simulator: Simulator) -> None:
        """Deny redirects the browser with the state and without a code."""
        for location in (
            press(simulator, page_of(simulator), "deny").headers["Location"],
            simulator.deny(page_of(simulator)),
        ):
            assert location == f"{CALLBACK}?state=state-1"
        assert simulator.world.auth_codes == {}

    @pytest.mark.parametrize("state", ["a b&c=d#e%20", "\"><script>alert('1')</script>", "é🎉", ""])
    def test_state(self, simulator: Simulator, state: str) -> None:
        """The state is returned unchanged, and the page escapes it."""
        page = page_of(simulator, state=state)
        assert "<script" not in requests.get(page, timeout=5).text
        for location in (press(simulator, page, "allow").headers["Location"], simulator.consent(page, STARTER)):
            assert dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))["state"] == state

    def test_without_state(self, simulator: Simulator) -> None:
        """A request without a state gets a redirect without a state."""
        page = page_of(simulator).replace("state=state-1&", "")
        for location in (press(simulator, page, "allow").headers["Location"], simulator.consent(page, STARTER)):
            assert set(parse_qs(urlsplit(location).query, keep_blank_values=True)) == {"auth_code", "code"}

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
        """The redirect keeps the address's own query and appends the answer."""
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
            "http://evil.example\\.localhost/",
            "http://localhost/\r\nX-Header:1",
            "http://localhost/a b",
            "http://localhost/ü",
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
    def test_no_redirect_to_other_hosts(self, simulator: Simulator, redirect_uri: str) -> None:
        """Every address that might not be this machine's is refused, before and after the decision."""
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
        """The page explains why it refuses an invalid form, and issues no code."""
        form = {"app_id": simulator.world.app_id, "redirect_uri": CALLBACK, "user": STARTER, "decision": "allow"}
        page = page_of(simulator).partition("?")[0]
        response = requests.post(page, data={**form, **changes}, timeout=5, allow_redirects=False)
        assert response.status_code == 400
        assert why in response.text
        assert simulator.world.auth_codes == {}

    def test_refused_without_a_browser(self, simulator: Simulator) -> None:
        """A request without a browser raises an error where the page refuses."""
        with pytest.raises(ConsentError, match="no user"):
            simulator.consent(page_of(simulator), "u-nobody")
        with pytest.raises(ConsentError, match="no app"):
            simulator.consent(page_of(simulator).replace("app_id=7", "app_id=8"), STARTER)
        with pytest.raises(ConsentError, match="consent page is at"):
            simulator.consent(page_of(simulator).replace("/portal/auth", "/portal"), STARTER)

    def test_hostile_names(self) -> None:
        """The page escapes the names of users and of the app."""
        world = World(tokens={"t": Token("t", "<b>u</b>\"'")}, app_name="<i>App</i>")
        with Simulator(world) as simulator:
            text = requests.get(page_of(simulator), timeout=5).text
            assert "<b>u" not in text
            assert "<i>" not in text
            assert ("user", "<b>u</b>\"'") in FormReader(text).fields

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
    def test_methods(self, simulator: Simulator, method: str) -> None:
        """The page refuses other methods."""
        assert requests.request(method, page_of(simulator), timeout=5).status_code == 405

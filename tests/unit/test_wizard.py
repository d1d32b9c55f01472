"""The wizard's server: static files, config.json, the event stream, the demo reset, and who may use them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
import requests

from local.demo.teams import OWNER, STARTER, TRAINEE, Person
from local.tiktok_simulator import DemoAdvertiser, demo_world
from local.wizard import News, Shown, Wizard, page_settings
from local.wizard.server import PAGE
from publishing.preflight.messages import Action

SECONDS = 10.0
API, CONTROL = "http://127.0.0.1:4566", "http://127.0.0.1:5000"


class Bus:
    """A listener whose events the test sets."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = [event("old")]

    def listen(self) -> list[Mapping[str, Any]]:
        return self.events


def event(advertiser_id: str) -> Mapping[str, Any]:
    return {"detail-type": "TikTok Readiness Changed", "time": "now", "detail": {"advertiser_id": advertiser_id}}


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def resets() -> list[str]:
    """One entry for each reset of the demo."""
    return []


@pytest.fixture
def wizard() -> Iterator[Wizard]:
    """A running server that shows no stack yet."""
    with Wizard() as made:
        yield made


@pytest.fixture
def shown(wizard: Wizard, bus: Bus, resets: list[str]) -> Wizard:
    """A running server that shows a stack."""
    wizard.show(Shown(API, {"api": API}, (API, CONTROL), News(bus), lambda: resets.append("reset")))
    return wizard


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=SECONDS, allow_redirects=False)


def origin(wizard: Wizard) -> str:
    return wizard.url.removesuffix("/wizard")


def test_every_file_of_the_page_is_served(shown: Wizard) -> None:
    """Each file is served with Cache-Control: no-store, so that a reload shows edits."""
    names = [path.name for path in PAGE.iterdir()]
    assert "app.js" in names
    for name in names:
        response = get(f"{shown.url}/{name}")
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
    assert get(shown.url).text == (PAGE / "index.html").read_text()
    assert get(origin(shown)).headers["Location"] == "/wizard"


@pytest.mark.parametrize("path", ["/wizard/../server.py", "/wizard/%2e%2e/server.py", "/wizard/nothing.js", "/other"])
def test_path_traversal(shown: Wizard, path: str) -> None:
    """Paths outside the page's folder are not found."""
    session = requests.Session()
    request = requests.Request("GET", origin(shown)).prepare()
    request.url = origin(shown) + path
    assert session.send(request, timeout=SECONDS, allow_redirects=False).status_code == 404


def test_content_security_policy(shown: Wizard) -> None:
    """The page loads only its own files, and calls only its server, the API and the simulator's control API."""
    rules = get(shown.url).headers["Content-Security-Policy"].split("; ")
    policy = {name: value for name, _, value in (rule.partition(" ") for rule in rules)}
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == f"'self' {API} {CONTROL}"
    assert policy["script-src"] == policy["style-src"] == "'self'"


def test_the_page_has_a_button_for_every_action() -> None:
    """The page handles every action of a fix, and derives none from a check's reason."""
    module = (PAGE / "prerequisite_card.js").read_text()
    (table,) = re.findall(r"const FIX_ACTIONS = \{(.*?)\};", module, re.DOTALL)
    assert tuple(re.findall(r"(\w+):", table)) == get_args(Action)
    assert "reason" not in module


def test_other_host_names_are_rejected(shown: Wizard) -> None:
    """A site whose host name resolves to this machine (DNS rebinding) cannot read the demo tokens."""
    assert get(f"{shown.url}/config.json").json() == {"api": API}
    assert get(f"{shown.url}/config.json", Host="evil.example").status_code == 421


def test_localhost_is_answered_with_the_address(shown: Wizard) -> None:
    """A visitor of http://localhost reads the address of the page."""
    response = get(shown.url, Host=f"localhost:{origin(shown).rpartition(':')[2]}")
    assert (response.status_code, response.text) == (421, f"This page is at {shown.url}\n")


def test_before_a_stack_is_shown(wizard: Wizard) -> None:
    """Before the deployment the static files are served; config.json, events and reset are unavailable."""
    assert get(wizard.url).status_code == 200
    assert get(f"{wizard.url}/config.json").status_code == 503
    assert get(f"{wizard.url}/events").status_code == 503
    reset = requests.post(f"{wizard.url}/start-over", headers={"Origin": origin(wizard)}, timeout=SECONDS)
    assert reset.status_code == 503


def test_reset_requires_the_pages_origin(shown: Wizard, resets: list[str]) -> None:
    """A page of another origin cannot reset the demo."""
    url = f"{shown.url}/start-over"
    assert requests.post(url, headers={"Origin": "http://evil.example"}, timeout=SECONDS).status_code == 404
    assert not resets
    assert requests.post(url, headers={"Origin": origin(shown)}, timeout=SECONDS).status_code == 204
    assert resets == ["reset"]


def test_event_streams(shown: Wizard, bus: Bus) -> None:
    """Each open page receives the events after it was opened, and its stream ends when the stack is hidden."""
    with (
        requests.get(f"{shown.url}/events", stream=True, timeout=SECONDS) as first,
        requests.get(f"{shown.url}/events", stream=True, timeout=SECONDS) as second,
    ):
        assert first.headers["Content-Type"] == "text/event-stream"
        streams = [stream.iter_lines(chunk_size=1, decode_unicode=True) for stream in (first, second)]
        for lines in streams:
            assert next(lines) == ": listening"
        bus.events.append(event("new"))
        for lines in streams:
            data = next(line for line in lines if line.startswith("data: "))
            assert json.loads(data.removeprefix("data: "))["detail"] == {"advertiser_id": "new"}
        shown.hide()
        assert all(not line or line.startswith(":") for lines in streams for line in lines)


def test_settings_list_accessible_advertisers() -> None:
    """Each user has their bearer token, their own advertisers, and, as owner or manager, those of teammates."""

    def bearer(person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer of {person.user_id}"}

    settings = page_settings(base_url=API, control_url=CONTROL, world=demo_world(), bearer=bearer)
    users = {user["user_id"]: user for user in settings["users"]}
    assert settings["api_url"] == f"{API}/api/v1/tiktok"
    assert users[STARTER.user_id]["own_advertiser_ids"] == [
        DemoAdvertiser.NOTHING.value,
        DemoAdvertiser.EVERYTHING_READY.value,
    ]
    assert users[STARTER.user_id]["teammate_advertiser_ids"] == []
    assert users[TRAINEE.user_id]["own_advertiser_ids"] == users[TRAINEE.user_id]["teammate_advertiser_ids"] == []
    assert DemoAdvertiser.NOTHING.value in users[OWNER.user_id]["teammate_advertiser_ids"]
    assert DemoAdvertiser.FOREIGN.value not in users[OWNER.user_id]["teammate_advertiser_ids"]
    assert users[OWNER.user_id]["authorization"] == "Bearer of u-owner"
    assert [entry["advertiser_id"] for entry in settings["advertisers"]] == [entry.value for entry in DemoAdvertiser]

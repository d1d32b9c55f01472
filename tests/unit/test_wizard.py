"""The server of the reference wizard's page: files, settings, events, and the checks of Host and Origin."""

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
    """An event source whose events the test decides."""

    def __init__(self) -> None:
        self.heard: list[Mapping[str, Any]] = [event("old")]

    def listen(self) -> list[Mapping[str, Any]]:
        return self.heard


def event(advertiser_id: str) -> Mapping[str, Any]:
    return {"detail-type": "TikTok Readiness Changed", "time": "now", "detail": {"advertiser_id": advertiser_id}}


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def started_over() -> list[str]:
    return []


@pytest.fixture
def wizard() -> Iterator[Wizard]:
    """A running server before the deployment."""
    with Wizard() as made:
        yield made


@pytest.fixture
def shown(wizard: Wizard, bus: Bus, started_over: list[str]) -> Wizard:
    """A running server with a deployed stack."""
    wizard.show(Shown(API, {"api": API}, (API, CONTROL), News(bus), lambda: started_over.append("over")))
    return wizard


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=SECONDS, allow_redirects=False)


def origin(wizard: Wizard) -> str:
    return wizard.url.removesuffix("/wizard")


def test_every_file_of_the_page_is_served(shown: Wizard) -> None:
    """With its type and without caching: a reload shows an edit."""
    names = [path.name for path in PAGE.iterdir()]
    assert "app.js" in names
    for name in names:
        answer = get(f"{shown.url}/{name}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
    assert get(shown.url).text == (PAGE / "index.html").read_text()
    assert get(origin(shown)).headers["Location"] == "/wizard"


@pytest.mark.parametrize("path", ["/wizard/../server.py", "/wizard/%2e%2e/server.py", "/wizard/nothing.js", "/other"])
def test_other_files_are_not_served(shown: Wizard, path: str) -> None:
    """Only files of the page's folder are served."""
    session = requests.Session()
    request = requests.Request("GET", origin(shown)).prepare()
    request.url = origin(shown) + path
    assert session.send(request, timeout=SECONDS, allow_redirects=False).status_code == 404


def test_the_policy_allows_only_the_stack(shown: Wizard) -> None:
    """The page loads only its own files, and calls only the API and the simulator's control."""
    rules = get(shown.url).headers["Content-Security-Policy"].split("; ")
    policy = {name: value for name, _, value in (rule.partition(" ") for rule in rules)}
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == f"'self' {API} {CONTROL}"
    assert policy["script-src"] == policy["style-src"] == "'self'"


def test_the_page_has_a_button_for_every_action() -> None:
    """A button depends on the action of a fix, not on its reason."""
    card = (PAGE / "card.js").read_text()
    (table,) = re.findall(r"const HELP = \{(.*?)\};", card, re.DOTALL)
    assert tuple(re.findall(r"(\w+):", table)) == get_args(Action)
    assert "reason" not in card


def test_another_host_name_gets_no_tokens(shown: Wizard) -> None:
    """DNS rebinding: a page of another site cannot read the tokens through its own host name."""
    assert get(f"{shown.url}/config.json").json() == {"api": API}
    assert get(f"{shown.url}/config.json", Host="evil.example").status_code == 421


def test_localhost_shows_the_address_of_the_page(shown: Wizard) -> None:
    """Instead of an empty page."""
    answer = get(shown.url, Host=f"localhost:{origin(shown).rpartition(':')[2]}")
    assert (answer.status_code, answer.text) == (421, f"This page is at {shown.url}\n")


def test_before_the_deployment_only_the_page_is_served(wizard: Wizard) -> None:
    """Settings, events and start-over return 503."""
    assert get(wizard.url).status_code == 200
    assert get(f"{wizard.url}/config.json").status_code == 503
    assert get(f"{wizard.url}/events").status_code == 503
    over = requests.post(f"{wizard.url}/start-over", headers={"Origin": origin(wizard)}, timeout=SECONDS)
    assert over.status_code == 503


def test_only_the_page_can_start_over(shown: Wizard, started_over: list[str]) -> None:
    """A request with another Origin returns 404."""
    url = f"{shown.url}/start-over"
    assert requests.post(url, headers={"Origin": "http://evil.example"}, timeout=SECONDS).status_code == 404
    assert not started_over
    assert requests.post(url, headers={"Origin": origin(shown)}, timeout=SECONDS).status_code == 204
    assert started_over == ["over"]


def test_new_events_are_streamed(shown: Wizard, bus: Bus) -> None:
    """Every open page receives the events after its opening; the stream ends with the stack."""
    with (
        requests.get(f"{shown.url}/events", stream=True, timeout=SECONDS) as one,
        requests.get(f"{shown.url}/events", stream=True, timeout=SECONDS) as other,
    ):
        assert one.headers["Content-Type"] == "text/event-stream"
        streams = [answer.iter_lines(chunk_size=1, decode_unicode=True) for answer in (one, other)]
        for lines in streams:
            assert next(lines) == ": listening"
        bus.heard.append(event("new"))
        for lines in streams:
            data = next(line for line in lines if line.startswith("data: "))
            assert json.loads(data.removeprefix("data: "))["detail"] == {"advertiser_id": "new"}
        shown.hide()
        assert all(not line or line.startswith(":") for lines in streams for line in lines)


def test_settings_have_the_advertisers_and_the_token_of_each_person() -> None:
    """Their own advertisers, those of teammates for people who see the team, and the bearer token."""

    def bearer(person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer of {person.user_id}"}

    settings = page_settings(base_url=API, control_url=CONTROL, world=demo_world(), bearer=bearer)
    people = {one["user_id"]: one for one in settings["people"]}
    assert settings["api"] == f"{API}/api/v1/tiktok"
    assert people[STARTER.user_id]["own"] == [DemoAdvertiser.NOTHING.value, DemoAdvertiser.EVERYTHING_READY.value]
    assert people[STARTER.user_id]["teammates"] == []
    assert people[TRAINEE.user_id]["own"] == people[TRAINEE.user_id]["teammates"] == []
    assert DemoAdvertiser.NOTHING.value in people[OWNER.user_id]["teammates"]
    assert DemoAdvertiser.FOREIGN.value not in people[OWNER.user_id]["teammates"]
    assert people[OWNER.user_id]["authorization"] == "Bearer of u-owner"
    assert [one["advertiser_id"] for one in settings["advertisers"]] == [one.value for one in DemoAdvertiser]

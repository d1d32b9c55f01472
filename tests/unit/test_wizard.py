"""The server of the reference wizard's page: what it hands out, to whom, and what it passes on."""

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
    """A listener of which the test decides what it hears."""

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
    """Serving, with no stack to show yet."""
    with Wizard() as made:
        yield made


@pytest.fixture
def shown(wizard: Wizard, bus: Bus, started_over: list[str]) -> Wizard:
    """Showing a stack."""
    wizard.show(Shown(API, {"api": API}, (API, CONTROL), News(bus), lambda: started_over.append("over")))
    return wizard


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=SECONDS, allow_redirects=False)


def origin(wizard: Wizard) -> str:
    return wizard.url.removesuffix("/wizard")


def test_every_file_of_the_page_is_served(shown: Wizard) -> None:
    """With its type, and never from a cache: an edit shows on reload."""
    names = [path.name for path in PAGE.iterdir()]
    assert "app.js" in names
    for name in names:
        response = get(f"{shown.url}/{name}")
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
    assert get(shown.url).text == (PAGE / "index.html").read_text()
    assert get(origin(shown)).headers["Location"] == "/wizard"


@pytest.mark.parametrize("path", ["/wizard/../server.py", "/wizard/%2e%2e/server.py", "/wizard/nothing.js", "/other"])
def test_no_path_leads_out(shown: Wizard, path: str) -> None:
    """What is no file of the page is not there."""
    session = requests.Session()
    request = requests.Request("GET", origin(shown)).prepare()
    request.url = origin(shown) + path
    assert session.send(request, timeout=SECONDS, allow_redirects=False).status_code == 404


def test_the_policy_names_the_stack_alone(shown: Wizard) -> None:
    """Nothing comes from elsewhere, and the page can talk to nobody but the API and the simulator's control."""
    rules = get(shown.url).headers["Content-Security-Policy"].split("; ")
    policy = {name: value for name, _, value in (rule.partition(" ") for rule in rules)}
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == f"'self' {API} {CONTROL}"
    assert policy["script-src"] == policy["style-src"] == "'self'"


def test_the_page_has_a_button_for_every_action() -> None:
    """What a fix asks for is read from its action, and nothing is guessed from reasons."""
    card = (PAGE / "card.js").read_text()
    (table,) = re.findall(r"const HELP = \{(.*?)\};", card, re.DOTALL)
    assert tuple(re.findall(r"(\w+):", table)) == get_args(Action)
    assert "reason" not in module


def test_tokens_are_for_its_own_name(shown: Wizard) -> None:
    """A page elsewhere whose host name was bent to this machine gets neither tokens nor a new start."""
    assert get(f"{shown.url}/config.json").json() == {"api": API}
    assert get(f"{shown.url}/config.json", Host="evil.example").status_code == 421


def test_whoever_types_localhost_reads_where_the_page_is(shown: Wizard) -> None:
    """Instead of an empty window."""
    answer = get(shown.url, Host=f"localhost:{origin(shown).rpartition(':')[2]}")
    assert (answer.status_code, answer.text) == (421, f"This page is at {shown.url}\n")


def test_before_there_is_a_stack(wizard: Wizard) -> None:
    """The page is there, its settings and news are not."""
    assert get(wizard.url).status_code == 200
    assert get(f"{wizard.url}/config.json").status_code == 503
    assert get(f"{wizard.url}/events").status_code == 503
    reset = requests.post(f"{wizard.url}/start-over", headers={"Origin": origin(wizard)}, timeout=SECONDS)
    assert reset.status_code == 503


def test_starting_over_is_for_the_page_alone(shown: Wizard, started_over: list[str]) -> None:
    """Another origin's page cannot press the button."""
    url = f"{shown.url}/start-over"
    assert requests.post(url, headers={"Origin": "http://evil.example"}, timeout=SECONDS).status_code == 404
    assert not resets
    assert requests.post(url, headers={"Origin": origin(shown)}, timeout=SECONDS).status_code == 204
    assert resets == ["reset"]


def test_news_from_now_on(shown: Wizard, bus: Bus) -> None:
    """Each open page gets what is told after it was opened; the stream ends with the stack."""
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
            told = next(line for line in lines if line.startswith("data: "))
            assert json.loads(told.removeprefix("data: "))["detail"] == {"advertiser_id": "new"}
        shown.hide()
        assert all(not line or line.startswith(":") for lines in streams for line in lines)


def test_settings_say_who_reaches_what() -> None:
    """Own advertisers first, a team's for those who see it; each person with their bearer token."""

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

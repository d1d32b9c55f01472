"""`make verify-tiktok` against the simulator: agreements, each kind of surprise, and recordings that name nobody."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from local.console import CommandError
from local.paths import ROOT
from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import DeveloperApp
from tiktok_business.transport import Body, RawAnswer, Transport
from tools.verify_tiktok.__main__ import main
from tools.verify_tiktok.compare import compare
from tools.verify_tiktok.observe import Observation, Observer
from tools.verify_tiktok.recordings import Anonymiser, recording, replay

ACCOUNT = DemoAdvertiser.LIBRARY_FORM.value
TOKEN = DemoToken.MANAGER.value
WRITES = {"identity/create/", "file/image/ad/upload/", "oauth2/access_token/", "oauth2/revoke_token/"}


def observed(transport: Transport, tiktok: Simulator, token: str = TOKEN, account: str = ACCOUNT) -> list[Observation]:
    """Return every observation, made without waiting."""
    app = DeveloperApp(tiktok.world.app_id, SecretStr(tiktok.world.app_secret))
    return Observer(transport, SecretStr(token), app, sleep=lambda _: None).all(account)


def surprises(transport: Transport, tiktok: Simulator) -> list[tuple[str, str]]:
    """Return endpoint and text of every surprise."""
    found = compare(observed(transport, tiktok))
    return [(one.subject.partition(" ")[0], one.text) for one in found if one.surprise]


@dataclass(frozen=True)
class Changed:
    """The simulator, whose answers of one endpoint are changed."""

    transport: Transport
    endpoint: str
    change: Callable[[dict[str, Any]], object]

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        answer = self.transport.send(method, endpoint, token=token, deadline=deadline, params=params, body=body)
        envelope = json.loads(answer.body)
        if endpoint == self.endpoint and envelope["code"] == 0:
            self.change(envelope["data"])
        return RawAnswer(answer.status, json.dumps(envelope).encode())


def test_the_simulator_agrees(transport: Transport, tiktok: Simulator) -> None:
    """Nothing of the simulator surprises, and every endpoint with rows has an agreement."""
    found = compare(observed(transport, tiktok))
    assert [one for one in found if one.surprise] == []
    assert len([one for one in found if one.surprise is False]) == 26


def test_every_read_endpoint_is_asked(transport: Transport, tiktok: Simulator) -> None:
    """Each endpoint that the client names and that is no write is asked; nothing is written."""
    named: set[str] = set()
    for file in ("endpoints.py", "oauth.py"):
        tree = ast.parse((ROOT / "layers/shared/tiktok_business" / file).read_text(encoding="utf-8"))
        texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        named |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"(?:[a-z0-9_]+/)+", text)}
    asked = {exchange.endpoint for one in observed(transport, tiktok) for exchange in one.exchanges}
    assert asked == named - WRITES
    assert {request.method for request in tiktok.requests} == {"GET"}


def first_pixel(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    """Return a change of the first pixel."""
    return lambda data: change(data["pixels"][0])


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], object], str]] = {
    "a field is gone": (
        "pixel/list/",
        first_pixel(lambda row: row.pop("activity_status")),
        "activity_status is in no row",
    ),
    "a nested field is gone": (
        "pixel/list/",
        first_pixel(lambda row: row.update(asset_ownership={"owner": 1})),
        "asset_ownership.asset_relation_status is in no row",
    ),
    "a shown field has another type": (
        "pixel/list/",
        first_pixel(lambda row: row.update(pixel_name=5)),
        "pixel_name is a number, and is read as nothing",
    ),
    "a deciding field has another type": (
        "catalog/get/",
        lambda data: [row.update(ad_creation_eligible=["AVAILABLE"]) for row in data["list"]],
        "1 of 1 rows are unreadable: ad_creation_eligible is a list",
    ),
    "a flag has another type": (
        "advertiser/info/",
        lambda data: [row.update(can_use_custom_identity="YES") for row in data["list"] if len(row) == 2],
        "can_use_custom_identity is a text, and is read as nothing",
    ),
    "an id is gone": (
        "app/list/",
        lambda data: data["apps"][0].pop("app_id"),
        "1 of 2 rows are unreadable: app_id is absent",
    ),
    "no page_info": ("bc/get/", lambda data: data.pop("page_info"), "has no page_info"),
    "a count as text": (
        "pixel/list/",
        lambda data: data["page_info"].update(total_number="1"),
        "page_info.total_number is a text, not a number",
    ),
    "another page size": (
        "pixel/list/",
        lambda data: data["page_info"].update(page_size=10),
        "the page size is 10, although 20 was asked for",
    ),
    "fewer rows than counted": (
        "page/library/get/",
        lambda data: data["page_info"].update(total_number=2),
        "IncompleteListingError (None: only 1 of 2 rows)",
    ),
    "another name of the list": (
        "app/list/",
        lambda data: data.update(app_list=data.pop("apps")),
        "UnexpectedResponseError (0: code 0 without a list apps)",
    ),
    "terms of another shape": (
        "term/check/",
        lambda data: data.update(confirmed="maybe"),
        "1 of 1 rows are unreadable: confirmed is a text",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_difference_is_a_surprise(transport: Transport, tiktok: Simulator, name: str) -> None:
    """The endpoint and the field are named, with what came instead; never the value."""
    endpoint, change, text = CHANGES[name]
    assert (endpoint, text) in surprises(Changed(transport, endpoint, change), tiktok)


@dataclass(frozen=True)
class Recoded:
    """The simulator, with another code, message or status for one of its codes."""

    transport: Transport
    code: int
    instead: Mapping[str, Any]
    status: int = 200

    def send(self, method: str, endpoint: str, **options: Any) -> RawAnswer:
        answer = self.transport.send(method, endpoint, **options)
        envelope = json.loads(answer.body)
        if envelope["code"] != self.code:
            return answer
        return RawAnswer(self.status, json.dumps({**envelope, **self.instead}).encode())


def test_another_code_or_text_of_an_error_is_a_surprise(transport: Transport, tiktok: Simulator) -> None:
    """A refusal that is read as another kind of error is named with its code and text."""
    gone = Recoded(transport, 40105, {"code": 40002, "message": "Bad token."})
    assert ("app/list/", "answers RequestRejectedError (40002: Bad token.), not TokenInvalidError") in surprises(
        gone, tiktok
    )
    allowed = Recoded(transport, 40002, {"code": 0, "data": {}})
    assert ("pixel/list/", "answers 0 rows, not RequestRejectedError") in surprises(allowed, tiktok)


def test_an_unknown_code_and_another_status_are_surprises(transport: Transport, tiktok: Simulator) -> None:
    """A code without a row of its own, and an error that does not come with HTTP 200."""
    tiktok.world.advertisers[ACCOUNT].deleted = True
    found = surprises(Recoded(transport, 40001, {"code": 45678, "message": "New."}, status=403), tiktok)
    assert ("pixel/list/", "code 45678 comes with HTTP 403, not 200") in found
    found = surprises(Recoded(transport, 40001, {"code": 45678, "message": "New."}), tiktok)
    assert ("pixel/list/", "code 45678 is in no row of return_codes.py of its own: New.") in found


def test_a_missing_permission_is_a_note(transport: Transport, tiktok: Simulator) -> None:
    """What the token may not read teaches nothing, and is no surprise."""
    found = compare(observed(transport, tiktok, DemoToken.NARROW_SCOPE.value, DemoAdvertiser.EVERYTHING_READY.value))
    (note,) = [one for one in found if one.subject == "pixel/list/ pixels"]
    assert (note.surprise, note.text) == (None, "the token lacks the permission: grant it to learn more")


def test_a_recording_names_nobody(transport: Transport, tiktok: Simulator) -> None:
    """No id, name, URL or secret of the world is in it, and a replay makes the same of it."""
    observations = observed(transport, tiktok)
    text = recording(observations, ACCOUNT, [SecretStr(TOKEN)])
    world = tiktok.world
    private = [TOKEN, world.app_id, world.app_secret, "simulated", "images.example", "preview.example", "Rome", "EUR"]
    private += [one for center in world.business_centers.values() for one in (center.id, center.name)]
    assets: list[Any] = []
    for advertiser in world.advertisers.values():
        private += [advertiser.id, advertiser.name]
        assets += [*advertiser.identities, *advertiser.pixels, *advertiser.apps, *advertiser.pages]
    names = ("id", "name", "display_name", "title")
    private += [getattr(asset, name) for asset in assets for name in names if getattr(asset, name, None)]
    assert [one for one in private if one in text] == []
    replayed = replay(text)
    assert [one.outcome for one, _ in replayed] == [one.outcome for one in observations]
    assert [outcome for _, outcome in replayed] == [one.outcome for one in observations]


def test_the_same_value_is_replaced_by_the_same() -> None:
    """Types, lengths of numbers and shapes are kept; a number and its digits as text stay equal."""
    anonymiser = Anonymiser()
    sent = {
        "list": [{"id": 7300000000000000001, "other": "7300000000000000001", "name": "Acme", "balance": 12.75}],
        "status": "STATUS_ENABLE",
        "advertiser_status": "free text",
        "7300000000000000001": True,
        "create_time": "2026-05-28 20:26:40",
        "url": "https://p16.example/a.jpg?x-expires=1",
        "none": None,
        "page_info": {"page": 3, "total_number": 12345},
    }
    got = anonymiser.value(sent)
    (row,) = got["list"]
    assert str(row["id"]) == row["other"]
    assert len(row["other"]) == 19
    assert row["other"] != "7300000000000000001"
    assert got[row["other"]] is True
    assert (row["name"], row["balance"], got["none"]) == ("text 2", 1.5, None)
    assert (got["status"], got["advertiser_status"]) == ("STATUS_ENABLE", "text 3")
    assert (got["create_time"], got["url"]) == ("2020-01-01 00:00:00", "https://tiktok.invalid/4")
    assert got["page_info"] == {"page": 3, "total_number": 12345}


def test_sentences_keep_their_words() -> None:
    """TikTok's texts decide what a code means: only values in them are replaced."""
    anonymiser = Anonymiser()
    anonymiser.value({"advertiser_id": "7300000000000000001", "name": "Acme Shoes"})
    text = "The advertiser 7300000000000000001 (Acme Shoes, a@b.example, 7999999999) doesn't exist or has been deleted."
    sentence = anonymiser.value({"message": text})["message"]
    assert re.fullmatch(
        r"The advertiser 7000000000000000001 \(text 2, text \d, 7\d{9}\) doesn't exist or has been deleted\.", sentence
    )


def test_a_recording_with_a_secret_is_refused(transport: Transport, tiktok: Simulator) -> None:
    """If a secret were in it after all, nothing would be written."""
    with pytest.raises(CommandError, match="Nothing was written"):
        recording(observed(transport, tiktok), ACCOUNT, [SecretStr("STATUS_ENABLE")])


def test_the_command(tiktok: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints agreements, writes a recording and returns 0; the token is in neither."""
    words = ["--base-url", tiktok.base_url, "--record", str(tmp_path / "a" / "recording.json")]
    environment = {"TIKTOK_ACCESS_TOKEN": f"{TOKEN}\n", "TIKTOK_ADVERTISER_ID": ACCOUNT}
    assert main(words, environment) == 0
    printed = capsys.readouterr().out
    assert "agreements, 0 surprises" in printed
    written = (tmp_path / "a" / "recording.json").read_text()
    assert TOKEN not in printed + written
    assert json.loads(written)["app"] is False


def test_a_surprise_is_exit_code_1(tiktok: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A deleted ad account surprises everywhere."""
    tiktok.world.advertisers[ACCOUNT].deleted = True
    words = ["--base-url", tiktok.base_url, "--record", str(tmp_path / "recording.json")]
    app = {"TIKTOK_APP_ID": tiktok.world.app_id, "TIKTOK_APP_SECRET": tiktok.world.app_secret}
    assert main(words, {"TIKTOK_ACCESS_TOKEN": TOKEN, "TIKTOK_ADVERTISER_ID": ACCOUNT, **app}) == 1
    assert "SURPRISE" in capsys.readouterr().out


GOOD = {"TIKTOK_ACCESS_TOKEN": "t", "TIKTOK_ADVERTISER_ID": "1"}


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        ([], {}, r"TIKTOK_ACCESS_TOKEN is not set\. Export"),
        ([], {"TIKTOK_ACCESS_TOKEN": "t"}, r"Set TIKTOK_ADVERTISER_ID, or TIKTOK_APP_ID and TIKTOK_APP_SECRET"),
        ([], {**GOOD, "TIKTOK_ADVERTISER_ID": "x"}, r"TIKTOK_ADVERTISER_ID must be the digits"),
        ([], {**GOOD, "TIKTOK_APP_ID": "7"}, r"belong together: set both or neither"),
        (["--base-url", "http://tiktok.example"], GOOD, r"--base-url must be an https:// URL"),
        (["--base-url", "http://127.0.0.1:1"], GOOD, r"TikTok cannot be reached: no connection"),
    ],
)
def test_mistakes_are_named(words: list[str], environment: Mapping[str, str], message: str, tmp_path: Path) -> None:
    """Each mistake is an error that says what to do, and nothing is written."""
    with pytest.raises(CommandError, match=message):
        main([*words, "--record", str(tmp_path / "r.json")], environment)
    assert list(tmp_path.iterdir()) == []


def test_an_invalid_token_is_named(tiktok: Simulator, tmp_path: Path) -> None:
    """If TikTok refuses every read because of the token, nothing was learnt."""
    words = ["--base-url", tiktok.base_url, "--record", str(tmp_path / "r.json")]
    with pytest.raises(CommandError, match="TikTok calls the token invalid"):
        main(words, {**GOOD, "TIKTOK_ACCESS_TOKEN": DemoToken.REVOKED.value})


def test_it_prints_no_stack_trace() -> None:
    """Without a token the command prints what to set, and exits with 1."""
    command = [sys.executable, "-m", "tools.verify_tiktok"]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("TIKTOK_ACCESS_TOKEN is not set.")

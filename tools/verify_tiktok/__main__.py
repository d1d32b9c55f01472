"""The command `python -m tools.verify_tiktok`."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

from local.console import CommandError, Console, exit_after
from local.paths import ROOT, WORK
from publishing.environment import SettingsError, checked_url
from tiktok_business.errors import TokenInvalidError, UnavailableError
from tiktok_business.oauth import DeveloperApp
from tiktok_business.transport import PRODUCTION_BASE_URL, RequestsTransport
from tools.verify_tiktok.compare import Finding, compare
from tools.verify_tiktok.observe import Observation, Observer
from tools.verify_tiktok.recordings import recording

TOKEN, ADVERTISER, APP_ID, APP_SECRET = (
    "TIKTOK_ACCESS_TOKEN",
    "TIKTOK_ADVERTISER_ID",
    "TIKTOK_APP_ID",
    "TIKTOK_APP_SECRET",
)
_HOW = f"""\
{TOKEN} is not set. Export a person's access token, in a way that no history keeps:
  read -rs {TOKEN} && export {TOKEN}
and {ADVERTISER}, an ad account that it reaches; or {APP_ID} and {APP_SECRET}, with which TikTok lists those."""
_WORDS = {False: "agrees", None: "note", True: "SURPRISE"}
"""In the order in which they are printed, so that surprises are seen."""
_RECORDING = WORK / "tiktok-recording.json"


def main(words: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Ask TikTok, print what agrees and what does not, and write a recording; return 0 without surprises, else 1.

    Raises:
        CommandError: a variable is missing, the token is invalid, or TikTok cannot be reached.
    """
    options = _options(words)
    if not environment.get(TOKEN):
        raise CommandError(_HOW)
    token, app = SecretStr(environment[TOKEN].strip()), _app(environment)
    advertiser_id = environment.get(ADVERTISER)
    if app is None and not advertiser_id:
        raise CommandError(f"Set {ADVERTISER}, or {APP_ID} and {APP_SECRET}, with which TikTok lists ad accounts.")
    if advertiser_id and not (advertiser_id.isascii() and advertiser_id.isdigit()):
        raise CommandError(f"{ADVERTISER} must be the digits of an ad account's id.")
    try:
        transport = RequestsTransport(checked_url("--base-url", options.base_url))
    except SettingsError as error:
        raise CommandError(f"{error}.") from None
    console = Console()
    with console.step(f"Asking {options.base_url}"):
        observations = Observer(transport, token, app).all(advertiser_id)
    _stop_if_nothing_was_learnt(observations)
    findings = compare(observations)
    secrets = [token, *([app.secret] if app else [])]
    options.record.parent.mkdir(parents=True, exist_ok=True)
    options.record.write_text(recording(observations, advertiser_id, secrets), encoding="utf-8")
    print_findings(findings, console)
    console.line(f"\nRecorded without names, ids and tokens: {_shown(options.record)}")
    console.line("Read it, then keep it in tests/contract/recordings/, where a test replays it.")
    return 1 if any(one.surprise for one in findings) else 0


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print the table of all findings, and how many there are."""
    words = {False: "agrees", None: "note", True: "SURPRISE"}
    rows = [(words[one.surprise], one.subject, one.text) for one in findings]
    console.line()
    console.table(
        ("", "endpoint", "what TikTok answers"), sorted(rows, key=lambda row: list(words.values()).index(row[0]))
    )
    surprises = sum(bool(one.surprise) for one in findings)
    agreed = sum(one.surprise is False for one in findings)
    console.line(f"\n{agreed} agreements, {surprises} surprises")
    if surprises:
        console.line("A surprise is a difference from docs/tiktok.md or from the models: see its section on verifying.")


def _app(environment: Mapping[str, str]) -> DeveloperApp | None:
    app_id, secret = environment.get(APP_ID), environment.get(APP_SECRET)
    if bool(app_id) != bool(secret):
        raise CommandError(f"{APP_ID} and {APP_SECRET} belong together: set both or neither.")
    return DeveloperApp(app_id, SecretStr(secret)) if app_id and secret else None


def _stop_if_nothing_was_learnt(observations: Sequence[Observation]) -> None:
    reads = [one for one in observations if one.expected is None]
    errors = [one.error for one in reads if one.error is not None]
    if len(errors) < len(reads):
        return
    for error in errors:
        if isinstance(error, TokenInvalidError):
            raise CommandError(f"TikTok calls the token invalid ({error.code}: {error.message}). Connect again.")
        if isinstance(error, UnavailableError):
            raise CommandError(f"TikTok cannot be reached: {error.message}. Is --base-url right?")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.verify_tiktok",
        description="Compare TikTok's answers with what this code expects, read-only.",
        epilog=f"From the environment, never from an option: {TOKEN}, {ADVERTISER}, {APP_ID}, {APP_SECRET}.",
    )
    parser.add_argument("--base-url", default=PRODUCTION_BASE_URL, help="TikTok's API with its version path")
    parser.add_argument("--record", type=Path, default=_RECORDING, help="the file of the recording")
    return parser.parse_args(words)


if __name__ == "__main__":
    exit_after(main)

"""Recorded answers of TikTok, without names and ids: this code still reads them as when they were recorded.

`make verify-tiktok` writes them. `simulator.json` was recorded from the simulator.
"""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator
from tiktok_business.oauth import DeveloperApp
from tiktok_business.transport import RequestsTransport
from tools.verify_tiktok.compare import compare
from tools.verify_tiktok.observe import Observer
from tools.verify_tiktok.recordings import recording, replay

COMMAND = "RECORDINGS=write .venv/bin/python -m pytest tests/contract/test_recordings.py"
RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json"))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.stem)
def test_a_recording_is_read_as_before(recording: Path) -> None:
    """Every read has the recorded number of rows or the recorded error, and nothing surprises."""
    replayed = replay(recording.read_text(encoding="utf-8"))
    assert [(one.name, one.outcome) for one, _ in replayed] == [(one.name, outcome) for one, outcome in replayed]
    assert [one for one in compare([one for one, _ in replayed]) if one.surprise] == []


def test_the_recording_of_the_simulator_is_current(running: Simulator) -> None:
    """The simulator still answers like this; the failure names the command that records it again."""
    file, world = Path(__file__).parent / "recordings" / "simulator.json", running.world
    token, account = SecretStr(DemoToken.MANAGER.value), DemoAdvertiser.LIBRARY_FORM.value
    app = DeveloperApp(world.app_id, SecretStr(world.app_secret))
    observations = Observer(RequestsTransport(running.base_url), token, app).all(account)
    written = recording(observations, account, [token, app.secret])
    if os.environ.get("RECORDINGS") == "write":
        file.write_text(written, encoding="utf-8")
        return
    assert file.read_text(encoding="utf-8") == written, f"record it again with: {COMMAND}"
    empty = {one.name for one in observations if one.expected is None and one.outcome == 0}
    assert empty == {"identities AUTH_CODE", "catalogs", "lead forms"}

"""Recorded answers of TikTok, without names and ids: this code still reads them as when they were recorded.

`make verify-tiktok` writes them. `simulator.json` was recorded from the simulator.
"""

from pathlib import Path

import pytest

from tools.verify_tiktok.compare import compare
from tools.verify_tiktok.recordings import replay

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json"))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.stem)
def test_a_recording_is_read_as_before(recording: Path) -> None:
    """Every read has the recorded number of rows or the recorded error, and nothing surprises."""
    replayed = replay(recording.read_text(encoding="utf-8"))
    assert [(one.name, one.outcome) for one, _ in replayed] == [(one.name, outcome) for one, outcome in replayed]
    assert [one for one in compare([one for one, _ in replayed]) if one.surprise] == []


def test_there_is_a_recording() -> None:
    """At least the one from the simulator, with rows of every read."""
    (simulated,) = [one for one in RECORDINGS if one.stem == "simulator"]
    replayed = replay(simulated.read_text(encoding="utf-8"))
    empty = {one.name for one, outcome in replayed if one.expected is None and outcome == 0}
    assert empty == {"identities AUTH_CODE", "catalogs", "lead forms"}

"""The emulator's own process."""

import subprocess
import sys
from pathlib import Path

from tests.support.stack import eventually

STARTER = """
from local.ministack.emulator import Emulator
emulator = Emulator().start()
print(emulator._folder.name, flush=True)
input()
"""


def test_it_leaves_no_folder_behind_if_its_starter_is_killed() -> None:
    """It ends, and removes the extracted functions, which may be in memory."""
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        folder = Path(starter.stdout.readline().strip())
        assert folder.is_dir()
        starter.kill()
    assert eventually(lambda: not folder.exists() or None, "the removal of its folder")

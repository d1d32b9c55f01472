"""The command `python -m local.verify`."""

import argparse
import os
import tomllib

from local.console import Console, exit_after
from local.paths import ROOT
from local.verify.report import print_table, verify
from local.verify.stage import LOCAL, TOKEN, UNSUBSCRIBED_TOKEN, stage_of
from tiktok_business.deadline import Deadline

_SECONDS = 600.0


def main() -> int:
    """Verify a stage; return 0 if nothing is wrong, else 1.

    Raises:
        CommandError: the stage cannot be verified.
    """
    options = _options()
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    console = Console()
    stage = stage_of(options.stage, config, os.environ, Deadline.after(_SECONDS), options.port)
    console.line(f"Verifying {stage.stack_name}{'' if options.write else ', without changing anything'}")
    return 0 if print_table(stage, verify(stage, console, write=options.write), console) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.verify",
        description="Verify a deployed stage from outside, within ten minutes.",
        epilog=f"Bearer tokens come from the environment, never from an option: {TOKEN}, and optionally "
        f"{UNSUBSCRIBED_TOKEN} of a team without a subscription.",
    )
    parser.add_argument("--stage", default="", help=f"a section of samconfig.toml, or {LOCAL} for make run")
    parser.add_argument("--port", type=int, default=4566, help=f"port of make run, for the stage {LOCAL}")
    parser.add_argument("--write", action="store_true", help="also what changes something: an event, a check")
    return parser.parse_args()


if __name__ == "__main__":
    exit_after(main)

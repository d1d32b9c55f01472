"""The local stack's commands: `python -m local run`, `python -m local demo`."""

import argparse
import platform
import signal
import sys
import threading

from local.console import Console, StackError
from local.demo.story import tell
from local.demo.welcome import welcome
from local.ministack.background import FAST
from local.ministack.build import build_parameters
from local.ministack.invoke_template import write_invoke_template
from local.stack import LocalStack


def main() -> int:
    """Run a command; its exit code is 0 only if all went as it should."""
    options = _options()
    console = Console()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    console.line(f"\nWevion TikTok publishing on this machine (Python {platform.python_version()})")
    runtime = build_parameters()["PythonRuntime"]
    if runtime != "python3.13":
        console.line(f"  No Python 3.13 here: functions are built for {runtime} (AWS gets python3.13)")
    try:
        with LocalStack(port=options.port, parameters=FAST, console=console) as stack:
            tell(stack, console)
            if options.command == "run":
                stack.start_over()  # whoever plays the wizard's page begins where the story began
                write_invoke_template(stack.aws, stack.main)
                welcome(stack, console)
                console.line("Ctrl-C ends it.")
                threading.Event().wait()
    except StackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        console.line("\nEnded; all that was started is stopped.")
        return 0 if options.command == "run" else 130
    console.line("\nEvery answer was as expected.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="The local stack.")
    parser.add_argument("command", choices=["run", "demo"], help="stay up until Ctrl-C, or end after the story")
    parser.add_argument("--port", type=int, default=4566, help="port of emulated AWS on 127.0.0.1 (0: a free one)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

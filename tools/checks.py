"""`make lint`, `make check` and `make audit`: checks that run side by side, one line each.

What a check prints is shown only if it fails. `make check` adds the unit tests that a change can affect, see
`tools.affected_tests`, and leaves out checks whose files have not changed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from local.paths import ROOT, SAM
from tools.affected_tests import affected_tests, changed_files

_BIN = Path(sys.executable).parent
_CHECKOV = ROOT / ".tools" / "checkov" / "bin" / "checkov"
_WIDTH = 44
_SHELL_SCRIPTS = (".ci/chromium", ".ci/run", "local/find-python", "local/make-environments", "local/uv")


@dataclass(frozen=True)
class Check:
    """A command that exits with 0 if there is nothing to report.

    `inputs` are the only files that can change its result; an empty tuple stands for any file.
    """

    name: str
    command: tuple[str, ...]
    inputs: tuple[str, ...] = ()


# The slowest first, so that they run beside the others.
LINT = (
    Check("mypy", (f"{_BIN}/mypy",)),
    Check("cfn-lint", (f"{SAM}/cfn-lint",), ("template.yaml", "deploy/pipeline.yaml", ".cfnlintrc")),
    # cfn-lint applies its rules itself, so `--lint` is not needed here.
    Check("sam validate", (f"{SAM}/sam", "validate", "--region", "us-east-1"), ("template.yaml", "samconfig.toml")),
    Check("import rules", (f"{_BIN}/lint-imports", "--no-logo")),
    Check("ruff check", (f"{_BIN}/ruff", "check", "--quiet", ".")),
    Check("ruff format", (f"{_BIN}/ruff", "format", "--check", ".")),
    Check("shellcheck", (f"{_BIN}/shellcheck", *_SHELL_SCRIPTS)),
    Check("zizmor", (f"{_BIN}/zizmor", "--offline", "--quiet", ".github")),
    Check("oxlint", (f"{_BIN}/oxlint", "--deny-warnings", "local/wizard")),
)
AUDIT = (
    Check("checkov", (str(_CHECKOV), "--config-file", ".checkov.yaml")),
    Check("licences and SBOM of shipped packages", (sys.executable, "-m", "tools.shipped")),
)


def for_change(changed: Collection[str], tests: Sequence[str]) -> list[Check]:
    """The checks of `make check`: the unit tests in these files, and LINT without what the change cannot affect."""
    checks = [check for check in LINT if not check.inputs or not set(check.inputs).isdisjoint(changed)]
    if not tests:
        return checks
    label = "unit tests (1 file)" if len(tests) == 1 else f"unit tests ({len(tests)} files)"
    # Each process takes seconds to start, which a few files do not repay. Tests of time limits wait: one more process
    # than processors.
    processes = str((os.cpu_count() or 1) + 1) if len(tests) > 3 else "0"  # noqa: PLR2004 - see above
    pytest = (sys.executable, "-m", "pytest", "--quiet", "--numprocesses", processes, "-m", "not deep", *tests)
    return [Check(label, pytest), *checks]


def run(checks: Sequence[Check]) -> bool:
    """Run the checks, as many at once as there are processors; print a line for each. True if all succeed."""
    failed: list[tuple[Check, str]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(_run, check): check for check in checks}
        for one in as_completed(running):
            check, (seconds, output) = running[one], one.result()
            if output is not None:
                failed.append((check, output))
            outcome = "failed" if output is not None else f"{seconds:6.1f} s"
            sys.stdout.write(f"  {check.name:<{_WIDTH}}{outcome}\n")
            sys.stdout.flush()
    for check, output in failed:
        sys.stdout.write(f"\n{check.name}:\n{output}\n")
    return not failed


def _run(check: Check) -> tuple[float, str | None]:
    """The seconds that a check took, and its output if it failed."""
    started = time.monotonic()
    try:
        ended = subprocess.run(  # noqa: S603 - commands of this file
            check.command,
            cwd=ROOT,
            env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        return time.monotonic() - started, f"{error.strerror}: {check.command[0]}. Run: make environment"
    return time.monotonic() - started, ended.stdout.strip() if ended.returncode else None


def main() -> int:
    """Run the checks of a command; 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks", description="Checks that run side by side.")
    parser.add_argument("command", choices=["lint", "check", "audit"])
    command = parser.parse_args().command
    if command == "check":
        changed = changed_files(ROOT)
        tests = affected_tests(changed, ROOT)
        checks: Sequence[Check] = for_change(changed, tests)
        if not tests:
            sys.stdout.write("  No unit test is affected by what has changed since origin/main.\n")
    else:
        checks = LINT if command == "lint" else AUDIT
    try:
        return 0 if run(checks) else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""`make mutation`: tries every mutant and prints a table; fails below 90 % and on survivors without an explanation."""

import json
import sys
import time
from collections.abc import Iterable, Mapping

from local.paths import ROOT, WORK
from tools.mutation.explanations import Explanations, read
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.trials import Outcome, TrialError, check, outcomes, warm_up

LEAST = 0.9
"""How much of a module's mutants has to be killed."""
_UNIT = "tests/unit"
TESTS: Mapping[str, tuple[str, ...]] = {
    "publishing.preflight.verdict": (
        f"{_UNIT}/preflight/test_verdict.py",
        f"{_UNIT}/preflight/test_verdict_properties.py",
    ),
    "publishing.preflight.findings": (f"{_UNIT}/preflight/test_findings.py", f"{_UNIT}/preflight/test_verdict.py"),
    "publishing.preflight.objectives": (f"{_UNIT}/preflight/test_objectives.py",),
    "publishing.teams": (f"{_UNIT}/publishing/test_teams.py", f"{_UNIT}/publishing/test_token_choice.py"),
    "publishing.token_choice": (f"{_UNIT}/publishing/test_token_choice.py",),
    "publishing.access": (f"{_UNIT}/publishing/test_access.py",),
    "publishing.connecting.changes": (f"{_UNIT}/connecting/test_changes.py",),
    "publishing.connecting.states": (f"{_UNIT}/connecting/test_states.py",),
    "publishing.connecting.advertisers": (f"{_UNIT}/connecting/test_advertisers.py",),
    "publishing.connecting.refusals": (f"{_UNIT}/connecting/test_refusals.py",),
    "tiktok_business.return_codes": (f"{_UNIT}/tiktok_business/test_return_codes.py",),
    "tiktok_business.errors": (f"{_UNIT}/tiktok_business/test_errors.py",),
}
"""The modules to mutate, and the tests that are to notice it."""
_ROW = "  {:<30}{:>8}{:>8}{:>10}{:>9}{:>10}{:>8}"


def main(modules: Iterable[str]) -> int:
    """Try the mutants of ``modules``; the exit code."""
    explanations = read()
    warm_up()
    _say(_ROW.format("module", "mutants", "killed", "survived", "share", "left out", "took"))
    complaints = [complaint for module in modules for complaint in _module(module, explanations)]
    _say("\n" + ("\n".join(complaints) or "Every survivor is explained in tools/mutation/survivors.toml."))
    return 1 if complaints else 0


def _module(module: str, explanations: Explanations) -> list[str]:
    """Try the mutants of ``module``, print its row, and return what is wrong with it."""
    started = time.monotonic()
    source = (ROOT / "layers" / "shared" / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    log = WORK / "mutation" / f"{module}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    check(module, source, TESTS[module], log)
    made = list(mutants_of(module, source))
    left_out = [mutant for mutant in made if explanations.leave_out(mutant)]
    to_try = [mutant for mutant in made if not explanations.leave_out(mutant)]
    tried: list[tuple[Mutant, Outcome]] = []
    for result in outcomes(to_try, TESTS[module]):
        tried.append(result)
        if sys.stdout.isatty():
            _say(f"\r  {module:<30}{len(tried):>8} of {len(to_try)}", end="")
    survivors = [mutant for mutant, outcome in tried if outcome is Outcome.SURVIVED]
    killed = sum(outcome is Outcome.KILLED for _, outcome in tried)
    counted = killed + len(survivors)
    took = f"{time.monotonic() - started:.0f} s"
    start_of_line = "\r" if sys.stdout.isatty() else ""
    share = f"{killed / counted:.1%}"
    _say(start_of_line + _ROW.format(module, counted, killed, len(survivors), share, len(made) - counted, took))
    return [
        *([f"{module}: less than {LEAST:.0%} killed"] if killed < LEAST * counted else []),
        *(f"Survived without an explanation: {_told(mutant)}" for mutant in explanations.unexplained(survivors)),
        *(
            f"Explained, but there is no such survivor: {one}"
            for one in explanations.stale(module, survivors, left_out)
        ),
    ]


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


def _told(mutant: Mutant) -> str:
    """The mutant, its lines as survivors.toml wants them."""
    return f"{mutant.module}, {mutant.where}\n  {json.dumps([mutant.original, mutant.mutated], ensure_ascii=False)},"


if __name__ == "__main__":
    asked = sys.argv[1:]
    if not TESTS.keys() >= set(asked):
        sys.exit(f"MODULES are some of: {' '.join(TESTS)}")
    try:
        sys.exit(main(asked or TESTS))
    except TrialError as error:
        sys.exit(str(error))

"""``make mutation``: tests every mutant and prints a table; fails below 90 % and for unexplained survivors."""

import json
import sys
from collections.abc import Mapping

from local.console import CommandError, Console, exit_after
from local.paths import ROOT, WORK
from tools.mutation.explanations import Explanations, read
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.trials import Outcome, check, outcomes, warm_up

LEAST = 0.9
"""The share of a module's mutants that must be killed."""
_UNIT = "tests/unit"
TESTS: Mapping[str, tuple[str, ...]] = {
    "publishing.preflight.verdict": (
        f"{_UNIT}/preflight/test_verdict.py",
        f"{_UNIT}/preflight/test_verdict_properties.py",
    ),
    "publishing.preflight.findings": (f"{_UNIT}/preflight/test_findings.py", f"{_UNIT}/preflight/test_verdict.py"),
    "publishing.preflight.objectives": (f"{_UNIT}/preflight/test_objectives.py",),
    "publishing.teams": (f"{_UNIT}/test_teams.py", f"{_UNIT}/test_tokens_candidates.py"),
    "publishing.tokens": (f"{_UNIT}/test_tokens_candidates.py",),
    "publishing.authorizer.policy": (f"{_UNIT}/authorizer/test_policy.py",),
    "publishing.connections.pending_operation": (f"{_UNIT}/connections/test_pending_operation.py",),
    "publishing.connections.authorize": (f"{_UNIT}/connections/test_authorize.py",),
    "publishing.connections.advertiser_list": (f"{_UNIT}/connections/test_advertiser_list.py",),
    "tiktok_business.return_codes": (f"{_UNIT}/tiktok_business/test_return_codes.py",),
    "tiktok_business.errors": (f"{_UNIT}/tiktok_business/test_errors.py",),
}
"""The modules to mutate, and the tests that must fail."""
Row = tuple[str, ...]


def main() -> int:
    """Test the mutants of the modules on the command line, by default of all; return 1 if a module fails.

    Raises:
        CommandError: a module is unknown, or its tests fail without a mutant.
    """
    modules = sys.argv[1:] or list(TESTS)
    if unknown := [module for module in modules if module not in TESTS]:
        raise CommandError(f"Unknown modules: {' '.join(unknown)}. MODULES can be: {' '.join(TESTS)}")
    console = Console()
    explanations = read()
    warm_up()
    results = [_module(module, explanations, console) for module in modules]
    console.line()
    console.table(("module", "mutants", "killed", "survived", "share", "left out"), [row for row, _ in results])
    complaints = [complaint for _, of_module in results for complaint in of_module]
    console.line("\n" + ("\n".join(complaints) or "Every survivor is explained in tools/mutation/survivors.toml."))
    return 1 if complaints else 0


def _module(module: str, explanations: Explanations, console: Console) -> tuple[Row, list[str]]:
    """Test the mutants of a module; return its row and its complaints."""
    source = (ROOT / "layers" / "shared" / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    log = WORK / "mutation" / f"{module}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    check(module, source, TESTS[module], log)
    mutants = list(mutants_of(module, source))
    left_out = [mutant for mutant in mutants if explanations.leave_out(mutant)]
    to_try = [mutant for mutant in mutants if not explanations.leave_out(mutant)]
    tried: list[tuple[Mutant, Outcome]] = []
    with console.step(module, refresh_in_thread=False) as step:
        for result in outcomes(to_try, TESTS[module]):
            tried.append(result)
            step.update(f"{len(tried)} of {len(to_try)}")
    survivors = [mutant for mutant, outcome in tried if outcome is Outcome.SURVIVED]
    killed = sum(outcome is Outcome.KILLED for _, outcome in tried)
    counted = killed + len(survivors)
    figures = (counted, killed, len(survivors), f"{killed / counted:.1%}", len(mutants) - counted)
    return (module, *map(str, figures)), [
        *([f"{module}: less than {LEAST:.0%} killed"] if killed < LEAST * counted else []),
        *(f"Survived without an explanation: {_as_toml(mutant)}" for mutant in explanations.unexplained(survivors)),
        *(f"Explained, but not a survivor: {one}" for one in explanations.stale(module, survivors, left_out)),
    ]


def _as_toml(mutant: Mutant) -> str:
    """Return the mutant as an entry of survivors.toml."""
    return f"{mutant.module}, {mutant.where}\n  {json.dumps([mutant.original, mutant.mutated], ensure_ascii=False)},"


if __name__ == "__main__":
    exit_after(main)

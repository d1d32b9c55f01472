"""Runs the unit tests with each mutant, in a forked process."""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Never

import pytest
from hypothesis import Phase, settings

from local.console import CommandError
from tools.mutation.mutants import Mutant

SECONDS = 60
"""Timeout for the tests of one mutant: an endless loop counts as killed."""
USED_BY_THE_TESTS = ("jwt", "pydantic", "requests")
"""Imported once before forking; the mutated modules are imported in each fork."""
_DOES_NOT_IMPORT = 64
_Trials = dict[int, tuple[Mutant, ForkProcess]]


class Outcome(StrEnum):
    """The outcome of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    BROKEN = "broken"
    """The module cannot be imported, so the mutant says nothing about the tests."""


class TrialError(CommandError):
    """The tests do not run, or fail without a mutant."""


class _Importer(MetaPathFinder, InspectLoader):
    """Imports the mutated source instead of the module's own."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self, is_package=False) if fullname == self._mutant.module else None

    def get_source(self, _fullname: str) -> str:
        return self._mutant.source


class _SameExamplesEachTime:
    """A pytest plugin: Hypothesis uses the same examples each time and does not shrink failures."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", deadline=None, derandomize=True, database=None, phases=phases)
        settings.load_profile("mutation")


def warm_up() -> None:
    """Import packages once for all forks, and exclude them from garbage collection."""
    for name in USED_BY_THE_TESTS:
        importlib.import_module(name)
    gc.freeze()


def check(module: str, source: str, tests: Sequence[str], log: Path) -> None:
    """Raise TrialError unless ``tests`` pass with ``source`` as it is."""
    trial = ForkProcess(target=_try, args=(Mutant(module, "", "", "", source), tests, log))
    trial.start()
    trial.join()
    if trial.exitcode != 0:
        raise TrialError(f"These tests fail without a mutant: {' '.join(tests)}; see {log}")


def outcomes(mutants: Iterable[Mutant], tests: Sequence[str]) -> Iterator[tuple[Mutant, Outcome]]:
    """Test each of ``mutants``, as many concurrently as there are processors."""
    running: _Trials = {}
    for mutant in mutants:
        while len(running) >= (os.cpu_count() or 1):
            yield from _ended(running)
        trial = ForkProcess(target=_try, args=(mutant, tests, Path(os.devnull)))
        trial.start()
        running[trial.sentinel] = mutant, trial
    while running:
        yield from _ended(running)


def _ended(running: _Trials) -> Iterator[tuple[Mutant, Outcome]]:
    for sentinel in wait(list(running)):
        mutant, trial = running.pop(int(sentinel))  # type: ignore[arg-type]
        trial.join()
        yield mutant, _outcome(mutant, trial.exitcode)


def _outcome(mutant: Mutant, code: int | None) -> Outcome:
    match code:
        case 0:
            return Outcome.SURVIVED
        case pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED:
            return Outcome.KILLED
        case _ if code == -signal.SIGALRM:
            return Outcome.KILLED
        case _ if code == _DOES_NOT_IMPORT:
            return Outcome.BROKEN
        case _:
            raise TrialError(f"pytest ended with {code} on {mutant}")


def _try(mutant: Mutant, tests: Sequence[str], log: Path) -> Never:
    """Run ``tests`` with ``mutant``. They test pure code, so they need neither conftest.py nor plugins."""
    signal.alarm(SECONDS)
    with log.open("w", encoding="utf-8") as output:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())
    sys.meta_path.insert(0, _Importer(mutant))
    try:
        importlib.import_module(mutant.module)
    except Exception:  # noqa: BLE001 - a fault may raise anything
        sys.exit(_DOES_NOT_IMPORT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-x", "-q", "--noconftest", "--tb=short", "-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    sys.exit(int(pytest.main([*options, *tests], plugins=[_SameExamplesEachTime()])))

"""Cases side by side: each in a process of its own, which gives its memory back."""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from local.console import Console
from tools.simulation.cases import Case
from tools.simulation.figures import Figures, figures
from tools.simulation.profiles import Profile
from tools.simulation.run import simulated


def run_all(cases: Iterable[Case], profiles: Sequence[Profile], jobs: int, console: Console) -> dict[Case, Figures]:
    """Run the cases, the longest first, and print each with its seconds when it ends."""
    wanted = sorted(set(cases), key=lambda one: -one.advertisers * one.seconds)
    done: dict[Case, Figures] = {}
    console.line(f"  {len(wanted)} cases, {jobs} at a time")
    with (
        console.step("Simulating") as step,
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        running = {pool.submit(_run, one, profiles): one for one in wanted}
        for future in as_completed(running):
            case = running[future]
            done[case], seconds = future.result()
            step.update(f"{len(done)} of {len(wanted)}")
            console.line(f"  {case.name + f', {case.hours} h':<44}{seconds:6.1f} s")
    return done


def _run(case: Case, profiles: Sequence[Profile]) -> tuple[Figures, float]:
    """In a process of its own, where the product's log is of no use."""
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    return figures(simulated(case, profiles)), time.monotonic() - begun

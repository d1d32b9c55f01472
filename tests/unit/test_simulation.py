"""The simulation of readiness at scale: it keeps the real rules, and its page says what it found."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.paths import SCALING, SCALING_FIGURES, SCALING_PLOTS
from local.sam_template import RESOURCES, TEMPLATE
from local.tiktok_simulator import DemoAdvertiser
from publishing.environment import duration
from publishing.readiness.pacing import CALLS_PER_CHECK, LEVELS
from tools.markdown import with_parts
from tools.simulation import costs, run, workers
from tools.simulation.cases import SIZES, Case, variations
from tools.simulation.figures import Figures, figures
from tools.simulation.freshness import Ages
from tools.simulation.plots import plots
from tools.simulation.profiles import ENDPOINTS, NAMES, Profile, measured
from tools.simulation.report import as_json, markdown, tables
from tools.simulation.run import IDLE, IN_USE, simulated
from tools.simulation.tiktok import SimulatedTikTok

pytestmark = pytest.mark.slow

# What the pace counts with: so many calls of the endpoint that is asked most, and one of each other.
ORDINARY = Profile(
    "ordinary",
    tuple((NAMES.index("identity/get/"), place) for place in range(CALLS_PER_CHECK))
    + tuple((number, 0) for number in range(1, len(NAMES))),
)
_VARIED = {"TikTokAppLevel", "ReadinessSharePercent", "ActiveEvery", "IdleEvery", "ReadinessSchedule"}
HOUR = timedelta(hours=1)
DAY = Case(300, warm_up_hours=2, hours=26, outage=False)
BUSY = Case(3_000, share_percent=10, in_use=0.5, warm_up_hours=1, hours=3)


def report() -> Mapping[str, Any]:
    """What was simulated last."""
    read: Mapping[str, Any] = json.loads(SCALING_FIGURES.read_text())
    return read


@cache
def figures_of(case: Case) -> Figures:
    """A case's figures, simulated once for all tests."""
    return figures(simulated(case, (ORDINARY,)))


def test_the_page_shows_the_figures() -> None:
    """docs/scaling.md has the tables of docs/scaling.json; `make simulate ARGS=--write` writes both."""
    page = SCALING.read_text()
    assert with_parts(page, "simulation", markdown(report())) == page


def test_the_plots_show_the_figures() -> None:
    """Every plot is drawn from docs/scaling.json, is on the page, and there is no other."""
    drawn = plots(report())
    assert {path.name: path.read_text() for path in SCALING_PLOTS.iterdir()} == drawn
    page = SCALING.read_text()
    assert [name for name in drawn if f"(scaling/{name})" not in page] == []


def test_the_figures_are_of_the_cases() -> None:
    """docs/scaling.json holds every case and every variation that the program has by now."""
    cases = [Case(**_read(one["case"])) for one in report()["sizes"]]
    assert cases == list(SIZES)
    assert [Case(**_read(one["case"])) for one in report()["varied"]] == [one.case for one in variations()]


def _read(case: Mapping[str, Any]) -> dict[str, Any]:
    durations = {name: timedelta(seconds=case[name]) for name in ("active_every", "idle_every", "schedule")}
    return {**case, **durations}


def test_the_cases_have_the_templates_defaults() -> None:
    """What is simulated is what is deployed, unless a parameter is given."""
    parameters = {name: str(one["Default"]) for name, one in TEMPLATE["Parameters"].items() if "Default" in one}
    case = Case(1)
    assert case.level == parameters["TikTokAppLevel"]
    assert str(case.share_percent) == parameters["ReadinessSharePercent"]
    assert case.active_every == duration(parameters, "ActiveEvery")
    assert case.idle_every == duration(parameters, "IdleEvery")
    assert case.cadence.confirm_after == duration(parameters, "ConfirmAfter")
    assert parameters["ReadinessSchedule"] == "rate(1 hour)"
    assert case.schedule == HOUR


def test_the_workers_are_the_templates() -> None:
    """Batches, timeouts and memory are those of the functions."""
    resources = RESOURCES
    worker, sweep = (resources[name]["Properties"] for name in ("ReadinessCheckFunction", "ReadinessSweepFunction"))
    assert worker["Timeout"] == workers.TIMEOUT_SECONDS
    assert {name: one["Properties"]["BatchSize"] for name, one in worker["Events"].items()} == {
        "Queue": workers.BATCH_SIZES[False],
        "UrgentQueue": workers.BATCH_SIZES[True],
    }
    assert sweep["Timeout"] == run.SWEEP_TIMEOUT_SECONDS
    assert {worker["MemorySize"], sweep["MemorySize"]} == {costs.MEMORY_GIGABYTES * 1_024}


def test_everybody_is_looked_at_in_time() -> None:
    """Where capacity does, nobody waits longer than the interval and the next sweep, and TikTok's trouble of a look."""
    found = figures_of(DAY)
    assert found.never_looked_at == 0
    assert found.ages[IN_USE].longest <= 3.1 * 3_600
    assert found.ages[IN_USE].p90 <= 1.1 * 3_600
    assert found.ages[IDLE].longest <= 26.1 * 3_600
    assert found.dead_letters == 0
    assert found.false_events == 0
    assert found.looks == pytest.approx(found.wanted, rel=0.15)


def test_calls_stay_within_the_share() -> None:
    """More looks are wanted than the pace allows; TikTok is asked for no more than the share, in no minute."""
    found, level = figures_of(BUSY), LEVELS[BUSY.level]
    assert found.load > 1
    share = level.per_minute * BUSY.share_percent / 100
    at_once = 2 * level.workers * CALLS_PER_CHECK  # begun at the end of one minute, they are calls of the next
    for endpoint in found.endpoints.values():
        assert endpoint.background_peak_per_minute <= share + at_once
    assert found.endpoints["identity/get/"].mean_per_second * 60 <= share
    assert found.refused_looks_share < 0.001  # all workers in the same second are more than its limit
    assert found.busy_share > 0.95


def test_where_capacity_does_not_do_all_wait_alike() -> None:
    """No part of the list of due advertisers starves behind the others."""
    found = figures_of(Case(4_000, share_percent=10, in_use=0.3, warm_up_hours=4, hours=8, outage=False))
    assert found.load > 1
    assert found.least_served_shard > 0.3  # some have fewer advertisers and get the same room


def test_the_queue_drains_after_an_outage() -> None:
    """An hour without TikTok leaves more messages than an hour with it; soon they are gone, and none is dead."""
    found = figures_of(replace(DAY, advertisers=2_000, warm_up_hours=6, hours=16, outage=True))
    assert found.outage is not None
    assert found.outage.deepest > 2 * found.outage.before
    assert found.outage.drained_after_minutes is not None
    assert found.outage.drained_after_minutes <= 120
    assert found.dead_letters == 0
    assert found.told_events > 0
    assert found.false_events == 0


def test_the_same_seed_has_the_same_result() -> None:
    """To the last figure; another seed has another one."""
    case = Case(100, warm_up_hours=1, hours=6)
    first, second, other = (
        figures(simulated(one, (ORDINARY,))) for one in (case, case, replace(case, seed=case.seed + 1))
    )
    assert first == second
    assert asdict(first) != asdict(other)


def test_what_was_found_can_be_told() -> None:
    """As tables, as parts of the page, and as plots that are XML, know dark mode, and name their axes."""
    case = Case(100, warm_up_hours=1, hours=24)
    told = json.loads(json.dumps(as_json((ORDINARY,), [figures_of(case)], [])))
    assert all(any(case.name in row[0] for row in rows) for _, rows in tables(told))
    assert all(case.name in text for name, text in markdown(told).items() if name in {"freshness", "limits", "costs"})
    up = {"calls.svg": "calls a second", "queue.svg": "messages"}
    for name, drawn in plots(told).items():
        texts = [one.text for one in ET.fromstring(drawn).iter() if one.tag.endswith("}text")]  # noqa: S314 - our own
        assert up.get(name, "hours") in texts
        assert "prefers-color-scheme: dark" in drawn


def test_the_real_check_is_counted() -> None:
    """Where there is a TikTok account one call of identities is enough, and three where there is none."""
    ready, nothing = measured((DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.NOTHING))
    assert (ready.count("identity/get/"), nothing.count("identity/get/")) == (1, CALLS_PER_CHECK)
    assert ready.chain == 2
    assert {NAMES[number] for number, _ in nothing.calls} == set(ENDPOINTS)


def simulated_tiktok(hours: int = 30) -> SimulatedTikTok:
    """TikTok for an app of the least level."""
    return SimulatedTikTok(LEVELS["Basic"], hours * 3_600, Random(1))  # noqa: S311 - a simulation


def test_a_second_has_its_limit() -> None:
    """What comes too much is refused, and the next second is free again; other endpoints are not concerned."""
    one, other = simulated_tiktok().endpoints[:2]
    assert [one.allows(5.5, background=True) for _ in range(11)] == [True] * 10 + [False]
    assert other.allows(5.5, background=True)
    assert one.allows(6.0, background=True)
    assert one.refused == 1


def test_a_minute_has_its_limit() -> None:
    """Who passes it is refused for five minutes."""
    one = simulated_tiktok().endpoints[0]
    level = replace(LEVELS["Basic"], per_second=1_000)
    one.level = level
    assert all(one.allows(30.0, background=False) for _ in range(level.per_minute))
    assert [one.allows(at, background=False) for at in (31.0, 61.0, 330.9, 331.0)] == [False, False, False, True]


def test_a_day_has_its_limit() -> None:
    """Who passes it is refused until midnight."""
    one = simulated_tiktok().endpoints[0]
    one.level = replace(LEVELS["Basic"], per_day=2)
    allowed = [one.allows(at, background=False) for at in (1.0, 2.0, 3.0, 86_399.0, 86_400.0)]
    assert allowed == [True, True, False, False, True]


def test_ages_are_over_all_moments() -> None:
    """One that was an hour old at most, and one that went from nothing to ten: most of the time is the latter's."""
    ages = Ages()
    ages.add(0, 3_600)
    ages.add(0, 36_000)
    assert ages.percentiles(0.5, 0.99) == pytest.approx([4.5 * 3_600, 9.89 * 3_600], rel=0.02)
    assert ages.oldest == 36_000


def test_variations_change_one_parameter_each() -> None:
    """But for a schedule that could not keep up with its interval."""
    base, *others = variations()
    for one in others:
        changed = {name for name, value in asdict(one.case).items() if value != asdict(base.case)[name]}
        assert changed - {"schedule"} or one.parameter == "ReadinessSchedule"
        assert len(changed) == 1 or one.case.schedule == one.case.active_every
    assert {one.parameter for one in others} >= _VARIED

"""The simulation of readiness at scale: it uses the real rules, and docs/scaling.md shows its results."""

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
from tools.simulation import activity, run
from tools.simulation.cases import SIZES, Case, variations
from tools.simulation.figures import ACTIVE, IDLE, MEMORY_GIGABYTES, Figures
from tools.simulation.measurements import Ages
from tools.simulation.plots import plots
from tools.simulation.report import as_json, markdown, tables
from tools.simulation.run import simulated
from tools.simulation.tiktok import ENDPOINTS, NAMES, Profile, SimulatedTikTok, measured

pytestmark = pytest.mark.slow

# The calls that the pace assumes: so many to the endpoint that is called most, and one to each other.
ORDINARY = Profile(
    "ordinary",
    tuple((NAMES.index("identity/get/"), place) for place in range(CALLS_PER_CHECK))
    + tuple((number, 0) for number in range(1, len(NAMES))),
)
VARIED_PARAMETERS = {"TikTokAppLevel", "ReadinessSharePercent", "ActiveEvery", "IdleEvery", "ReadinessSchedule"}
HOUR = timedelta(hours=1)
ONE_DAY = Case(300, warm_up_hours=2, hours=26, outage=False)
OVERLOADED = Case(3_000, share_percent=10, active_share=0.5, warm_up_hours=1, hours=3)


def report() -> Mapping[str, Any]:
    """Return the results in docs/scaling.json."""
    read: Mapping[str, Any] = json.loads(SCALING_FIGURES.read_text())
    return read


@cache
def figures_of(case: Case) -> Figures:
    """Return a case's figures, simulated once for all tests."""
    return simulated(case, (ORDINARY,))


def test_the_page_shows_the_figures() -> None:
    """docs/scaling.md has the tables of docs/scaling.json; `make simulate ARGS=--write` writes both."""
    page = SCALING.read_text()
    assert with_parts(page, "simulation", markdown(report())) == page


def test_the_plots_show_the_figures() -> None:
    """Every plot is drawn from docs/scaling.json and is on the page, and there is no other."""
    drawn = plots(report())
    assert {path.name: path.read_text() for path in SCALING_PLOTS.iterdir()} == drawn
    page = SCALING.read_text()
    assert [name for name in drawn if f"(scaling/{name})" not in page] == []


def test_the_figures_are_those_of_the_cases() -> None:
    """docs/scaling.json holds every case and every variation of the program."""
    cases = [Case(**_case_fields(one["case"])) for one in report()["sizes"]]
    assert cases == list(SIZES)
    assert [Case(**_case_fields(one["case"])) for one in report()["varied"]] == [one.case for one in variations()]


def _case_fields(case: Mapping[str, Any]) -> dict[str, Any]:
    durations = {name: timedelta(seconds=case[name]) for name in ("active_every", "idle_every", "schedule")}
    return {**case, **durations}


def test_the_cases_have_the_defaults_of_the_template() -> None:
    """The simulation shows what is deployed, unless a parameter is changed."""
    parameters = {name: str(one["Default"]) for name, one in TEMPLATE["Parameters"].items() if "Default" in one}
    case = Case(1)
    assert case.level == parameters["TikTokAppLevel"]
    assert str(case.share_percent) == parameters["ReadinessSharePercent"]
    assert case.active_every == duration(parameters, "ActiveEvery")
    assert case.idle_every == duration(parameters, "IdleEvery")
    assert case.cadence.confirm_after == duration(parameters, "ConfirmAfter")
    assert parameters["ReadinessSchedule"] == "rate(1 hour)"
    assert case.schedule == HOUR


def test_the_workers_are_those_of_the_template() -> None:
    """Batch sizes, timeouts and memory are those of the functions."""
    worker, sweep = (RESOURCES[name]["Properties"] for name in ("ReadinessCheckFunction", "ReadinessSweepFunction"))
    assert worker["Timeout"] == activity.TIMEOUT_SECONDS
    assert {name: one["Properties"]["BatchSize"] for name, one in worker["Events"].items()} == {
        "Queue": activity.BATCH_SIZES[False],
        "UrgentQueue": activity.BATCH_SIZES[True],
    }
    assert sweep["Timeout"] == run.SWEEP_TIMEOUT_SECONDS
    assert {worker["MemorySize"], sweep["MemorySize"]} == {MEMORY_GIGABYTES * 1_024}


def test_with_sufficient_capacity_every_advertiser_is_checked_in_time() -> None:
    """Nobody waits for longer than the interval, the next sweep, and a transient failure of one check."""
    found = figures_of(ONE_DAY)
    assert found.never_checked == 0
    assert found.ages[ACTIVE].longest <= 3.1 * 3_600
    assert found.ages[ACTIVE].p90 <= 1.1 * 3_600
    assert found.ages[IDLE].longest <= 26.1 * 3_600
    assert found.dead_letters == 0
    assert found.false_events == 0
    assert found.checks == pytest.approx(found.wanted, rel=0.15)


def test_calls_stay_within_the_share() -> None:
    """The schedule wants more checks than the pace allows, and in no minute more than the share is called."""
    found, level = figures_of(OVERLOADED), LEVELS[OVERLOADED.level]
    assert found.load > 1
    share = level.per_minute * OVERLOADED.share_percent / 100
    at_once = 2 * level.workers * CALLS_PER_CHECK  # checks that start at the end of a minute call in the next one
    for endpoint in found.endpoints.values():
        assert endpoint.background_peak_per_minute <= share + at_once
    assert found.endpoints["identity/get/"].mean_per_second * 60 <= share
    assert found.refused_checks_share < 0.001  # all workers in the same second exceed its limit
    assert found.busy_share > 0.95


def test_without_sufficient_capacity_all_wait_equally() -> None:
    """No shard of due advertisers is checked far less often than the others."""
    found = figures_of(Case(4_000, share_percent=10, active_share=0.3, warm_up_hours=4, hours=8, outage=False))
    assert found.load > 1
    assert found.least_served_shard > 0.3  # shards with fewer advertisers have the same capacity


def test_the_queue_drains_after_an_outage() -> None:
    """An hour without TikTok leaves more messages than other hours; soon they are processed, none is a dead letter."""
    found = figures_of(replace(ONE_DAY, advertisers=2_000, warm_up_hours=6, hours=16, outage=True))
    assert found.outage is not None
    assert found.outage.deepest > 2 * found.outage.before
    assert found.outage.drained_after_minutes is not None
    assert found.outage.drained_after_minutes <= 120
    assert found.dead_letters == 0
    assert found.changed_events > 0
    assert found.false_events == 0


def test_the_same_seed_has_the_same_result() -> None:
    """Every figure is equal; another seed has other figures."""
    case = Case(100, warm_up_hours=1, hours=6)
    first, second, other = (simulated(one, (ORDINARY,)) for one in (case, case, replace(case, seed=case.seed + 1)))
    assert first == second
    assert asdict(first) != asdict(other)


def test_the_result_can_be_shown() -> None:
    """There are tables, parts of the page, and plots that are XML, support dark mode and label their axes."""
    case = Case(100, warm_up_hours=1, hours=24)
    result = json.loads(json.dumps(as_json((ORDINARY,), [figures_of(case)], [])))
    assert case.name in tables(result)
    assert all(case.name in text for name, text in markdown(result).items() if name in {"freshness", "limits", "costs"})
    up = {"calls.svg": "calls per second", "queue.svg": "messages"}
    for name, drawn in plots(result).items():
        texts = [one.text for one in ET.fromstring(drawn).iter() if one.tag.endswith("}text")]  # noqa: S314 - our own
        assert up.get(name, "hours") in texts
        assert "prefers-color-scheme: dark" in drawn


def test_the_calls_of_the_real_check_are_counted() -> None:
    """If there is a TikTok account, one call for identities is sufficient; if there is none, three are made."""
    ready, nothing = measured((DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.NOTHING))
    assert (ready.count("identity/get/"), nothing.count("identity/get/")) == (1, CALLS_PER_CHECK)
    assert ready.chain == 2
    assert {NAMES[number] for number, _ in nothing.calls} == set(ENDPOINTS)


def simulated_tiktok(hours: int = 30) -> SimulatedTikTok:
    """Return a TikTok for an app of the lowest level."""
    return SimulatedTikTok(LEVELS["Basic"], hours * 3_600, Random(1))  # noqa: S311 - a simulation


def test_a_second_has_its_limit() -> None:
    """Further calls in that second are refused; the next second and other endpoints are not affected."""
    one, other = simulated_tiktok().endpoints[:2]
    assert [one.allows(5.5, background=True) for _ in range(11)] == [True] * 10 + [False]
    assert other.allows(5.5, background=True)
    assert one.allows(6.0, background=True)
    assert one.refused == 1


def test_a_minute_has_its_limit() -> None:
    """An endpoint whose limit is exceeded refuses for five minutes."""
    one = simulated_tiktok().endpoints[0]
    level = replace(LEVELS["Basic"], per_second=1_000)
    one.level = level
    assert all(one.allows(30.0, background=False) for _ in range(level.per_minute))
    assert [one.allows(at, background=False) for at in (31.0, 61.0, 330.9, 331.0)] == [False, False, False, True]


def test_a_day_has_its_limit() -> None:
    """An endpoint whose limit is exceeded refuses until midnight."""
    one = simulated_tiktok().endpoints[0]
    one.level = replace(LEVELS["Basic"], per_day=2)
    allowed = [one.allows(at, background=False) for at in (1.0, 2.0, 3.0, 86_399.0, 86_400.0)]
    assert allowed == [True, True, False, False, True]


def test_percentiles_of_ages_are_over_all_moments() -> None:
    """One age went from zero to one hour and another from zero to ten: most of the time is the latter's."""
    ages = Ages()
    ages.add(0, 3_600)
    ages.add(0, 36_000)
    assert ages.percentiles(0.5, 0.99) == pytest.approx([4.5 * 3_600, 9.89 * 3_600], rel=0.02)
    assert ages.oldest == 36_000


def test_a_variation_changes_one_parameter() -> None:
    """A shorter interval also changes the schedule if sweeps would be less frequent than checks."""
    base, *others = variations()
    for one in others:
        changed = {name for name, value in asdict(one.case).items() if value != asdict(base.case)[name]}
        assert changed - {"schedule"} or one.parameter == "ReadinessSchedule"
        assert len(changed) == 1 or one.case.schedule == one.case.active_every
    assert {one.parameter for one in others} >= VARIED_PARAMETERS

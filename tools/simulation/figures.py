"""What one run came to, as plain numbers: this is what docs/scaling.json holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from publishing.readiness.cadence import shard, shards
from publishing.readiness.looks import Outcome
from tools.simulation import assumptions, costs
from tools.simulation.limits import LOOKS, Limit, limits
from tools.simulation.population import advertiser_id, team_id, wanted_per_hour
from tools.simulation.profiles import NAMES
from tools.simulation.run import SAMPLE_SECONDS, Simulation
from tools.simulation.tally import counted

PARTS = (0.5, 0.9, 0.99)
CURVE_MINUTES = 10
"""Of one point of the plotted day."""
_DURATIONS = ("active_every", "idle_every", "schedule")
"""The fields of a case that are spans of time."""


@dataclass(frozen=True)
class Spread:
    """Seconds: half of all are below `p50`, and so on."""

    p50: float
    p90: float
    p99: float
    longest: float

    @classmethod
    def of(cls, percentiles: Sequence[float], longest: float) -> Self:
        """The spread with the percentiles of `PARTS`."""
        p50, p90, p99 = percentiles
        return cls(p50, p90, p99, longest)


@dataclass(frozen=True)
class EndpointLoad:
    """Calls of one endpoint, by preflights and checks together."""

    mean_per_second: float
    peak_per_minute: int
    """The busiest minute."""
    background_peak_per_minute: int
    """The same of checks alone."""
    refused_share: float


@dataclass(frozen=True)
class Outage:
    """The queue when TikTok falls silent, at its deepest thereafter, and how long it then takes to be as before."""

    before: int
    deepest: int
    drained_after_minutes: float | None


@dataclass(frozen=True)
class Figures:
    """Per day, unless it says otherwise."""

    case: Mapping[str, object]
    wanted: float
    """Looks that the schedule asks for."""
    load: float
    """Looks that it asks for of those without a launch, over those that the pace allows them."""
    looks: float
    ages: Mapping[str, Spread]
    requests: Spread
    """From an event that asks for a look to the look."""
    told: Mapping[str, Spread]
    """From a true change to its event."""
    told_events: float
    stale_events: float
    false_events: float
    never_looked_at: int
    """Advertisers that nobody looked at while it counted."""
    least_served_shard: float
    """Looks of the least served part of the list, as a share of those of the best served."""
    endpoints: Mapping[str, EndpointLoad]
    refused_looks_share: float
    refused_preflights_share: float
    messages: float
    urgent_messages: float
    hidden_messages: float
    superseded: float
    dead_letters: int
    deepest_queue: int
    sweeps: float
    sweeps_handed_on: float
    longest_sweep_seconds: float
    busy_share: float
    urgent_busy_share: float
    read_units: float
    write_units: float
    record_bytes: float
    gigabyte_seconds: float
    costs: Sequence[costs.Cost]
    limits: Sequence[Limit]
    outage: Outage | None
    curve: Sequence[float]
    """Calls per second of the endpoint with the busiest minute, on the first measured day, preflights included."""
    background_curve: Sequence[float]
    depths: Sequence[int]
    """Of the queues, every `SAMPLE_SECONDS` while it counted."""


def figures(done: Simulation) -> Figures:
    """Read a finished simulation."""
    case, tally, days = done.case, done.tally, done.case.days
    counts = counted(done.records, done.queue) - tally.began
    per_day = {name: count / days for name, count in counts.items()}
    checks = sum(tally.outcomes[one] for one in (Outcome.LOOKED, Outcome.RATE_LIMITED))
    bytes_of_record = sum(tally.bytes_of_records) / max(1, len(tally.bytes_of_records))
    usage = costs.usage(done, per_day, bytes_of_record)
    endpoints = {name: _endpoint(done, number) for number, name in enumerate(NAMES)}
    busiest = max(range(len(NAMES)), key=lambda number: endpoints[NAMES[number]].peak_per_minute)
    measured = slice(case.measured_from // SAMPLE_SECONDS, None)
    seconds = case.hours * 3_600 * case.pace.level.workers
    wanted = 24 * wanted_per_hour(case)
    reached = limits(case, wanted, max(tally.sweep_seconds), endpoints[NAMES[busiest]].peak_per_minute, NAMES[busiest])
    return Figures(
        case={**asdict(case), **{name: getattr(case, name).total_seconds() for name in _DURATIONS}},
        wanted=wanted,
        load=next(one.load for one in reached if one.what == LOOKS),
        looks=tally.outcomes[Outcome.LOOKED] / days,
        ages={
            kind: Spread.of(ages.percentiles(*PARTS), ages.oldest) for kind, ages in sorted(done.freshness.ages.items())
        },
        requests=_spread(tally.request_waits),
        told={name: _spread(tally.told_after[used]) for name, used in (("in use", True), ("idle", False))},
        told_events=tally.events["TikTok Readiness Changed"] / days,
        stale_events=tally.events["TikTok Readiness Stale"] / days,
        false_events=tally.false_events / days,
        never_looked_at=sum(1 for looks in done.freshness.looks if not looks),
        least_served_shard=_least_served(done),
        endpoints=endpoints,
        refused_looks_share=tally.refused_looks / max(1, checks),
        refused_preflights_share=tally.refused_preflights / max(1, tally.preflights),
        messages=per_day.get("sent", 0),
        urgent_messages=per_day.get("urgent", 0),
        hidden_messages=per_day.get("visibility_changes", 0),
        superseded=tally.outcomes[Outcome.SUPERSEDED] / days,
        dead_letters=counts["dead"],
        deepest_queue=max(done.depths[measured]),
        sweeps=len(tally.sweep_seconds) / days,
        sweeps_handed_on=tally.sweeps_handed_on / days,
        longest_sweep_seconds=max(tally.sweep_seconds),
        busy_share=tally.busy[False] / seconds,
        urgent_busy_share=tally.busy[True] / seconds,
        read_units=usage.read_units,
        write_units=usage.write_units,
        record_bytes=bytes_of_record,
        gigabyte_seconds=usage.gigabyte_seconds,
        costs=costs.costs(usage),
        limits=reached,
        outage=_outage(done),
        curve=_curve(done, busiest, background=False),
        background_curve=_curve(done, busiest, background=True),
        depths=done.depths[measured],
    )


def _spread(seconds: Sequence[float]) -> Spread:
    ordered = sorted(seconds) or [0.0]
    return Spread.of([ordered[min(int(part * len(ordered)), len(ordered) - 1)] for part in PARTS], ordered[-1])


def _endpoint(done: Simulation, number: int) -> EndpointLoad:
    one, case = done.tiktok.endpoints[number], done.case
    minutes = one.per_minute[case.measured_from // 60 : case.seconds // 60]
    background = one.background[case.measured_from // 60 : case.seconds // 60]
    calls = sum(minutes)
    return EndpointLoad(
        mean_per_second=calls / (case.hours * 3_600),
        peak_per_minute=max(minutes),
        background_peak_per_minute=max(background),
        refused_share=one.refused / max(1, calls + one.refused),
    )


def _curve(done: Simulation, number: int, *, background: bool) -> list[float]:
    one = done.tiktok.endpoints[number]
    minutes = one.background if background else one.per_minute
    first = done.case.measured_from // 60
    return [
        round(sum(minutes[at : at + CURVE_MINUTES]) / (CURVE_MINUTES * 60), 3)
        for at in range(first, first + 1_440, CURVE_MINUTES)
    ]


def _least_served(done: Simulation) -> float:
    looks = dict.fromkeys(shards(), 0)
    members = dict.fromkeys(shards(), 0)
    for number, count in enumerate(done.freshness.looks):
        if done.population.used[number]:
            continue  # those in use are looked at far more often, and are not spread quite evenly
        part = shard(f"{team_id(number)}/{advertiser_id(number)}")
        looks[part] += count
        members[part] += 1
    served = [looks[part] / members[part] for part in looks if members[part]]
    return min(served) / max(*served, 1e-9)


def _outage(done: Simulation) -> Outage | None:
    at = done.case.outage_at
    if at is None or at + assumptions.OUTAGE_SECONDS > done.case.seconds:
        return None
    first = int(at) // SAMPLE_SECONDS
    depths = done.depths
    lasted = int(assumptions.OUTAGE_SECONDS) // SAMPLE_SECONDS
    usual = max(depths[max(0, first - 86_400 // SAMPLE_SECONDS) : first + 1])
    after = depths[first:]
    over = next((place for place, depth in enumerate(after[lasted:]) if depth <= usual), None)
    return Outage(
        before=usual, deepest=max(after), drained_after_minutes=None if over is None else over * SAMPLE_SECONDS / 60
    )

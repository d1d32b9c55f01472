"""The result of one run as plain numbers, as docs/scaling.json holds them: freshness, work, costs and limits."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from publishing.readiness.cadence import shard, shards
from publishing.readiness.check import JobOutcome
from publishing.readiness.pacing import URGENT_SHARE
from publishing.readiness.sweep import PAGE_SIZE
from tools.aws_prices import (
    DYNAMODB_READ_UNIT,
    DYNAMODB_WRITE_UNIT,
    EVENTBRIDGE_EVENT,
    LAMBDA_GIGABYTE_SECOND,
    LAMBDA_REQUEST,
    LOGS_GIGABYTE,
    SECRETS_CALL,
    SQS_REQUEST,
)
from tools.simulation import assumptions
from tools.simulation.cases import Case
from tools.simulation.measurements import repository_counts
from tools.simulation.population import advertiser_id, team_id, wanted_per_hour
from tools.simulation.tiktok import NAMES

if TYPE_CHECKING:
    from tools.simulation.run import Simulation

LAUNCH, ACTIVE, IDLE = "near a launch", "active", "idle"
SAMPLE_SECONDS = 300
"""Between two samples of the queues' depth."""
PARTS = (0.5, 0.9, 0.99)
CURVE_MINUTES = 10
"""Between two points of the plotted day."""
DAYS = 30
MEMORY_GIGABYTES = 0.5
"""The template's MemorySize of sweep and worker."""
INDEX_KEY_BYTES = 150
"""Size of an entry of the index: the table's key and its own."""
CHECKS = "checks that the app's level allows"
_DURATIONS = ("active_every", "idle_every", "schedule")
"""The fields of a case that are timedeltas."""


@dataclass(frozen=True)
class Spread:
    """Percentiles in seconds: half of all are below `p50`, and so on."""

    p50: float
    p90: float
    p99: float
    longest: float

    @classmethod
    def of(cls, percentiles: Sequence[float], longest: float) -> Self:
        """Return the spread with the percentiles of `PARTS`."""
        p50, p90, p99 = percentiles
        return cls(p50, p90, p99, longest)


@dataclass(frozen=True)
class EndpointLoad:
    """Calls to one endpoint, by preflights and checks together."""

    mean_per_second: float
    peak_per_minute: int
    """Calls in the busiest minute."""
    background_peak_per_minute: int
    """The same of checks alone."""
    refused_share: float


@dataclass(frozen=True)
class Outage:
    """The queues' depth when TikTok stops responding, the maximum afterwards, and how long it takes to be as before."""

    before: int
    deepest: int
    drained_after_minutes: float | None


@dataclass(frozen=True)
class Cost:
    """One row, for a month of thirty days."""

    what: str
    dollars: float


@dataclass(frozen=True)
class Limit:
    """How much of a limit is used: `load` 1.0 is all of it. `moved_by` names the parameters that change it."""

    what: str
    load: float
    moved_by: str


@dataclass(frozen=True)
class Figures:
    """Numbers are per day, unless their name or description says otherwise."""

    case: Mapping[str, object]
    wanted: float
    """Checks that the schedule wants."""
    load: float
    """Checks that the schedule wants of advertisers without a launch, divided by those that the pace allows them."""
    checks: float
    ages: Mapping[str, Spread]
    requests: Spread
    """From an event that requests a check to the check."""
    notified: Mapping[str, Spread]
    """From a real change to its event."""
    changed_events: float
    stale_events: float
    false_events: float
    never_checked: int
    """Advertisers that were not checked after the warm-up."""
    least_served_shard: float
    """Checks of the least served shard, divided by those of the best served."""
    endpoints: Mapping[str, EndpointLoad]
    refused_checks_share: float
    refused_preflights_share: float
    messages: float
    urgent_messages: float
    retried_messages: float
    superseded: float
    dead_letters: int
    deepest_queue: int
    sweeps: float
    sweeps_continued: float
    longest_sweep_seconds: float
    busy_share: float
    urgent_busy_share: float
    read_units: float
    write_units: float
    record_bytes: float
    gigabyte_seconds: float
    costs: Sequence[Cost]
    limits: Sequence[Limit]
    outage: Outage | None
    curve: Sequence[float]
    """Calls per second to the endpoint with the busiest minute, on the first measured day, preflights included."""
    background_curve: Sequence[float]
    depths: Sequence[int]
    """The queues' depth, every `SAMPLE_SECONDS` after the warm-up."""


@dataclass(frozen=True)
class Usage:
    """What one day uses of AWS."""

    read_units: float
    write_units: float
    gigabyte_seconds: float
    invocations: float
    queue_requests: float
    events: float
    secret_calls: float
    log_bytes: float


def figures(done: "Simulation") -> Figures:
    """Return the figures of a finished simulation."""
    case, counts, days = done.case, done.counts, done.case.days
    repositories = repository_counts(done.records, done.queue) - counts.at_start
    per_day = {name: count / days for name, count in repositories.items()}
    checks = sum(counts.outcomes[one] for one in (JobOutcome.CHECKED, JobOutcome.RATE_LIMITED))
    record_bytes = sum(counts.bytes_of_records) / max(1, len(counts.bytes_of_records))
    used = usage(done, per_day, record_bytes)
    endpoints = {name: _endpoint(done, number) for number, name in enumerate(NAMES)}
    busiest = max(range(len(NAMES)), key=lambda number: endpoints[NAMES[number]].peak_per_minute)
    measured = slice(case.measured_from // SAMPLE_SECONDS, None)
    seconds = case.hours * 3_600 * case.pace.level.workers
    wanted = 24 * wanted_per_hour(case)
    reached = limits(case, wanted, max(counts.sweep_seconds), endpoints[NAMES[busiest]].peak_per_minute, NAMES[busiest])
    return Figures(
        case={**asdict(case), **{name: getattr(case, name).total_seconds() for name in _DURATIONS}},
        wanted=wanted,
        load=next(one.load for one in reached if one.what == CHECKS),
        checks=counts.outcomes[JobOutcome.CHECKED] / days,
        ages={
            kind: Spread.of(ages.percentiles(*PARTS), ages.oldest) for kind, ages in sorted(done.freshness.ages.items())
        },
        requests=_spread(counts.request_waits),
        notified={name: _spread(counts.notified_after[active]) for name, active in ((ACTIVE, True), (IDLE, False))},
        changed_events=counts.events["TikTok Readiness Changed"] / days,
        stale_events=counts.events["TikTok Readiness Stale"] / days,
        false_events=counts.false_events / days,
        never_checked=sum(1 for checked in done.freshness.checks if not checked),
        least_served_shard=_least_served(done),
        endpoints=endpoints,
        refused_checks_share=counts.refused_checks / max(1, checks),
        refused_preflights_share=counts.refused_preflights / max(1, counts.preflights),
        messages=per_day.get("sent", 0),
        urgent_messages=per_day.get("urgent", 0),
        retried_messages=per_day.get("visibility_changes", 0),
        superseded=counts.outcomes[JobOutcome.SUPERSEDED] / days,
        dead_letters=repositories["dead_letters"],
        deepest_queue=max(done.depths[measured]),
        sweeps=len(counts.sweep_seconds) / days,
        sweeps_continued=counts.sweeps_continued / days,
        longest_sweep_seconds=max(counts.sweep_seconds),
        busy_share=counts.busy[False] / seconds,
        urgent_busy_share=counts.busy[True] / seconds,
        read_units=used.read_units,
        write_units=used.write_units,
        record_bytes=record_bytes,
        gigabyte_seconds=used.gigabyte_seconds,
        costs=costs(used),
        limits=reached,
        outage=_outage(done),
        curve=_curve(done, busiest, background=False),
        background_curve=_curve(done, busiest, background=True),
        depths=done.depths[measured],
    )


def usage(done: "Simulation", per_day: Mapping[str, float], record_bytes: float) -> Usage:
    """Return what a simulated day uses; ``per_day`` is what the repositories counted."""
    counts, days = done.counts, done.case.days
    checks = (counts.outcomes[JobOutcome.CHECKED] + counts.outcomes[JobOutcome.RATE_LIMITED]) / days
    reads, writes, moves = (per_day.get(name, 0.0) for name in ("reads", "writes", "moves"))
    record_reads = reads * math.ceil(record_bytes / 4_096)
    index_reads = per_day.get("sent", 0.0) / PAGE_SIZE * math.ceil(PAGE_SIZE * INDEX_KEY_BYTES / 4_096) / 2
    busy = sum(counts.busy.values()) + sum(counts.sweep_seconds)
    invocations = (counts.batches + len(counts.sweep_seconds) + counts.sweeps_continued) / days
    sent, changed = per_day.get("sent", 0.0), per_day.get("visibility_changes", 0.0)
    return Usage(
        read_units=record_reads + checks * assumptions.TEAM_READ_UNITS + index_reads,
        write_units=writes * math.ceil(record_bytes / 1_024) + 2 * moves,
        gigabyte_seconds=busy / days * MEMORY_GIGABYTES,
        invocations=invocations,
        queue_requests=sent + changed + 2 * counts.batches / days + assumptions.EMPTY_RECEIVES_A_DAY,
        events=sum(counts.events.values()) / days + counts.sweeps_continued / days,
        secret_calls=checks * assumptions.SECRETS_FETCHED,
        log_bytes=checks * assumptions.LOG_BYTES_PER_CHECK,
    )


def costs(used: Usage) -> list[Cost]:
    """Return the costs of a month, the highest first."""
    rows = {
        "DynamoDB, writes": used.write_units * DYNAMODB_WRITE_UNIT,
        "DynamoDB, reads": used.read_units * DYNAMODB_READ_UNIT,
        "Lambda": used.gigabyte_seconds * LAMBDA_GIGABYTE_SECOND + used.invocations * LAMBDA_REQUEST,
        "SQS": used.queue_requests * SQS_REQUEST,
        "EventBridge": used.events * EVENTBRIDGE_EVENT,
        "Secrets Manager, calls": used.secret_calls * SECRETS_CALL,
        "CloudWatch Logs": used.log_bytes * LOGS_GIGABYTE / 1e9,
    }
    return sorted((Cost(what, DAYS * dollars) for what, dollars in rows.items()), key=lambda row: -row.dollars)


def limits(case: Case, wanted: float, longest_sweep: float, busiest_minute: int, busiest: str) -> list[Limit]:
    """Return all limits, the one that is reached first first. ``wanted`` are checks a day."""
    checks = case.pace.checks_per_minute * 1_440
    active = case.advertisers * case.active_share
    urgent = active * assumptions.LAUNCH_NEAR * 24 / (case.active_every.total_seconds() / 3_600)
    found = [
        Limit(
            CHECKS,
            (wanted - urgent) / (checks * (1 - URGENT_SHARE)),
            "TikTokAppLevel, ReadinessSharePercent, ActiveEvery, IdleEvery",
        ),
        Limit(
            "checks before launches",
            urgent / (checks * URGENT_SHARE),
            "TikTokAppLevel, ReadinessSharePercent, ActiveEvery",
        ),
        Limit(
            f"TikTok's per-minute limit, {busiest}",
            busiest_minute / case.pace.level.per_minute,
            "TikTokAppLevel, ReadinessSharePercent",
        ),
        Limit(
            "a sweep's time until the next sweep",
            longest_sweep / case.schedule.total_seconds(),
            "ReadinessSchedule, ActiveEvery",
        ),
    ]
    return sorted(found, key=lambda one: -one.load)


def _spread(seconds: Sequence[float]) -> Spread:
    ordered = sorted(seconds) or [0.0]
    return Spread.of([ordered[min(int(part * len(ordered)), len(ordered) - 1)] for part in PARTS], ordered[-1])


def _endpoint(done: "Simulation", number: int) -> EndpointLoad:
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


def _curve(done: "Simulation", number: int, *, background: bool) -> list[float]:
    one = done.tiktok.endpoints[number]
    minutes = one.background if background else one.per_minute
    first = done.case.measured_from // 60
    return [
        round(sum(minutes[at : at + CURVE_MINUTES]) / (CURVE_MINUTES * 60), 3)
        for at in range(first, first + 1_440, CURVE_MINUTES)
    ]


def _least_served(done: "Simulation") -> float:
    checks = dict.fromkeys(shards(), 0)
    members = dict.fromkeys(shards(), 0)
    for number, count in enumerate(done.freshness.checks):
        if done.population.is_active[number]:
            continue  # active ones are checked far more often, and are not spread evenly
        name = shard(f"{team_id(number)}/{advertiser_id(number)}")
        checks[name] += count
        members[name] += 1
    served = [checks[name] / members[name] for name in checks if members[name]]
    return min(served) / max(*served, 1e-9)


def _outage(done: "Simulation") -> Outage | None:
    at = done.case.outage_at
    if at is None or at + assumptions.OUTAGE_SECONDS > done.case.seconds:
        return None
    first = int(at) // SAMPLE_SECONDS
    depths = done.depths
    samples = int(assumptions.OUTAGE_SECONDS) // SAMPLE_SECONDS
    usual = max(depths[max(0, first - 86_400 // SAMPLE_SECONDS) : first + 1])
    after = depths[first:]
    drained = next((place for place, depth in enumerate(after[samples:]) if depth <= usual), None)
    return Outage(
        before=usual,
        deepest=max(after),
        drained_after_minutes=None if drained is None else drained * SAMPLE_SECONDS / 60,
    )

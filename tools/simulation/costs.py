"""What a run uses of AWS, and what that costs in a month."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from publishing.readiness.looks import Outcome
from publishing.readiness.sweep import PAGE
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

if TYPE_CHECKING:
    from tools.simulation.run import Simulation

DAYS = 30
MEMORY_GIGABYTES = 0.5
"""The template's MemorySize of sweep and worker."""
INDEX_KEY_BYTES = 150
"""Of an entry of the index: the table's key and its own."""


@dataclass(frozen=True)
class Usage:
    """Of one day."""

    read_units: float
    write_units: float
    gigabyte_seconds: float
    invocations: float
    queue_requests: float
    events: float
    secret_calls: float
    log_bytes: float


@dataclass(frozen=True)
class Cost:
    """One row, for a month of thirty days."""

    what: str
    dollars: float


def usage(done: "Simulation", per_day: Mapping[str, float], record_bytes: float) -> Usage:
    """What a simulated day took; `per_day` is what the stores counted."""
    tally, days = done.tally, done.case.days
    checks = (tally.outcomes[Outcome.LOOKED] + tally.outcomes[Outcome.RATE_LIMITED]) / days
    reads, writes, moves = (per_day.get(name, 0.0) for name in ("reads", "writes", "moves"))
    record_reads = reads * math.ceil(record_bytes / 4_096)
    listed = per_day.get("sent", 0.0) / PAGE * math.ceil(PAGE * INDEX_KEY_BYTES / 4_096) / 2
    busy = sum(tally.busy.values()) + sum(tally.sweep_seconds)
    invocations = (tally.batches + len(tally.sweep_seconds) + tally.sweeps_handed_on) / days
    sent, hidden = per_day.get("sent", 0.0), per_day.get("visibility_changes", 0.0)
    return Usage(
        read_units=record_reads + checks * assumptions.TEAM_READ_UNITS + listed,
        write_units=writes * math.ceil(record_bytes / 1_024) + 2 * moves,
        gigabyte_seconds=busy / days * MEMORY_GIGABYTES,
        invocations=invocations,
        queue_requests=sent + hidden + 2 * tally.batches / days + assumptions.EMPTY_RECEIVES_A_DAY,
        events=sum(tally.events.values()) / days + tally.sweeps_handed_on / days,
        secret_calls=checks * assumptions.SECRETS_FETCHED,
        log_bytes=checks * assumptions.LOG_BYTES_PER_CHECK,
    )


def costs(used: Usage) -> list[Cost]:
    """The rows, the dearest first."""
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

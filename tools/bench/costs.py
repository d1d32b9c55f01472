"""The AWS cost of a million preflights, from measured calls and public list prices."""

import math
from dataclasses import dataclass

from tools.aws_prices import (
    DYNAMODB_READ_UNIT,
    DYNAMODB_WRITE_UNIT,
    LAMBDA_GIGABYTE_SECOND,
    LAMBDA_REQUEST,
    LOGS_GIGABYTE,
    MILLION,
    REST_API_REQUEST,
    SECRETS_CALL,
)
from tools.bench.cold_starts import ColdStarts
from tools.bench.fan_out import FanOut

_WRITE = "dynamodb:PutItem"
"""The write of the snapshot, which is estimated separately: its frequency depends on the callers."""
MEMORY_GIGABYTES = 1.0
"""The template's MemorySize of the preflight; the authorizer has half of it."""
TIKTOK_SECONDS = 0.3
"""Assumed: TikTok's time for the slowest chain of calls, which determines the Lambda row."""
COLD_SHARE = 0.02
"""Assumed: share of requests with a cold start."""
AUTHORIZED_SHARE = 0.5
"""Assumed: share of requests whose policy is not cached; the cache lasts 60 s for each token."""
AUTHORIZER_SECONDS = 0.02
"""Assumed: one DynamoDB query and a signature."""
AUTHORIZER_LOG_BYTES = 200
"""Assumed: one log line of the authorizer."""
GATEWAY_LOG_BYTES = 350
"""One line of the API's access log, with the template's format filled in."""
LAMBDA_LOG_BYTES = 300
"""Lambda's own START, END and REPORT lines of one invocation."""
TEAM_KILOBYTES = 4.0
"""Assumed: size of a team's items; each started 4 kB costs one read unit, as does a record."""
WRITTEN_SHARE = 0.5
"""Assumed: share of preflights that write the record, because of news or evidence older than five minutes."""
RECORD_KILOBYTES = 0.8
"""Size of a readiness record with all five prerequisites; each started kB costs one write unit. A preflight does not
change its position in the index."""


@dataclass(frozen=True)
class Cost:
    """One row, for a million preflights."""

    what: str
    dollars: float
    assumption: str


def costs(preflight: FanOut, cold_starts: ColdStarts) -> list[Cost]:
    """Return the rows for a million preflights, highest cost first."""
    chains = preflight.warm.median
    init = cold_starts.functions["PublishCheckFunction"].milliseconds.median / 1_000
    seconds = TIKTOK_SECONDS * chains + COLD_SHARE * init
    authorizer_init = cold_starts.functions["AuthorizerFunction"].milliseconds.median / 1_000
    authorizer = AUTHORIZED_SHARE * (AUTHORIZER_SECONDS + COLD_SHARE * authorizer_init)
    invocations = 1 + AUTHORIZED_SHARE
    reads = sum(preflight.aws_calls_warm.values()) - preflight.aws_calls_warm.get(_WRITE, 0) + AUTHORIZED_SHARE
    secret_calls = COLD_SHARE * preflight.aws_calls_cold.get("secretsmanager:GetSecretValue", 0)
    log_bytes = (
        preflight.log_bytes
        + AUTHORIZED_SHARE * AUTHORIZER_LOG_BYTES
        + invocations * LAMBDA_LOG_BYTES
        + GATEWAY_LOG_BYTES
    )
    rows = [
        Cost("REST API", MILLION * REST_API_REQUEST, "one call each"),
        Cost(
            "Lambda, preflight",
            MILLION * (LAMBDA_REQUEST + LAMBDA_GIGABYTE_SECOND * MEMORY_GIGABYTES * seconds),
            f"1 GB on arm64 for {seconds * 1_000:.0f} ms: TikTok takes {TIKTOK_SECONDS * 1_000:.0f} ms (assumed),"
            f" times {chains:.2f} (measured), and {COLD_SHARE:.0%} are cold (assumed)",
        ),
        Cost(
            "Lambda, authorizer",
            MILLION * (AUTHORIZED_SHARE * LAMBDA_REQUEST + LAMBDA_GIGABYTE_SECOND * MEMORY_GIGABYTES / 2 * authorizer),
            f"0.5 GB for {AUTHORIZER_SECONDS * 1_000:.0f} ms, {AUTHORIZED_SHARE:.0%} of requests (both assumed)",
        ),
        Cost(
            "DynamoDB, reads",
            MILLION * reads * math.ceil(TEAM_KILOBYTES / 4) * DYNAMODB_READ_UNIT,
            f"{reads:.1f} consistent reads (measured) of at most {TEAM_KILOBYTES:.0f} kB (assumed)",
        ),
        Cost(
            "DynamoDB, writes",
            MILLION * WRITTEN_SHARE * math.ceil(RECORD_KILOBYTES) * DYNAMODB_WRITE_UNIT,
            f"a record of {RECORD_KILOBYTES} kB, after {WRITTEN_SHARE:.0%} of preflights (assumed)",
        ),
        Cost(
            "Secrets Manager, calls",
            MILLION * secret_calls * SECRETS_CALL,
            f"one in each cold function (measured), {COLD_SHARE:.0%} of requests (assumed)",
        ),
        Cost(
            "CloudWatch Logs",
            MILLION * log_bytes * LOGS_GIGABYTE / 1e9,
            f"{log_bytes:.0f} bytes: the preflight's {preflight.log_bytes:.0f} (measured), the others' (assumed)",
        ),
    ]
    return sorted(rows, key=lambda row: -row.dollars)

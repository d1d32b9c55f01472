"""Runs the checks in order and prints their results as a table."""

from collections.abc import Mapping
from types import MappingProxyType

import requests
from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.verify import aws_checks, http_checks
from local.verify.http_checks import Check, Outcome
from local.verify.stage import Stage, TimeUpError

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "caller": http_checks.caller,
        "endpoints": http_checks.endpoints,
        "gateway errors": http_checks.gateway_errors,
        "cors": http_checks.cors,
        "authorizer cache": http_checks.authorizer_cache,
        "oversized bodies": http_checks.oversized_bodies,
        "alarms": aws_checks.alarms,
        "permissions": aws_checks.permissions,
        "queues and schedules": aws_checks.background,
        "bus to snapshot": aws_checks.queue_and_bus,
        "logs": aws_checks.logs,
    }
)
"""In this order: logs last, because they are searched for what the others sent."""
WRITES = frozenset({"bus to snapshot"})
"""Checks that change something: an event, the snapshot of an ad account, a consent that nobody gives."""


def verify(stage: Stage, console: Console, *, write: bool = False) -> dict[str, Outcome]:
    """Run every check; return their outcomes by their names. Checks that change something run only with `write`."""
    outcomes: dict[str, Outcome] = {}
    for name, check in CHECKS.items():
        if name in WRITES and not write:
            outcomes[name] = Outcome(skipped=["changes something: WRITE=1"])
            continue
        with console.step(name):
            outcomes[name] = _outcome(stage, check)
    return outcomes


def _outcome(stage: Stage, check: Check) -> Outcome:
    if stage.deadline.passed:
        return Outcome(faults=["not begun: the time is over"])
    try:
        return check(stage)
    except TimeUpError:
        return Outcome(faults=["not finished: the time is over"])
    except requests.RequestException as error:
        return Outcome(faults=[f"no response from {stage.base_url}: {type(error).__name__}"])
    except ClientError as error:
        return Outcome(faults=[f"{error.operation_name} failed: {error.response['Error']['Message']}"])
    except BotoCoreError as error:
        return Outcome(faults=[f"AWS cannot be asked: {error}"])


def print_table(stage: Stage, outcomes: Mapping[str, Outcome], console: Console) -> bool:
    """Print the table and a last line; return whether nothing is wrong."""
    rows: list[tuple[str, str, str]] = []
    for name, outcome in outcomes.items():
        details = [("failed", fault) for fault in outcome.faults] or ([("ok", outcome.seen)] if outcome.seen else [])
        details += [("note" if outcome.seen or outcome.faults else "skipped", one) for one in outcome.skipped]
        rows += [(name if not index else "", result, detail) for index, (result, detail) in enumerate(details)]
    console.line()
    console.table(("check", "result", "detail"), rows)
    failed = sum(bool(outcome.faults) for outcome in outcomes.values())
    of = f"{stage.stack_name} at {stage.base_url}"
    console.line(f"\n{failed} of {len(outcomes)} checks failed: {of}" if failed else f"\nNothing is wrong with {of}.")
    if failed:
        console.line("What to do: docs/operations.md#when-make-verify-fails")
    return not failed

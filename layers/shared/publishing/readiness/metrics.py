"""Metrics of the readiness checks for operators (CloudWatch embedded metric format).

The alarms and the dashboard of template.yaml read these metrics (a test compares them).
"""

from collections import Counter
from typing import TYPE_CHECKING

from publishing.log_events import put_metric
from publishing.readiness.decision import has_transient_failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from publishing.readiness.check import CheckReport


def count_checks(reports: "Iterable[CheckReport]") -> None:
    """Count messages by outcome, prerequisites by check and outcome, events by type.

    ``Unverified`` is 1 for a check with a transient failure at TikTok and 0 for any other: its average is their share.
    """
    reports = list(reports)
    results = [one.result for one in reports if one.result is not None]
    for outcome, count in Counter(one.outcome for one in reports).items():
        put_metric("Messages", [count], outcome=outcome)
    found = Counter((requirement, one.status) for result in results for requirement, one in result.findings.items())
    for (requirement, status), count in found.items():
        put_metric("Prerequisites", [count], check=requirement, outcome=status)
    for event, count in Counter(event for one in reports for event in one.events).items():
        put_metric("Events", [count], event=event)
    if results:
        put_metric("Unverified", [int(has_transient_failure(result)) for result in results])


def count_sweep(queued: int, *, finished: bool) -> None:
    """Count the jobs of a sweep, and finished sweeps."""
    put_metric("SweepQueued", [queued])
    put_metric("SweepFinished", [int(finished)])


def count_malformed_request() -> None:
    """Count a malformed check request of another service."""
    put_metric("RequestsRefused", [1])

"""Metrics for operators (CloudWatch embedded metric format, through Powertools). No ids in dimensions.

Every metric has the dimension ``service``, which tells stacks apart; Powertools takes it from
``POWERTOOLS_SERVICE_NAME``. The alarms and the dashboard of template.yaml read these metrics (a test compares them).
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from publishing.readiness.decision import has_transient_failure

if TYPE_CHECKING:
    from publishing.readiness.check import CheckReport

NAMESPACE = "Wevion/TikTok"


def count_checks(reports: "Iterable[CheckReport]") -> None:
    """Count messages by outcome, prerequisites by check and outcome, events by type.

    ``Unverified`` is 1 for a check with a transient failure at TikTok and 0 for any other: its average is their share.
    """
    reports = list(reports)
    results = [one.result for one in reports if one.result is not None]
    for outcome, count in Counter(one.outcome for one in reports).items():
        _put("Messages", [count], outcome=outcome)
    found = Counter((requirement, one.status) for result in results for requirement, one in result.findings.items())
    for (requirement, status), count in found.items():
        _put("Prerequisites", [count], check=requirement, outcome=status)
    for event, count in Counter(event for one in reports for event in one.events).items():
        _put("Events", [count], event=event)
    if results:
        _put("Unverified", [int(has_transient_failure(result)) for result in results])


def count_sweep(queued: int, *, finished: bool) -> None:
    """Count the jobs of a sweep, and finished sweeps."""
    _put("SweepQueued", [queued])
    _put("SweepFinished", [int(finished)])


def count_malformed_request() -> None:
    """Count a malformed check request of another service."""
    _put("RequestsRefused", [1])


def _put(name: str, values: Iterable[int], **dimensions: str) -> None:
    """Print one metric; each value is a sample, from which CloudWatch computes sum and average."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value in dimensions.items():
        metrics.add_dimension(dimension, value)
    for sample in values:
        metrics.add_metric(name, MetricUnit.Count, sample)
    metrics.flush_metrics()

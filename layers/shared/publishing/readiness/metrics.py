"""What operators see in numbers (CloudWatch embedded metric format, through Powertools). No ids in dimensions.

Every metric has the dimension ``service``, by which one stack's numbers are told from another's; Powertools takes it
from ``POWERTOOLS_SERVICE_NAME``. The alarms and the dashboard of template.yaml read them (a test compares them).
"""

from collections import Counter
from collections.abc import Iterable

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from publishing.readiness.decision import troubled
from publishing.readiness.looks import Checked

NAMESPACE = "Wevion/TikTok"


def of_checks(checks: Iterable[Checked]) -> None:
    """Count messages by outcome, prerequisites by check and outcome, events by type.

    ``Unverified`` is 1 for a look that TikTok's own trouble kept from being whole and 0 for any other: its average is
    the share of them.
    """
    checks = list(checks)
    looks = [one.look for one in checks if one.look is not None]
    for outcome, count in Counter(one.outcome for one in checks).items():
        _put("Messages", [count], outcome=outcome)
    found = Counter((requirement, one.status) for look in looks for requirement, one in look.findings.items())
    for (requirement, status), count in found.items():
        _put("Prerequisites", [count], check=requirement, outcome=status)
    for event, count in Counter(event for one in checks for event in one.events).items():
        _put("Events", [count], event=event)
    if looks:
        _put("Unverified", [int(troubled(look)) for look in looks])


def of_sweep(queued: int, *, finished: bool) -> None:
    """Count the messages of a sweep, and the sweeps that came to their end."""
    _put("SweepQueued", [queued])
    _put("SweepFinished", [int(finished)])


def of_refused_request() -> None:
    """Count an event of another service that could not be understood."""
    _put("RequestsRefused", [1])


def _put(name: str, values: Iterable[int], **dimensions: str) -> None:
    """Print one metric; each value is a sample of its own, of which CloudWatch makes sum and average."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value in dimensions.items():
        metrics.add_dimension(dimension, value)
    for sample in values:
        metrics.add_metric(name, MetricUnit.Count, sample)
    metrics.flush_metrics()

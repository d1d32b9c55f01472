"""What operators see in numbers (CloudWatch embedded metric format, through Powertools). No ids in dimensions."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from publishing.readiness.check import Checked
from publishing.readiness.decision import troubled

NAMESPACE = "Wevion/TikTok"


def of_checks(checks: Iterable[Checked]) -> None:
    """Count messages by outcome, prerequisites by check and outcome, events by type.

    ``Unverified`` is 1 for a look that TikTok's own trouble kept from being whole and 0 for any other: its average is
    the share of them.
    """
    checks = list(checks)
    looks = [one.look for one in checks if one.look is not None]
    _count("Messages", Counter((("outcome", one.outcome.value),) for one in checks))
    _count(
        "Prerequisites",
        Counter(
            (("check", requirement.value), ("outcome", finding.status.value))
            for look in looks
            for requirement, finding in look.findings.items()
        ),
    )
    _count("Events", Counter((("event", name),) for one in checks for name in one.events))
    if looks:
        with single_metric(
            "Unverified", MetricUnit.Count, 0, namespace=NAMESPACE, default_dimensions=_service()
        ) as metric:
            metric.metric_set.clear()
            for look in looks:
                metric.add_metric("Unverified", MetricUnit.Count, 1 if troubled(look) else 0)


def of_sweep(queued: int, *, finished: bool) -> None:
    """Count the messages of a sweep, and the sweeps that came to their end."""
    _count("SweepQueued", {(): queued})
    _count("SweepFinished", {(): 1 if finished else 0})


def of_refused_request() -> None:
    """Count an event of another service that could not be understood."""
    _count("RequestsRefused", {(): 1})


def _count(name: str, counted: Mapping[tuple[tuple[str, str], ...], int]) -> None:
    for dimensions, count in counted.items():
        with single_metric(name, MetricUnit.Count, count, namespace=NAMESPACE, default_dimensions=_service()) as metric:
            for dimension, value in dimensions:
                metric.add_dimension(dimension, value)


def _service() -> dict[str, str]:
    """The dimension that tells one stack's numbers from another's."""
    return {"service": os.environ.get("POWERTOOLS_SERVICE_NAME", "readiness")}

"""Every line that the functions log, by its code. The facts stand beside it as fields; tokens never do.

Runbooks and Logs Insights query these codes. :func:`put_metric` prints the lines from which CloudWatch makes metrics.
"""

from collections.abc import Iterable
from enum import StrEnum

NAMESPACE = "Wevion/TikTok"
"""Of all metrics."""


class LogEvent(StrEnum):
    """What happened."""

    ANSWERED = "answered"
    REQUEST_REFUSED = "request_refused"
    REQUEST_FAILED = "request_failed"
    DEPLOYMENT_REFUSED = "deployment_refused"
    AUTHENTICATED = "authenticated"
    NOT_AUTHENTICATED = "not_authenticated"
    SECRET_UNUSABLE = "secret_unusable"  # noqa: S105 - a code, not a password
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - a code, not a password
    ADVERTISER_DENIED = "advertiser_denied"
    CREATE_OUTCOME_UNKNOWN = "create_outcome_unknown"
    WRITE_FAILED = "write_failed"
    SNAPSHOT_NOT_REFRESHED = "snapshot_not_refreshed"
    SWEEP_ENDED = "sweep_ended"
    SWEEP_CONTINUED = "sweep_continued"
    CHECKS_UNVERIFIABLE = "checks_unverifiable"
    CHECKS_REQUESTED = "checks_requested"
    REQUESTS_CONTINUED = "requests_continued"
    CHECK_REQUEST_MALFORMED = "check_request_malformed"
    CHECK_JOB_ENDED = "check_job_ended"
    CHECK_FAILED = "check_failed"
    MESSAGE_UNREADABLE = "message_unreadable"
    VISIBILITY_NOT_CHANGED = "visibility_not_changed"
    SWEEP_STATISTICS_NOT_UPDATED = "sweep_statistics_not_updated"
    EXPIRY_NOTIFIED = "expiry_notified"
    CONNECTED = "connected"
    CODE_EXCHANGE_FAILED = "code_exchange_failed"
    ADVERTISERS_LISTED = "advertisers_listed"
    ADVERTISERS_NOT_LISTED = "advertisers_not_listed"
    REVOKE_FAILED = "revoke_failed"
    NOT_REVOKED = "not_revoked"
    REFRESH_POSTPONED = "refresh_postponed"
    APP_NOT_CONFIGURED = "app_not_configured"
    OPERATION_RECOVERED = "operation_recovered"
    REFRESH_FAILED = "refresh_failed"
    REFRESHES_REQUESTED = "refreshes_requested"


def put_metric(name: str, values: Iterable[int], **dimensions: str) -> None:
    """Print one metric; each value is a sample, from which CloudWatch computes sum and average. No ids in dimensions.

    Every metric has the dimension ``service``, which tells stacks apart; Powertools takes it from
    ``POWERTOOLS_SERVICE_NAME``.
    """
    from aws_lambda_powertools.metrics import (  # noqa: PLC0415 - functions of the API need it in rare cases only
        EphemeralMetrics,
        MetricUnit,
    )

    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value in dimensions.items():
        metrics.add_dimension(dimension, value)
    for sample in values:
        metrics.add_metric(name, MetricUnit.Count, sample)
    metrics.flush_metrics()

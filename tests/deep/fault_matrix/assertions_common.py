"""Assertions for every cell: the expected summary, in time, something in the log, and no secret anywhere."""

from collections.abc import Iterator, Mapping

from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.faults import Conclusion
from tests.deep.fault_matrix.rules import Summary
from tests.deep.fault_matrix.running import Seen

SLACK_SECONDS = 1.5
"""Tolerance for a busy machine."""
PROMPTLY_SECONDS = 6.0
"""Limit if TikTok answers at once."""
RETRIED_WRITES = {Conclusion.RATE_LIMITED, Conclusion.NOT_APPLIED}
"""Writes that are retried, because TikTok says that it did not apply them."""


def common_violations(
    seen: Seen | After, actual: Summary, expected: Summary, short_seconds: Mapping[str, float]
) -> Iterator[str]:
    """Yield violations; ``short_seconds`` is the Lambda's remaining time by operation if TikTok hangs."""
    cell = seen.cell
    if actual != expected:
        yield f"{actual!r}, not {expected!r}"
    if cell.variant.kind is not None and not seen.hits:
        yield "the fault was not used"
    if seen.seconds > (short_seconds[cell.row.operation] if cell.takes_time else PROMPTLY_SECONDS) + SLACK_SECONDS:
        yield f"responded after {seen.seconds:.1f} seconds"
    if not seen.lines:
        yield "nothing was logged"
    for place in seen.leaks:
        yield f"{place} contains a secret"

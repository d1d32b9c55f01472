"""What the flows of connections promise, whatever TikTok does: both a connection and its token, or neither."""

from collections.abc import Iterator

from tests.deep.fault_matrix.assertions_common import RETRIED_WRITES, common_violations
from tests.deep.fault_matrix.connecting import SHORT_SECONDS, After

REJECTED = "422 tiktok_rejected"


def connecting_violations(seen: After) -> Iterator[str]:
    """Return every broken promise as a sentence."""
    cell = seen.cell
    yield from common_violations(seen, seen.outcome, cell.expected, SHORT_SECONDS)
    if seen.failures:
        yield "the message is retried, although no internal error occurred"
    if cell.row.writes and seen.writes > (3 if cell.conclusion in RETRIED_WRITES else 1):
        yield f"called {seen.writes} times"
    yield from {"connect": _of_completion, "disconnect": _of_disconnection, "refresh": _of_refresh}[cell.row.operation](
        seen
    )
    if seen.unfinished_finally:
        yield f"finally there is {seen.unfinished_finally}"
    if seen.reconnected != "connected":
        yield f"connecting again: {seen.reconnected}"


def _of_completion(seen: After) -> Iterator[str]:
    """Everything is connected or nothing; repeated, the answer is the same, or connects if the code is still valid."""
    if seen.unfinished:
        yield f"there is {seen.unfinished}"
    connected = seen.outcome.startswith("connected")
    if seen.usable != connected:
        yield f"the outcome is {seen.outcome}, and usable is {seen.usable}"
    if connected:
        expected = seen.outcome
    elif seen.outcome == REJECTED:
        expected = "400 invalid_request"
    else:
        expected = REJECTED if seen.cell.scene == "acted" else "connected, 1 listed"
    if seen.repeated != expected:
        yield f"the same request again: {seen.repeated}, not {expected}"


def _of_disconnection(seen: After) -> Iterator[str]:
    """The connection is not used from then on, whatever TikTok returns; the same request, repeated, completes."""
    if seen.usable:
        yield "the connection is still used"
    if bool(seen.unfinished) != (not seen.outcome.startswith("200")):
        yield f"the outcome is {seen.outcome}, and there is {seen.unfinished or 'nothing unfinished'}"
    if seen.repeated != "200 revoked" or not seen.removed:
        yield f"the same request again: {seen.repeated}, the secret removed: {seen.removed}"


def _of_refresh(seen: After) -> Iterator[str]:
    """Nothing is removed that TikTok did not say is gone, and the next refresh saves the list."""
    if seen.usable != (seen.outcome != "expired"):
        yield f"the outcome is {seen.outcome}, and usable is {seen.usable}"
    without_fault = seen.cell.row.without_fault[seen.cell.scene]
    expected = {"expired": "expired", "as before": without_fault}.get(seen.outcome, "as before")
    if seen.repeated not in {expected, without_fault if seen.outcome != "expired" else expected}:
        yield f"the next refresh: {seen.repeated}, not {expected}"

"""The promises of every cell: the right word, in time, something in the log, and no secret anywhere."""

from collections.abc import Iterator, Mapping

from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.faults import Lesson
from tests.deep.fault_matrix.rules import Word
from tests.deep.fault_matrix.running import Seen

SLACK_SECONDS = 1.5
"""For a machine that is busy with other things."""
PROMPTLY_SECONDS = 6.0
"""Where TikTok answers at once."""
MAY_BE_TRIED_AGAIN = {Lesson.RATE_LIMITED, Lesson.NOT_DONE}
"""Of a write: TikTok says that it has not carried it out."""


def broken_promises_of_any(
    seen: Seen | After, told: Word, expected: Word, short_seconds: Mapping[str, float]
) -> Iterator[str]:
    """Everything of these that is wrong with what was seen; ``short_seconds`` are Lambda's where TikTok is silent."""
    cell = seen.cell
    if told != expected:
        yield f"told {told!r}, not {expected!r}"
    if cell.strike.kind is not None and not seen.struck:
        yield "the fault did not strike"
    if seen.seconds > (short_seconds[cell.row.asks] if cell.takes_time else PROMPTLY_SECONDS) + SLACK_SECONDS:
        yield f"answered after {seen.seconds:.1f} seconds"
    if not seen.lines:
        yield "nothing was logged"
    for place in seen.leaks:
        yield f"{place} holds a secret"

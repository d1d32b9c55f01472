"""The matrix as Markdown."""

from collections.abc import Iterable, Iterator

from tests.deep.fault_matrix.assertions import summary_of
from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.faults import FAILURES, Failure
from tests.deep.fault_matrix.rows import CONNECTING, ROWS, Row
from tests.deep.fault_matrix.rules import Summary
from tests.deep.fault_matrix.running import Seen

_GROUPS = (
    ("Check, list, create and upload", [row for row in ROWS if row.operation not in {"publish", *CONNECTING}]),
    (
        "Publish check: prerequisites",
        [row for row in ROWS if row.operation == "publish" and not row.note.startswith("adv")],
    ),
    ("Publish check: advice", [row for row in ROWS if row.note.startswith("adv")]),
    ("Connect, disconnect and the daily refresh", [row for row in ROWS if row.operation in CONNECTING]),
)
_YES = ("there", "far", "acted")

_HEAD = """# The fault matrix

Written by `{command}`,
which calls the real handlers {cells} times. Without `FAULT_MATRIX=write` the test fails if this page differs from the
results. Do not edit it.

Each column is one of TikTok's endpoints as called by one operation, each line a failure of that endpoint, each cell
what the caller gets: first if the asset exists at TikTok (or what advice warns of; or the write was applied), then,
after the slash, if it does not. A single entry stands for both; · means that the failure cannot occur there.
The numbers in a line's name are TikTok's codes; all codes of a line have the same result.
"""


def page(seen: Iterable[Seen | After], command: str) -> str:
    """Return the whole page."""
    summaries: dict[tuple[int, int, bool], set[Summary]] = {}
    cells = 0
    for one in seen:
        cells += 1
        cell = one.cell
        if not cell.teammate:
            summaries.setdefault((cell.row_number, cell.failure_number, cell.scene in _YES), set()).add(summary_of(one))
    parts = [_HEAD.format(command=command, cells=cells)]
    parts += ["\n".join(_group(title, rows, summaries)) for title, rows in _GROUPS]
    return "\n".join(parts)


def _group(title: str, rows: list[Row], summaries: dict[tuple[int, int, bool], set[Summary]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"| failure | {' | '.join(_title(row) for row in rows)} |"
    yield f"|---|{'---|' * len(rows)}"
    for number, failure in enumerate(FAILURES):
        cells = [_cell(summaries, ROWS.index(row), number) for row in rows]
        if set(cells) != {"·"}:
            yield f"| {_name(failure)} | {' | '.join(cells)} |"
    yield ""


def _name(failure: Failure) -> str:
    return failure.name


def _title(row: Row) -> str:
    operation, _, endpoint = row.title.partition(", ")
    path, _, note = endpoint.partition(" ")
    return f"{operation.replace('publish', 'publish-check')} `{path}`{f' {note}' if note else ''}"


def _cell(summaries: dict[tuple[int, int, bool], set[Summary]], row: int, failure: int) -> str:
    yes, no = (" or ".join(sorted(summaries.get((row, failure, kind), ()))) for kind in (True, False))
    if not yes or not no or yes == no:
        return yes or no or "·"
    return f"{yes} / {no}"

"""The matrix as Markdown, from what was seen."""

from collections.abc import Iterable, Iterator

from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.faults import TROUBLES, Trouble
from tests.deep.fault_matrix.judging import word
from tests.deep.fault_matrix.rows import CONNECTING, ROWS, Row
from tests.deep.fault_matrix.rules import Word
from tests.deep.fault_matrix.running import Seen

_GROUPS = (
    ("Check, list, create and upload", [row for row in ROWS if row.asks not in {"publish", *CONNECTING}]),
    ("Publish check: prerequisites", [row for row in ROWS if row.asks == "publish" and not row.note.startswith("adv")]),
    ("Publish check: advice", [row for row in ROWS if row.note.startswith("adv")]),
    ("Connect, disconnect and the daily refresh", [row for row in ROWS if row.asks in CONNECTING]),
)
_YES = ("there", "far", "acted")

_HEAD = """# The fault matrix

Written by `{command}`,
which asks the real handlers {cells} times. Without `FAULT_MATRIX=write` the same test fails where this page does not
say what it sees. Do not edit it.

Each column is an endpoint of TikTok's as one operation of ours asks it, each line something that goes wrong there, each
cell what the caller is told: first where the asset exists at TikTok (or what advice warns of; or the write was carried
out), then, after the slash, where it does not. One entry alone stands for both; · means that it cannot happen there.
A code in a line's name is one that was answered; all codes of a line are told alike.
"""


def page(seen: Iterable[Seen | After], command: str) -> str:
    """The whole page."""
    told: dict[tuple[int, int, bool], set[Word]] = {}
    cells = 0
    for one in seen:
        cells += 1
        cell = one.cell
        if not cell.teammate:
            told.setdefault((cell.row_number, cell.trouble_number, cell.scene in _YES), set()).add(word(one))
    parts = [_HEAD.format(command=command, cells=cells)]
    parts += ["\n".join(_group(title, rows, told)) for title, rows in _GROUPS]
    return "\n".join(parts)


def _group(title: str, rows: list[Row], told: dict[tuple[int, int, bool], set[Word]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"| what goes wrong | {' | '.join(_title(row) for row in rows)} |"
    yield f"|---|{'---|' * len(rows)}"
    for number, trouble in enumerate(TROUBLES):
        cells = [_cell(told, ROWS.index(row), number) for row in rows]
        if set(cells) != {"·"}:
            yield f"| {_name(trouble)} | {' | '.join(cells)} |"
    yield ""


def _name(trouble: Trouble) -> str:
    return "nothing" if trouble.name == "none" else trouble.name


def _title(row: Row) -> str:
    operation, _, endpoint = row.title.partition(", ")
    path, _, note = endpoint.partition(" ")
    return f"{operation.replace('publish', 'publish-check')} `{path}`{f' {note}' if note else ''}"


def _cell(told: dict[tuple[int, int, bool], set[Word]], row: int, trouble: int) -> str:
    yes, no = (" or ".join(sorted(told.get((row, trouble, kind), ()))) for kind in (True, False))
    if not yes or not no or yes == no:
        return yes or no or "·"
    return f"{yes} / {no}"

"""The little Markdown that descriptions of the OpenAPI document are written in, as HTML: code, paragraphs, tables."""

import re
from html import escape
from itertools import groupby

_CODE = re.compile(r"`([^`]+)`")
_RULE = re.compile(r"^\|[-|: ]+\|$")


def line(text: str) -> str:
    """One line: what stands between backticks is code, all else is text."""
    parts = _CODE.split(text)
    return "".join(f"<code>{escape(part)}</code>" if odd else escape(part) for part, odd in _alternating(parts))


def paragraphs(text: str) -> str:
    """Paragraphs and tables, which blank lines part."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "".join(_table(block) if block.startswith("|") else f"<p>{line(block)}</p>" for block in blocks)


def table(title: str, head: list[str], rows: list[list[str]]) -> str:
    """A table of HTML cells that scrolls by itself where it is too wide, by keyboard too."""
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _table(block: str) -> str:
    rows = [row.strip() for row in block.splitlines()]
    cells = [[line(cell.strip()) for cell in row.strip("|").split("|")] for row in rows if not _RULE.match(row)]
    title = ", ".join(cell.strip() for cell in rows[0].strip("|").split("|"))
    return table(title, cells[0], cells[1:])


def _alternating(parts: list[str]) -> list[tuple[str, bool]]:
    return [(part, bool(at % 2)) for at, part in enumerate(parts)]


def anchor(kind: str, name: str) -> str:
    """The id of what the page has of this name."""
    return "-".join("".join(run) for good, run in groupby(f"{kind}-{name}", lambda c: c.isalnum() or c == "_") if good)

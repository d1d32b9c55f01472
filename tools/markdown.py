"""Generated Markdown: tables, and the parts of pages between ``<!-- KIND:NAME -->`` and ``<!-- end -->``."""

import re
from collections.abc import Iterable, Mapping, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of these cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def places(page: str, kind: str) -> list[str]:
    """Return the names of a page's places of one kind, in order."""
    return [place["name"] for place in _places(kind).finditer(page)]


def with_parts(page: str, kind: str, parts: Mapping[str, str]) -> str:
    """Return the page with these parts replaced, by the names of their places.

    Raises:
        ValueError: the page has no place for one of them.
    """
    missing = parts.keys() - set(places(page, kind))
    if missing:
        raise ValueError(f"the page has no place for {', '.join(sorted(missing))}")
    return _places(kind).sub(
        lambda place: f"{place['begin']}{parts[place['name']]}\n{place['end']}" if place["name"] in parts else place[0],
        page,
    )


def _places(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<begin><!-- {kind}:(?P<name>[\w-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)

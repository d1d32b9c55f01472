"""README, CONTRIBUTING and docs/ as data: headings, links, code spans, and the commands of their `sh` blocks."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for file in sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
}
"""Every page by its path."""

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_ARITHMETIC = re.compile(r"\$\(\((?:[^()]|\([^()]*\))*\)\)")
_SEPARATORS = "();<>|&\n"


def prose(page: str) -> str:
    """Return the page without its fenced blocks."""
    return _FENCED.sub("", page)


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    found = ((indent, text) for indent, kind, text in _FENCED.findall(page) if kind == language)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def anchors(page: str) -> set[str]:
    """Return GitHub's anchors of the headings; a repeated heading gets a number."""
    found: dict[str, int] = {}
    names = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        times = found[name] = found.get(name, -1) + 1
        names.add(f"{name}-{times}" if times else name)
    return names


def links(page: str) -> list[tuple[str, str]]:
    """Return target and anchor of every link within the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target.partition("#")[::2] for target in targets if not re.match(r"\w+:", target)]


def spans(page: str) -> list[str]:
    """Return the code spans: the texts between backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(page))


def commands(block: str) -> Iterator[list[str]]:
    """Return the words of every command of a `sh` block, including those in an unquoted `$(…)`.

    `$((…))` counts as a number, and an assignment before a command is not part of it.
    """
    lexer = shlex.shlex(_ARITHMETIC.sub("0", block.replace("\\\n", " ")), posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] = []
    comment = False
    for word in lexer:
        if set(word) <= set(_SEPARATORS):
            comment = comment and "\n" not in word
            if words and not comment:
                yield words
                words = []
        elif word.startswith("#") or comment:
            comment = True
        elif words or not re.fullmatch(r"\w+=.*|[{}$]", word, re.DOTALL):
            words.append(word)
    if words:
        yield words


@cache
def all_commands() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return page and words of every command of every page."""
    return tuple(
        (name, tuple(words))
        for name, page in PAGES.items()
        for block in blocks(page, "sh")
        for words in commands(block)
    )

"""The name of a custom identity, brought to the form in which TikTok is asked to show it."""

import unicodedata

MAX_CODE_POINTS = 40
"""Longer names are cut, not refused. TikTok itself documents 100 (DOC:1740654203526146)."""

_READ_CODE_POINTS = 1_000
"""More cannot matter for the first ``MAX_CODE_POINTS``, and NFC takes seconds for a long heap of accents."""
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp"})
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class UnusableNameError(ValueError):
    """The name cannot be brought to a usable form; the text says why and what to do."""


def normalised_display_name(text: str) -> tuple[str, bool]:
    """``text`` in Unicode NFC, stripped and at most ``MAX_CODE_POINTS`` long; and whether it had to be cut.

    A grapheme cluster (what a reader sees as one character) is never cut in two.

    Raises:
        UnusableNameError: empty, invisible, with control or bidirectional override characters, or beginning with a
            cluster that alone is too long.
    """
    text = text.strip()
    if any(unicodedata.category(char) in _REFUSED or char in _BIDI_CONTROLS for char in text):
        raise UnusableNameError("contains control or text-direction characters. Remove them.")
    name = unicodedata.normalize("NFC", text[:_READ_CODE_POINTS])
    if len(name) <= MAX_CODE_POINTS:
        return _visible(name), False
    import regex  # noqa: PLC0415 - 14 ms of import that only a name to be cut needs

    cut = 0
    # One code point beyond the limit is enough to see whether the last cluster goes on across it.
    for cluster in regex.finditer(r"\X", name[: MAX_CODE_POINTS + 1]):
        if cluster.end() > MAX_CODE_POINTS:
            break
        cut = cluster.end()
    shortened = name[:cut].rstrip()
    if not shortened:
        raise UnusableNameError(f"begins with a character of more than {MAX_CODE_POINTS} code points. Shorten it.")
    return _visible(shortened), True


def _visible(name: str) -> str:
    if all(unicodedata.category(char) in _INVISIBLE for char in name):
        raise UnusableNameError("is empty. Give the name that the ad should show.")
    return name

"""Normalisation of a custom identity's name (pure)."""

import unicodedata

MAX_CODE_POINTS = 40
"""Longer names are truncated, not rejected. TikTok documents 100 (DOC:1740654203526146)."""

_READ_CODE_POINTS = 1_000
"""The rest cannot change the first ``MAX_CODE_POINTS``, and NFC takes seconds for a long run of accents."""
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp"})
_REJECTED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class UnusableNameError(ValueError):
    """The name cannot be normalised; the text says why and what to do."""


def normalised_display_name(text: str) -> tuple[str, bool]:
    """Return ``text`` in Unicode NFC, stripped, at most ``MAX_CODE_POINTS`` long, and whether it was truncated.

    A grapheme cluster (what a reader sees as one character) is never split.

    Raises:
        UnusableNameError: empty, invisible, with control or bidirectional override characters, or starting with a
            cluster that is too long by itself.
    """
    text = text.strip()
    if any(unicodedata.category(char) in _REJECTED or char in _BIDI_CONTROLS for char in text):
        raise UnusableNameError("contains control or text-direction characters. Remove them.")
    name = unicodedata.normalize("NFC", text[:_READ_CODE_POINTS])
    if len(name) <= MAX_CODE_POINTS:
        return _visible(name), False
    import regex  # noqa: PLC0415 - 14 ms of import that only a long name needs

    cut = 0
    # One code point beyond the limit shows whether the last cluster continues across it.
    for cluster in regex.finditer(r"\X", name[: MAX_CODE_POINTS + 1]):
        if cluster.end() > MAX_CODE_POINTS:
            break
        cut = cluster.end()
    shortened = name[:cut].rstrip()
    if not shortened:
        raise UnusableNameError(f"starts with a character of more than {MAX_CODE_POINTS} code points. Shorten it.")
    return _visible(shortened), True


def _visible(name: str) -> str:
    if all(unicodedata.category(char) in _INVISIBLE for char in name):
        raise UnusableNameError("is empty. Send the name that the ad should show.")
    return name

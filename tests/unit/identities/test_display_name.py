"""Normalising display names for TikTok."""

import time
import unicodedata
from contextlib import suppress

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from publishing.identities.display_name import UnusableNameError, normalised_display_name
from tests.support.patience import GENEROUS_SECONDS

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"  # one character of seven code points
FLAG = "\U0001f1fa\U0001f1e6"  # two code points
ACCENTED = "q\u0323\u0307"  # three code points, in NFC too
THUMB = "\U0001f44d\U0001f3fd"  # a thumb and its skin tone


@pytest.mark.parametrize(
    ("given_name", "expected", "truncated"),
    [
        ("Acme", "Acme", False),
        ("  Acme \t\n", "Acme", False),
        ("\u00a0\u3000Acme\u2003", "Acme", False),
        ("Acme  Shop", "Acme  Shop", False),
        ("Cafe\u0301", "Café", False),
        ("\u212bngstrom", "Ångstrom", False),
        ("x" * 40, "x" * 40, False),
        ("x" * 41, "x" * 40, True),
        ("e\u0301" * 40, "é" * 40, False),
        ("é" * 41, "é" * 40, True),
        ("x" * 39 + " y", "x" * 39, True),
        ("漢" * 50, "漢" * 40, True),
        ("x" * 33 + FAMILY, "x" * 33 + FAMILY, False),
        ("x" * 34 + FAMILY, "x" * 34, True),
        ("x" * 39 + FAMILY, "x" * 39, True),
        (FAMILY * 6, FAMILY * 5, True),
        ("x" * 39 + FLAG, "x" * 39, True),
        (FLAG * 21, FLAG * 20, True),
        ("x" + FLAG * 20, "x" + FLAG * 19, True),
        ("x" * 39 + THUMB, "x" * 39, True),
        ("x" * 39 + ACCENTED, "x" * 39, True),
        ("x" * 37 + ACCENTED, "x" * 37 + ACCENTED, False),
        ("x" * 40 + "\u0301", "x" * 39, True),
        ("مرحبا", "مرحبا", False),
        ("שלום\u200f", "שלום\u200f", False),  # a mark is not an override
        ("a\u200db", "a\u200db", False),
    ],
)
def test_examples(given_name: str, expected: str, truncated: bool) -> None:  # noqa: FBT001 - a row of the table
    """A name is NFC, stripped and at most 40 code points, and never cut inside a grapheme cluster."""
    assert normalised_display_name(given_name) == (expected, truncated)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \t\n",
        "\u200b",
        "\u2060\ufeff",
        "\u200b" * 40 + "Acme",
        "Ac\nme",
        "Ac\x00me",
        "Ac\x7fme",
        "Ac\x85me",
        "Ac\u2028me",
        *(f"Ac{chr(code)}me" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
        "x" * 2000 + "\u202e",
        "Ac\ud800me",
        "\u0323" * 41,
        "\u200d".join("\U0001f468" * 21),
    ],
)
def test_rejected_names(name: str) -> None:
    """Names are rejected if empty, invisible, with control or text-direction characters, or with a too long cluster."""
    with pytest.raises(UnusableNameError) as caught:
        normalised_display_name(name)
    assert str(caught.value).endswith(".")


def test_a_long_sequence_of_accents_is_cut_quickly() -> None:
    """Normalising the whole sequence would take minutes; the request has seconds."""
    before = time.monotonic()
    assert normalised_display_name("x" * 40 + "\u0315\u0327" * 250_000)[0] == "x" * 39
    assert time.monotonic() - before < GENEROUS_SECONDS


alphabet = st.one_of(
    st.characters(exclude_categories=["Cs", "Cc"]),
    st.sampled_from(["\u0301", "\u0323", "\u200d", "\ufe0f", " ", "\u200b", "\u0600", "\u1100", "\u1161", "\u094d"]),
    st.sampled_from([FAMILY, FLAG, THUMB, ACCENTED, "e\u0301", "क\u094dष"]),
)
names = st.lists(alphabet, max_size=60).map("".join)


@given(names)
@example("x" * 39 + "\u0600 y")
def test_properties_of_every_name(text: str) -> None:
    """A result has at most 40 code points, is a prefix cut between grapheme clusters, visible and stable."""
    with suppress(UnusableNameError):
        name, truncated = normalised_display_name(text)
        whole = unicodedata.normalize("NFC", text).strip()
        assert 0 < len(name) <= 40
        assert whole.startswith(name)
        assert truncated == (name != whole)
        assert unicodedata.is_normalized("NFC", name)
        assert normalised_display_name(name) == (name, False)
        ends = [cluster.end() for cluster in regex.finditer(r"\X", whole)]
        blank = len(whole) - len(name) - len(whole[len(name) :].lstrip())
        assert any(len(name) <= end <= len(name) + blank for end in ends)
        longest = max((end for end in ends if end <= 40), default=0)
        assert whole[:longest].rstrip() == name

"""The table of TikTok's return codes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_business.return_codes import RETURN_CODES, Meaning, ReturnCode, classify

WRONG_APP = "The app_id is inconsistent with the token's app information."
NO_SCOPE = (
    "Permission error: The access token lacks the required scope for endpoint '/open_api/v1.3/pixel/list/(method=GET)'."
)
NO_ACCESS = "No permission to operate advertiser: 7300000000000000001"
GONE = "The advertiser 7300000000000000001 doesn't exist or has been deleted."


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (0, Meaning.OK),
        *((code, Meaning.TOKEN_DEAD) for code in (40102, 40104, 40105, 40106, 40114, 40309)),
        *((code, Meaning.SCOPE_MISSING) for code in (40003, 40130, 40131)),
        (40001, Meaning.NO_ACCESS),
        *((code, Meaning.ADVERTISER_GONE) for code in (40300, 40301)),
        *((code, Meaning.RATE_LIMITED) for code in (40016, 40100, 40132, 40133, 61000)),
        *((code, Meaning.UNSUPPORTED) for code in (40008, 40009, 40013, 40014, 40118, 41000)),
        *((code, Meaning.NOT_DONE) for code in (40900, 40902, 40903, 40913)),
        *((code, Meaning.TRANSIENT) for code in (40201, 40202, 50000, 50002, 51008, 51305, 52001, 53102, 60001)),
        *((code, Meaning.REJECTED) for code in (40000, 40002, 40007, 40050, 40101, 40113, 40302, 40700, 40911, 70001)),
        *((code, Meaning.REJECTED) for code in (40010, 40012, 40015, 40129, 40203, 40299)),  # next to a named range
        *((code, Meaning.REJECTED) for code in (40899, 40901, 40904, 40910, 40912, 40914, 40916)),  # of uploads
        *((code, Meaning.UNKNOWN) for code in (20001, -1, 1, 200, 39999, 70000, 999999)),
    ],
)
def test_code(code: int, meaning: Meaning) -> None:
    """Each code of TikTok's tables has the meaning that the sources give it."""
    assert classify(code, "") is meaning


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        (40000, WRONG_APP, Meaning.TOKEN_DEAD),
        (40113, WRONG_APP, Meaning.TOKEN_DEAD),
        (40001, NO_SCOPE, Meaning.SCOPE_MISSING),
        (40001, "The token lacks the required SCOPES.", Meaning.SCOPE_MISSING),
        (40001, NO_ACCESS, Meaning.NO_ACCESS),
        (40001, "You don't have permission to operate this catalog:1", Meaning.NO_ACCESS),
        (40001, GONE, Meaning.ADVERTISER_GONE),
        (40002, GONE, Meaning.ADVERTISER_GONE),
        (40002, GONE.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"), Meaning.ADVERTISER_GONE),
        (40002, GONE.replace("advertiser", "ad account"), Meaning.ADVERTISER_GONE),
        (40002, "The image ad-site-i18n-sg/1 doesn't exist or has been deleted.", Meaning.REJECTED),
        (40001, "The catalog 1 doesn't exist or has been deleted.", Meaning.NO_ACCESS),
        (40002, "page_size: Must be between 1 and 20.", Meaning.REJECTED),
        (40001, "No permission: microscopes are not advertisers", Meaning.NO_ACCESS),
        (40003, GONE, Meaning.SCOPE_MISSING),
        (40113, WRONG_APP.upper(), Meaning.TOKEN_DEAD),
        (40001, NO_SCOPE.upper(), Meaning.SCOPE_MISSING),
        (40002, GONE.upper(), Meaning.ADVERTISER_GONE),
    ],
)
def test_message(code: int, message: str, meaning: Meaning) -> None:
    """Where a code means several things, the message decides."""
    assert classify(code, message) is meaning


@pytest.mark.parametrize("message", [WRONG_APP, NO_SCOPE, GONE])
@given(code=st.integers(40002, 80000).filter(lambda code: code not in {40002, 40113}))
def test_message_alone(message: str, code: int) -> None:
    """A message decides for no other code than those it is known with: words alone kill no token."""
    assert classify(code, message) is classify(code, "")


@given(code=st.integers(), message=st.text())
def test_ok(code: int, message: str) -> None:
    """Code 0 alone is a success, whatever the message says."""
    assert (classify(code, message) is Meaning.OK) == (code == 0)


@given(code=st.integers(50000, 69999).filter(lambda code: code != 61000), message=st.text())
def test_unnamed_fives_and_sixes(code: int, message: str) -> None:
    """A code 5xxxx or 6xxxx that no table names is TikTok's own trouble."""
    assert classify(code, message) is Meaning.TRANSIENT


NAMED = {
    code for row in RETURN_CODES if (row.first, row.last) != (40000, 49999) for code in range(row.first, row.last + 1)
}


@given(code=st.integers(40000, 49999).filter(lambda code: code not in NAMED), message=st.text())
def test_unnamed_fours(code: int, message: str) -> None:
    """A code 4xxxx that no table names is a refusal."""
    assert classify(code, message) is Meaning.REJECTED


def test_every_row_counts() -> None:
    """No row of the table is hidden by the rows before it."""
    hidden = [
        row
        for number, row in enumerate(RETURN_CODES)
        if all(
            any(before.pattern is None and before.first <= code <= before.last for before in RETURN_CODES[:number])
            for code in range(row.first, row.last + 1)
        )
    ]
    assert hidden == []


def test_every_row_is_explained() -> None:
    """Each row says what it means and who says so."""
    assert all(row.note and row.source and row.first <= row.last for row in RETURN_CODES)
    assert not {row.note for row in RETURN_CODES} & {row.source for row in RETURN_CODES}


def test_what_rests_on_the_sdk_alone() -> None:
    """The codes that TikTok's SDK names and its documentation does not; a contract test asks the SDK itself."""
    codes = {code for row in RETURN_CODES if row.source.startswith("SDK") for code in (row.first, row.last)}
    assert codes == {40003, 40114, 40130, 40131, 40309, 61000, 70001}


def test_the_words_for_a_meaning() -> None:
    """Each is called what it is named."""
    assert [*Meaning] == [meaning.name.lower() for meaning in Meaning]


def test_every_meaning_occurs() -> None:
    """The table uses every meaning."""
    assert {row.meaning for row in RETURN_CODES} == set(Meaning)


def test_first_row_wins() -> None:
    """Of two rows for one code the first decides, where its pattern fits or it has none."""
    rows = [ReturnCode(7, 7, meaning, "", "") for meaning in (Meaning.TRANSIENT, Meaning.REJECTED)]
    for first, second in pairwise([*rows, rows[0]]):
        assert classify(7, "", [first, second]) is first.meaning

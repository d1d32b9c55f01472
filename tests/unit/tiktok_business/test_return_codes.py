"""The table of TikTok's return codes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_business.return_codes import RETURN_CODES, ErrorCategory, ReturnCode, classify

WRONG_APP = "The app_id is inconsistent with the token's app information."
NO_SCOPE = (
    "Permission error: The access token lacks the required scope for endpoint '/open_api/v1.3/pixel/list/(method=GET)'."
)
NO_ACCESS = "No permission to operate advertiser: 7300000000000000001"
NOT_GRANTED = "advertiser does not grant you /pixel/list/:GET permission"
DEPLOYMENT_REFUSED = (
    *(40006, 40008, 40009, 40010, 40013, 40014, 40051),  # version, environment, domain
    *(40101, 40108, 40109, 40112, 40113, 40115, 40116, 40117),  # the app's credentials and our use of them
    *(40118, 40119, 40124, 40125, 40400, 41000, 41001, 41002),  # the app's rights, our network, what is offline
)
GONE = "The advertiser 7300000000000000001 doesn't exist or has been deleted."


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (0, ErrorCategory.OK),
        *((code, ErrorCategory.TOKEN_INVALID) for code in (40102, 40104, 40105, 40106, 40114, 40309)),
        *((code, ErrorCategory.SCOPE_MISSING) for code in (40003, 40130, 40131)),
        (40001, ErrorCategory.NO_ACCESS),
        *((code, ErrorCategory.ADVERTISER_GONE) for code in (40300, 40301)),
        *((code, ErrorCategory.RATE_LIMITED) for code in (40016, 40100, 40132, 40133, 61000)),
        *((code, ErrorCategory.DEPLOYMENT_REFUSED) for code in DEPLOYMENT_REFUSED),
        *((code, ErrorCategory.NOT_APPLIED) for code in (40900, 40902, 40903, 40913)),
        *((code, ErrorCategory.TRANSIENT) for code in (40201, 40202, 50000, 50002, 51008, 51305, 52001, 53102, 60001)),
        *((code, ErrorCategory.REJECTED) for code in (40000, 40002, 40007, 40050, 40110, 40302, 40700, 40911, 70001)),
        *(
            (code, ErrorCategory.REJECTED) for code in (40012, 40015, 40126, 40129, 40203, 40299, 40999, 41003)
        ),  # next to a named range
        *((code, ErrorCategory.REJECTED) for code in (40899, 40901, 40904, 40910, 40912, 40914, 40916)),  # of uploads
        *((code, ErrorCategory.UNKNOWN) for code in (20001, -1, 1, 200, 39999, 70000, 999999)),
    ],
)
def test_code(code: int, category: ErrorCategory) -> None:
    """Each code in TikTok's tables has the category that the sources give it."""
    assert classify(code, "") is category


@pytest.mark.parametrize(
    ("code", "message", "category"),
    [
        (40000, WRONG_APP, ErrorCategory.TOKEN_INVALID),
        (40113, WRONG_APP, ErrorCategory.TOKEN_INVALID),
        (40001, NO_SCOPE, ErrorCategory.SCOPE_MISSING),
        (40001, "The token lacks the required SCOPES.", ErrorCategory.SCOPE_MISSING),
        (40001, NOT_GRANTED, ErrorCategory.SCOPE_MISSING),
        (40001, NOT_GRANTED.replace("GET", "POST"), ErrorCategory.SCOPE_MISSING),
        (40001, "No permission for /open_api/v1.3/bc/get/(method=GET)", ErrorCategory.SCOPE_MISSING),
        (40001, "You got no permission to get advertiser 1", ErrorCategory.NO_ACCESS),
        (40001, NO_ACCESS, ErrorCategory.NO_ACCESS),
        (40001, "You don't have permission to operate this catalog:1", ErrorCategory.NO_ACCESS),
        (40001, GONE, ErrorCategory.ADVERTISER_GONE),
        (40002, GONE, ErrorCategory.ADVERTISER_GONE),
        (40002, GONE.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"), ErrorCategory.ADVERTISER_GONE),
        (40002, GONE.replace("advertiser", "ad account"), ErrorCategory.ADVERTISER_GONE),
        (40002, "The image ad-site-i18n-sg/1 doesn't exist or has been deleted.", ErrorCategory.REJECTED),
        (40001, "The catalog 1 doesn't exist or has been deleted.", ErrorCategory.NO_ACCESS),
        (40002, "page_size: Must be between 1 and 20.", ErrorCategory.REJECTED),
        (40001, "No permission: microscopes are not advertisers", ErrorCategory.NO_ACCESS),
        (40003, GONE, ErrorCategory.SCOPE_MISSING),
        (40113, WRONG_APP.upper(), ErrorCategory.TOKEN_INVALID),
        (40001, NO_SCOPE.upper(), ErrorCategory.SCOPE_MISSING),
        (40002, GONE.upper(), ErrorCategory.ADVERTISER_GONE),
    ],
)
def test_message(code: int, message: str, category: ErrorCategory) -> None:
    """If a code has several categorys, the message decides."""
    assert classify(code, message) is category


@pytest.mark.parametrize("message", [WRONG_APP, NO_SCOPE, GONE])
@given(code=st.integers(40002, 80000).filter(lambda code: code not in {40002, 40113}))
def test_message_only_decides_for_known_codes(message: str, code: int) -> None:
    """A message decides only for the codes it is known with: a message alone invalidates no token."""
    assert classify(code, message) is classify(code, "")


@given(code=st.integers(), message=st.text())
def test_ok(code: int, message: str) -> None:
    """Only code 0 is a success, whatever the message is."""
    assert (classify(code, message) is ErrorCategory.OK) == (code == 0)


@given(code=st.integers(50000, 69999).filter(lambda code: code != 61000), message=st.text())
def test_unnamed_fives_and_sixes(code: int, message: str) -> None:
    """A code 5xxxx or 6xxxx that no row names is transient."""
    assert classify(code, message) is ErrorCategory.TRANSIENT


NAMED = {
    code for row in RETURN_CODES if (row.first, row.last) != (40000, 49999) for code in range(row.first, row.last + 1)
}


@given(code=st.integers(40000, 49999).filter(lambda code: code not in NAMED), message=st.text())
def test_unnamed_fours(code: int, message: str) -> None:
    """A code 4xxxx that no row names is a rejection."""
    assert classify(code, message) is ErrorCategory.REJECTED


def test_no_row_is_shadowed() -> None:
    """No row is shadowed by the rows before it."""
    shadowed = [
        row
        for number, row in enumerate(RETURN_CODES)
        if all(
            any(before.pattern is None and before.first <= code <= before.last for before in RETURN_CODES[:number])
            for code in range(row.first, row.last + 1)
        )
    ]
    assert shadowed == []


def test_every_row_has_note_and_source() -> None:
    """Each row has a note and a source."""
    assert all(row.note and row.source and row.first <= row.last for row in RETURN_CODES)
    assert not {row.note for row in RETURN_CODES} & {row.source for row in RETURN_CODES}


def test_codes_of_the_sdk_only() -> None:
    """Codes in TikTok's SDK but not in its documentation; a contract test compares them with the SDK."""
    codes = {code for row in RETURN_CODES if row.source.startswith("SDK") for code in (row.first, row.last)}
    assert codes == {40003, 40114, 40130, 40131, 40309, 40400, 61000, 70001}


def test_category_values_equal_their_names() -> None:
    """Each category's value is its name in lower case."""
    assert [*ErrorCategory] == [category.name.lower() for category in ErrorCategory]


def test_every_category_occurs() -> None:
    """The table uses every category."""
    assert {row.category for row in RETURN_CODES} == set(ErrorCategory)


def test_first_row_wins() -> None:
    """Of two rows for one code the first one that matches decides."""
    rows = [ReturnCode(7, 7, category, "", "") for category in (ErrorCategory.TRANSIENT, ErrorCategory.REJECTED)]
    for first, second in pairwise([*rows, rows[0]]):
        assert classify(7, "", [first, second]) is first.category

"""Permissions in words: which were granted, which were not, and what suffers for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tiktok_simulator import Scope
from publishing.connecting.permissions import NEEDED, SCOPES, granted, missing
from tests.unit.connecting.scenarios import WHO
from tests.unit.connecting.system import System


@pytest.mark.parametrize(
    ("denied", "suffers"),
    [
        ({Scope.PIXEL_READ}, {"pixel": ["800"]}),
        ({Scope.BUSINESS_CENTER_READ}, {"catalog": ["150"]}),
        ({Scope.CATALOG_READ, Scope.BUSINESS_CENTER_READ}, {"catalog": ["150", "900"]}),
        ({Scope.IDENTITY_READ}, {"identity": ["693"]}),
        ({Scope.IDENTITY_CREATE}, {"createIdentity": ["692"]}),
        ({Scope.IDENTITY_DELETE}, {}),
        ({Scope.IMAGE_UPLOAD}, {"identityImage": ["601"]}),
        ({Scope.APP_READ, Scope.PAGE_READ}, {"app": ["700"], "leadForm": ["680"]}),
        ({Scope.TERM}, {"warnings": ["120"]}),
        ({Scope.ADVERTISER_READ}, {"advertisers": ["100"], "warnings": ["100"]}),
        (set(), {}),
    ],
)
def test_what_was_not_granted_is_named_by_what_suffers(
    system: System, denied: set[Scope], suffers: dict[str, list[str]]
) -> None:
    """And what was, in words."""
    assert system.connect(WHO, scopes=set(Scope) - denied) == "connected"
    [seen] = system.overview(WHO)
    assert {one["check"]: [each["id"] for each in one["permissions"]] for one in seen["missing"]} == suffers
    granted = {one["id"] for one in seen["permissions"]}
    assert granted >= {one.id for one in SCOPES} - {str(one.value) for one in denied}
    assert granted.isdisjoint(str(one.value) for one in denied)
    assert all(one["name"] for one in seen["permissions"])


def test_every_permission_that_is_used_is_needed_by_something() -> None:
    """The table names no other, and none twice."""
    assert {one for needed in NEEDED.values() for one in needed} == set(SCOPES)
    assert len({one.id for one in SCOPES}) == len(SCOPES)


SCOPE_IDS = st.lists(
    st.sampled_from(["10", "100", "12", "15", "60", "69", "692", "693", "80", "900", "123"]), max_size=9
)


@given(SCOPE_IDS)
def test_what_is_granted_suffers_nowhere(scopes: list[str]) -> None:
    """What is named as granted is not named as missing, and every id that TikTok named is in words or by number."""
    have = {one.id for one in granted(tuple(scopes))}
    assert have.isdisjoint(one.id for each in missing(tuple(scopes)) for one in each.permissions)
    for one in scopes:
        assert one in have or any(known.startswith(one) for known in have)
    assert [one.id for one in granted(tuple(scopes))].count("123") == min(1, scopes.count("123"))

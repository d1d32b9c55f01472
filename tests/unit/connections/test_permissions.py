"""Which permissions were granted, which are missing, and which checks and actions they affect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tiktok_simulator import Scope
from publishing.permissions import NEEDED, SCOPES, granted, missing
from tests.unit.connections.scenarios import USER
from tests.unit.connections.system import System


@pytest.mark.parametrize(
    ("denied", "affected"),
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
def test_missing_permissions_are_listed_by_what_they_affect(
    system: System, denied: set[Scope], affected: dict[str, list[str]]
) -> None:
    """Granted permissions are listed with names."""
    assert system.connect(USER, scopes=set(Scope) - denied) == "connected"
    [listed] = system.list_connections(USER)
    assert {one["check"]: [each["id"] for each in one["permissions"]] for one in listed["missing"]} == affected
    ids = {one["id"] for one in listed["permissions"]}
    assert ids >= {one.id for one in SCOPES} - {str(one.value) for one in denied}
    assert ids.isdisjoint(str(one.value) for one in denied)
    assert all(one["name"] for one in listed["permissions"])


def test_every_known_permission_is_needed_by_something() -> None:
    """The table of needed permissions names no other, and no permission is listed twice."""
    assert {one for needed in NEEDED.values() for one in needed} == set(SCOPES)
    assert len({one.id for one in SCOPES}) == len(SCOPES)


SCOPE_IDS = st.lists(
    st.sampled_from(["10", "100", "12", "15", "60", "69", "692", "693", "80", "900", "123"]), max_size=9
)


@given(SCOPE_IDS)
def test_no_permission_is_both_granted_and_missing(scopes: list[str]) -> None:
    """Every id that TikTok returned is listed by name or by number."""
    ids = {one.id for one in granted(tuple(scopes))}
    assert ids.isdisjoint(one.id for each in missing(tuple(scopes)) for one in each.permissions)
    for one in scopes:
        assert one in ids or any(known.startswith(one) for known in ids)
    assert [one.id for one in granted(tuple(scopes))].count("123") == min(1, scopes.count("123"))

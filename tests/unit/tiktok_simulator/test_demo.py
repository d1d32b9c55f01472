"""The demo world matches the package's description, and copies are independent."""

import re

import local.tiktok_simulator
from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Image, Scope, demo_world


def test_table() -> None:
    """The package's description lists every demo advertiser and token correctly."""
    text = local.tiktok_simulator.__doc__ or ""
    for member in DemoAdvertiser:
        line = rf"^{member.name} +{member.value}  {re.escape(member.description)}$"
        assert re.search(line, text, re.MULTILINE), member.name
    names = {member.value: member.name for member in DemoAdvertiser}
    world = demo_world()
    entries = re.split(r"^(?=[A-Z_]+ +u-)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(DemoToken)
    for token, entry in zip(DemoToken, entries, strict=True):
        assert entry.startswith(token.name)
        assert f" {token.user} " in entry
        listed = [word for word in re.findall(r"\b[A-Z_]+\b", entry) if word in DemoAdvertiser.__members__]
        assert listed == [names[advertiser_id] for advertiser_id in world.tokens[token].advertiser_ids]


def test_ids() -> None:
    """Ids have 19 digits and are unique among objects of one kind."""
    world = demo_world()
    advertisers = list(world.advertisers.values())
    groups = [
        [advertiser.id for advertiser in advertisers],
        [pixel.id for advertiser in advertisers for pixel in advertiser.pixels],
        [page.id for advertiser in advertisers for page in advertiser.pages],
        [app.id for advertiser in advertisers for app in advertiser.apps],
        list(world.business_centers),
        [catalog.id for center in world.business_centers.values() for catalog in center.catalogs],
    ]
    for ids in groups:
        assert len(ids) == len(set(ids)) > 0
        assert all(re.fullmatch(r"\d{19}", item) for item in ids)
    identities = [identity.id for advertiser in advertisers for identity in advertiser.identities]
    assert len(identities) == len(set(identities))


def test_every_advertiser_is_accessible() -> None:
    """Every demo advertiser has a valid token with access to it, and tokens are named after users."""
    world = demo_world()
    valid = [token for token in world.tokens.values() if not token.revoked]
    assert {item for token in valid for item in token.advertiser_ids} == set(DemoAdvertiser)
    for value, token in world.tokens.items():
        assert value == token.value == f"simulated-token-{token.user}"
        assert token.value not in repr(token)


def test_starter() -> None:
    """The starter has no token yet, has the advertisers of the description, and sees the account that they linked."""
    world = demo_world()
    assert STARTER not in {token.user for token in world.tokens.values()}
    assert [user.name for user in world.people()] == [STARTER, *(token.user for token in DemoToken)]
    names = {member.value: member.name for member in DemoAdvertiser}
    reached = [names[one] for one in world.user(STARTER).advertiser_ids]
    assert f"{STARTER}, who reaches {' and '.join(reached)}," in (local.tiktok_simulator.__doc__ or "")
    linked = [one for one in world.advertisers.values() if any(STARTER in item.linked_by for item in one.identities)]
    assert [one.id for one in linked] == [DemoAdvertiser.EVERYTHING_READY]


def test_worlds_are_independent() -> None:
    """A change in one demo world, or in a copy, does not affect another."""
    world = demo_world()
    copy = world.copy()
    for advertiser in world.advertisers.values():
        advertiser.identities.clear()
        advertiser.pixels.clear()
        advertiser.apps.clear()
        advertiser.pages.clear()
        advertiser.images.append(Image("i", "a.png", 1, 1, "png", 1, ""))
    world.issue_code(STARTER, list(Scope), 0)
    world.reach(STARTER, [])
    world.revoke(DemoToken.OWNER)
    for center in world.business_centers.values():
        center.catalogs.clear()
        center.user_roles.clear()
    assert copy == demo_world() != world

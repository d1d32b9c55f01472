"""The demo world: named advertisers, one for every outcome of a check, and the tokens with access to them.

Catalogs and form libraries belong to Business Centers. The token's user decides which Business Centers are visible, so
the demo users have different ones.
"""

from enum import StrEnum
from typing import Self
from uuid import NAMESPACE_URL, uuid5

from local.tiktok_simulator.world import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    FormLibrary,
    Identity,
    Page,
    Pixel,
    Scope,
    Token,
    User,
    World,
)

STARTER = "u-starter"
"""A user who has not consented yet and therefore has no token."""


class DemoToken(StrEnum):
    """The demo tokens, each named after its user."""

    OWNER = "simulated-token-u-owner"
    MANAGER = "simulated-token-u-manager"
    MEDIA_BUYER = "simulated-token-u-buyer"
    CATALOG_OPERATOR = "simulated-token-u-catalog"
    FREELANCER = "simulated-token-u-freelancer"
    AGENCY = "simulated-token-u-agency"
    NEWCOMER = "simulated-token-u-newcomer"
    NARROW_SCOPE = "simulated-token-u-narrow"
    REVOKED = "simulated-token-u-revoked"
    FOREIGN_TEAM = "simulated-token-u-foreign"

    @property
    def user(self) -> str:
        """The user who granted this token."""
        return self.value.removeprefix("simulated-token-")


class DemoAdvertiser(StrEnum):
    """The demo advertisers: the value is the advertiser's id, the description says what differs about it.

    Unless the description says otherwise an advertiser has an available TT_USER, an active pixel, an app, a
    published lead form and signed lead terms, may use custom identities, and is enabled.
    """

    description: str

    def __new__(cls, advertiser_id: str, description: str) -> Self:
        """Create a member whose value is the id, without the description."""
        member = str.__new__(cls, advertiser_id)
        member._value_ = advertiser_id
        member.description = description
        return member

    EVERYTHING_READY = "7300000000000000001", "everything, an eligible catalog included"
    NOTHING = "7300000000000000002", "no assets, lead terms unsigned, can_use_custom_identity true"
    CUSTOM_RESTRICTED = "7300000000000000003", "only a CUSTOMIZED_USER, can_use_custom_identity false"
    CUSTOM_ALLOWED = "7300000000000000004", "only a CUSTOMIZED_USER, can_use_custom_identity true"
    CUSTOM_UNCERTAIN = "7300000000000000005", "only a CUSTOMIZED_USER, can_use_custom_identity is missing"
    UNBOUND_PIXELS = "7300000000000000006", "only UNBOUND pixels"
    QUIET_PIXEL = "7300000000000000007", "only a pixel with NO_RECENT_ACTIVITY"
    SECOND_BUSINESS_CENTER = (
        "7300000000000000008",
        "the only catalog is in the second of two Business Centers",
    )
    CATALOG_NOT_ELIGIBLE = "7300000000000000009", "the only catalog is NOT_AVAILABLE for ads"
    NO_BUSINESS_CENTER = "7300000000000000010", "the token's user sees no Business Center"
    DRAFT_FORMS = "7300000000000000011", "only EDITED lead forms"
    LIBRARY_FORM = "7300000000000000012", "the only lead form is in a Business Center's form library"
    LEAD_TERMS_UNSIGNED = "7300000000000000013", "a published lead form, lead terms unsigned"
    SUSPENDED = "7300000000000000014", "STATUS_DISABLE, otherwise everything"
    UNAVAILABLE_TT_USER = "7300000000000000015", "only a TT_USER with NO_VALID_BIND_ACCOUNT"
    GPPPA = "7300000000000000016", "only a TT_USER that is a political account (is_gpppa)"
    BC_IDENTITY_ONLY = "7300000000000000017", "only a BC_AUTH_TT identity"
    LINKED_BY_OWNER = "7300000000000000018", "the owner's token sees the TT_USER, the manager's does not"
    MANY_PAGES = "7300000000000000019", "the only usable item is on the last page of every list"
    DELETED = "7300000000000000020", "deleted at TikTok, still in the tokens' lists"
    FOREIGN = "7300000000000000021", "belongs to another team, otherwise everything"


_OWNER_CENTER = "7200000000000000001"
_MANAGER_CENTER = "7200000000000000002"
_MANAGER_SECOND_CENTER = "7200000000000000003"
_BUYER_CENTER = "7200000000000000004"
_CATALOG_CENTER = "7200000000000000005"
_FOREIGN_CENTER = "7200000000000000006"
_AGENCY_CENTERS = tuple(f"72000000000000001{number:02d}" for number in range(1, 13))
LIBRARY_ID = "7500000000000000001"


_ACCESS: dict[DemoToken, tuple[DemoAdvertiser, ...]] = {
    DemoToken.OWNER: (
        DemoAdvertiser.EVERYTHING_READY,
        DemoAdvertiser.SUSPENDED,
        DemoAdvertiser.LINKED_BY_OWNER,
        DemoAdvertiser.DELETED,
    ),
    DemoToken.MANAGER: (
        DemoAdvertiser.SECOND_BUSINESS_CENTER,
        DemoAdvertiser.LIBRARY_FORM,
        DemoAdvertiser.LINKED_BY_OWNER,
    ),
    DemoToken.MEDIA_BUYER: (
        DemoAdvertiser.NOTHING,
        DemoAdvertiser.CUSTOM_RESTRICTED,
        DemoAdvertiser.CUSTOM_ALLOWED,
        DemoAdvertiser.CUSTOM_UNCERTAIN,
        DemoAdvertiser.UNBOUND_PIXELS,
        DemoAdvertiser.QUIET_PIXEL,
        DemoAdvertiser.DRAFT_FORMS,
        DemoAdvertiser.LEAD_TERMS_UNSIGNED,
        DemoAdvertiser.UNAVAILABLE_TT_USER,
        DemoAdvertiser.GPPPA,
        DemoAdvertiser.BC_IDENTITY_ONLY,
        DemoAdvertiser.DELETED,
    ),
    DemoToken.CATALOG_OPERATOR: (DemoAdvertiser.CATALOG_NOT_ELIGIBLE,),
    DemoToken.FREELANCER: (DemoAdvertiser.NO_BUSINESS_CENTER,),
    DemoToken.AGENCY: (DemoAdvertiser.MANY_PAGES,),
    DemoToken.NEWCOMER: (),
    DemoToken.NARROW_SCOPE: (DemoAdvertiser.EVERYTHING_READY,),
    DemoToken.REVOKED: (DemoAdvertiser.EVERYTHING_READY,),
    DemoToken.FOREIGN_TEAM: (DemoAdvertiser.FOREIGN,),
}
_STARTER_ACCESS = (DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY)


def demo_world() -> World:
    """A new demo world."""
    return World(
        tokens={token.value: token for token in _tokens()},
        users={STARTER: User(STARTER, tuple(advertiser.value for advertiser in _STARTER_ACCESS))},
        advertisers={advertiser.id: advertiser for advertiser in _advertisers()},
        business_centers={center.id: center for center in _business_centers()},
    )


def _tokens() -> list[Token]:
    return [
        Token(
            value=token.value,
            user=token.user,
            advertiser_ids=tuple(advertiser.value for advertiser in advertisers),
            missing_scopes=frozenset({Scope.PIXEL_READ} if token is DemoToken.NARROW_SCOPE else ()),
            revoked=token is DemoToken.REVOKED,
        )
        for token, advertisers in _ACCESS.items()
    ]


def _business_centers() -> list[BusinessCenter]:
    owner, manager, buyer = DemoToken.OWNER.user, DemoToken.MANAGER.user, DemoToken.MEDIA_BUYER.user
    agency = [
        BusinessCenter(center_id, f"Agency client {number}", {DemoToken.AGENCY.user: "ADMIN"})
        for number, center_id in enumerate(_AGENCY_CENTERS, start=1)
    ]
    unusable = [_catalog(_AGENCY_CENTERS[-1], number, "NOT_AVAILABLE") for number in range(1, 120)]
    agency[-1].catalogs = [*unusable, _catalog(_AGENCY_CENTERS[-1], 120)]
    return [
        BusinessCenter(
            _OWNER_CENTER,
            "Northlight",
            {owner: "ADMIN", DemoToken.NARROW_SCOPE.user: "STANDARD", DemoToken.REVOKED.user: "STANDARD"},
            [_catalog(_OWNER_CENTER)],
        ),
        BusinessCenter(_MANAGER_CENTER, "Northlight Services", {manager: "STANDARD"}),
        BusinessCenter(
            _MANAGER_SECOND_CENTER,
            "Northlight Retail",
            {manager: "ADMIN"},
            [_catalog(_MANAGER_SECOND_CENTER)],
            FormLibrary(LIBRARY_ID, "Retail forms", DemoAdvertiser.LIBRARY_FORM, (_form(_MANAGER_SECOND_CENTER),)),
        ),
        BusinessCenter(_BUYER_CENTER, "Northlight Lab", {buyer: "STANDARD"}),
        BusinessCenter(
            _CATALOG_CENTER,
            "Northlight Feeds",
            {DemoToken.CATALOG_OPERATOR.user: "ADMIN"},
            [_catalog(_CATALOG_CENTER, 1, "NOT_AVAILABLE")],
        ),
        BusinessCenter(
            _FOREIGN_CENTER, "Southgate", {DemoToken.FOREIGN_TEAM.user: "ADMIN"}, [_catalog(_FOREIGN_CENTER)]
        ),
        *agency,
    ]


def _advertisers() -> list[Advertiser]:
    """The demo advertisers: each starts with everything ready and loses what its name says."""
    made = {member: _ready(member) for member in DemoAdvertiser}
    name = DemoAdvertiser

    nothing = made[name.NOTHING]
    nothing.identities, nothing.pixels, nothing.apps, nothing.pages = [], [], [], []
    nothing.lead_terms_confirmed = False

    for member, allowed in (
        (name.CUSTOM_RESTRICTED, False),
        (name.CUSTOM_ALLOWED, True),
        (name.CUSTOM_UNCERTAIN, None),
    ):
        made[member].identities = [_custom(member)]
        made[member].can_use_custom_identity = allowed

    made[name.UNBOUND_PIXELS].pixels = [
        _pixel(name.UNBOUND_PIXELS, number, relation_status="UNBOUND") for number in (1, 2)
    ]
    made[name.QUIET_PIXEL].pixels = [_pixel(name.QUIET_PIXEL, activity_status="NO_RECENT_ACTIVITY")]
    made[name.DRAFT_FORMS].pages = [_form(name.DRAFT_FORMS, number, "EDITED") for number in (1, 2)]
    made[name.LIBRARY_FORM].pages = []
    made[name.LEAD_TERMS_UNSIGNED].lead_terms_confirmed = False
    made[name.SUSPENDED].status = "STATUS_DISABLE"
    made[name.UNAVAILABLE_TT_USER].identities = [
        _tt_user(name.UNAVAILABLE_TT_USER, available_status="NO_VALID_BIND_ACCOUNT")
    ]
    made[name.GPPPA].identities = [_tt_user(name.GPPPA, is_gpppa=True)]
    made[name.BC_IDENTITY_ONLY].identities = [_bc_identity(name.BC_IDENTITY_ONLY, _BUYER_CENTER)]
    linked_by_owner = _tt_user(name.LINKED_BY_OWNER, linked_by=(DemoToken.OWNER.user,))
    made[name.LINKED_BY_OWNER].identities = [_custom(name.LINKED_BY_OWNER), linked_by_owner]
    made[name.DELETED].deleted = True
    _spread_over_pages(made[name.MANY_PAGES], name.MANY_PAGES)
    return list(made.values())


def _ready(member: DemoAdvertiser) -> Advertiser:
    return Advertiser(
        id=member.value,
        name=member.name.replace("_", " ").capitalize(),
        owner_bc_id=_OWNED_BY.get(_tokens_of(member)[0]),
        identities=[_custom(member), _tt_user(member)],
        pixels=[_pixel(member)],
        apps=[App(_digits("71", member, 1), "Shop app"), App(_digits("71", member, 2), "Shop app", "IOS")],
        pages=[_form(member)],
    )


_OWNED_BY = {
    DemoToken.OWNER: _OWNER_CENTER,
    DemoToken.MANAGER: _MANAGER_SECOND_CENTER,
    DemoToken.MEDIA_BUYER: _BUYER_CENTER,
    DemoToken.CATALOG_OPERATOR: _CATALOG_CENTER,
    DemoToken.AGENCY: _AGENCY_CENTERS[-1],
    DemoToken.FOREIGN_TEAM: _FOREIGN_CENTER,
}


def _spread_over_pages(advertiser: Advertiser, member: DemoAdvertiser) -> None:
    """Make only the last item of every list usable, so that a client must read all pages, whatever the page size."""
    # Identities are listed newest first, so the oldest comes last.
    advertiser.identities = [
        _tt_user(member),
        *(_tt_user(member, number, available_status="IS_PRIVATE_ACCOUNT") for number in range(2, 112)),
        *(_custom(member, number) for number in range(1, 131)),
    ]
    advertiser.pixels = [
        *(_pixel(member, number, relation_status="UNBOUND") for number in range(1, 45)),
        _pixel(member, 45),
    ]
    advertiser.pages = [*(_form(member, number, "EDITED") for number in range(1, 205)), _form(member, 205)]


def _tokens_of(member: DemoAdvertiser) -> list[DemoToken]:
    return [token for token, advertisers in _ACCESS.items() if member in advertisers]


def _users_of(member: DemoAdvertiser) -> tuple[str, ...]:
    users = [token.user for token in _tokens_of(member)]
    return (*users, STARTER) if member in _STARTER_ACCESS else tuple(users)


def _digits(prefix: str, owner: str, number: int) -> str:
    """An id of 19 digits: a prefix for the kind, the owner's last digits, a number."""
    return f"{prefix}{int(owner[-8:]):011d}{number:06d}"


def _custom(member: DemoAdvertiser, number: int = 1) -> Identity:
    return Identity(_digits("76", member, number), "CUSTOMIZED_USER", f"Demo brand {number}")


def _tt_user(
    member: DemoAdvertiser,
    number: int = 1,
    *,
    linked_by: tuple[str, ...] | None = None,
    available_status: str = "AVAILABLE",
    is_gpppa: bool = False,
) -> Identity:
    return Identity(
        id=str(uuid5(NAMESPACE_URL, f"tt-user/{member}/{number}")),
        identity_type="TT_USER",
        display_name=f"Demo account {number}",
        profile_image=f"https://images.example/account-{number}.jpeg",
        linked_by=_users_of(member) if linked_by is None else linked_by,
        username=f"demo.account.{number}",
        available_status=available_status,
        is_gpppa=is_gpppa,
    )


def _bc_identity(member: DemoAdvertiser, bc_id: str) -> Identity:
    return Identity(
        id=str(uuid5(NAMESPACE_URL, f"bc/{member}")),
        identity_type="BC_AUTH_TT",
        display_name="Demo shared account",
        profile_image="https://images.example/shared.jpeg",
        authorized_bc_id=bc_id,
        username="demo.shared",
    )


def _pixel(
    member: DemoAdvertiser,
    number: int = 1,
    *,
    relation_status: str | None = None,
    activity_status: str = "ACTIVE",
) -> Pixel:
    return Pixel(_digits("75", member, number), f"Web shop {number}", activity_status, relation_status)


def _form(owner: str, number: int = 1, status: str = "PUBLISHED") -> Page:
    return Page(_digits("74", owner, number), f"Quote request {number}", status)


def _catalog(bc_id: str, number: int = 1, eligible: str = "AVAILABLE") -> Catalog:
    return Catalog(_digits("70", bc_id, number), f"Product feed {number}", eligible)

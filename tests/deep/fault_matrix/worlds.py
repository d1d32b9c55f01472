"""Worlds of the simulated TikTok: an advertiser that has everything, and what each scene removes or changes."""

from collections.abc import Callable
from dataclasses import replace

from local.tiktok_simulator import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    FormLibrary,
    Identity,
    Page,
    Pixel,
    Token,
    World,
)

ADVERTISER = "7300000000000000099"
SECOND = "7300000000000000098"
USER = "u-asker"
TEAMMATE = "u-mate"
TEAMMATE_TOKEN = "simulated-token-of-the-teammate"
CENTER = "7200000000000000099"
LIBRARY = ADVERTISER
"""The same digits, so that one number replaces either id of a library's row."""
_USERS = (USER, TEAMMATE)

Scene = Callable[[World], None]
"""Changes a world in which everything exists."""


def everything(token: str) -> World:
    """Return a world with an advertiser that has everything, and two people who see the same of it."""
    tokens = [Token(token, USER, (ADVERTISER,)), Token(TEAMMATE_TOKEN, TEAMMATE, (ADVERTISER,))]
    return World(
        tokens={one.value: one for one in tokens},
        advertisers={
            ADVERTISER: Advertiser(
                ADVERTISER,
                "Northlight",
                owner_bc_id=CENTER,
                identities=[_custom(1), _account(1)],
                pixels=[_pixel(1)],
                apps=[App("7100000000000000001", "Shop app")],
                pages=[_form(1)],
            ),
            SECOND: Advertiser(SECOND, "Northlight Two"),
        },
        business_centers={CENTER: _center(CENTER, [_catalog(1)])},
    )


def put_into_hidden_fields(world: World, text: str) -> None:
    """Put ``text`` into every field that the product does not show, so that showing whole rows would reveal it."""
    advertiser = _advertiser(world)
    advertiser.name = text
    advertiser.identities = [replace(one, username=text) for one in advertiser.identities]
    advertiser.pixels = [replace(one, events=(text,)) for one in advertiser.pixels]
    for center in world.business_centers.values():
        center.name = text
        if center.library is not None:
            center.library = replace(center.library, name=text)


def unchanged(_world: World) -> None:
    """Change nothing."""


def no_identities(world: World) -> None:
    _advertiser(world).identities = []


def accounts_on_two_pages(world: World) -> None:
    """The usable TT_USER comes last; custom identities fill two pages too."""
    _advertiser(world).identities = [_account(1), *_unusable_accounts(), *(_custom(number) for number in range(130))]


def account_on_second_page(world: World) -> None:
    """The usable TT_USER comes last, and there is no custom identity."""
    _advertiser(world).identities = [_account(1), *_unusable_accounts()]


def unusable_accounts(world: World) -> None:
    """Two pages of TT_USER that TikTok says cannot be used, and no custom identity."""
    _advertiser(world).identities = _unusable_accounts()


def endless_accounts(world: World) -> None:
    """51 pages of TT_USER that cannot be used."""
    _advertiser(world).identities = [_account(number, "IS_PRIVATE_ACCOUNT") for number in range(5001)]


def identities_none_usable(world: World) -> None:
    """Two pages of each type, none usable."""
    _advertiser(world).identities = [*_unusable_accounts(), *(_custom(number) for number in range(130))]


def only_custom(world: World) -> None:
    _advertiser(world).identities = [_custom(1)]


def only_restricted_custom(world: World) -> None:
    only_custom(world)
    _advertiser(world).can_use_custom_identity = False


def restricted(world: World) -> None:
    _advertiser(world).can_use_custom_identity = False


def no_pixel(world: World) -> None:
    _advertiser(world).pixels = []


def unbound_pixels(world: World) -> None:
    _advertiser(world).pixels = [_pixel(number, "UNBOUND") for number in range(2, 47)]


def endless_pixels(world: World) -> None:
    _advertiser(world).pixels = [_pixel(number, "UNBOUND") for number in range(1001)]


def pixel_on_third_page(world: World) -> None:
    unbound_pixels(world)
    _advertiser(world).pixels.append(_pixel(1))


def no_centers(world: World) -> None:
    world.business_centers.clear()


def empty_centers(world: World) -> None:
    """Two pages of Business Centers without a catalog."""
    ids = [f"72000000000000001{number:02d}" for number in range(60)]
    world.business_centers = {bc_id: _center(bc_id) for bc_id in ids}


def center_on_second_page(world: World) -> None:
    """Two pages of Business Centers; the only catalog is in the last one."""
    empty_centers(world)
    list(world.business_centers.values())[-1].catalogs.append(_catalog(1))


def no_catalog(world: World) -> None:
    world.business_centers[CENTER].catalogs = []


def ineligible_catalogs(world: World) -> None:
    catalogs = [_catalog(number, "NOT_AVAILABLE") for number in range(2, 132)]
    world.business_centers[CENTER].catalogs = catalogs


def endless_catalogs(world: World) -> None:
    world.business_centers[CENTER].catalogs = [_catalog(number, "NOT_AVAILABLE") for number in range(5001)]


def catalog_on_second_page(world: World) -> None:
    ineligible_catalogs(world)
    world.business_centers[CENTER].catalogs.append(_catalog(1))


def no_app(world: World) -> None:
    _advertiser(world).apps = []


def no_form(world: World) -> None:
    _advertiser(world).pages = []


def drafts(world: World) -> None:
    _advertiser(world).pages = [_form(number, "EDITED") for number in range(2, 132)]


def endless_drafts(world: World) -> None:
    _advertiser(world).pages = [_form(number, "EDITED") for number in range(5001)]


def form_on_second_page(world: World) -> None:
    drafts(world)
    _advertiser(world).pages.append(_form(1))


def form_in_library(world: World) -> None:
    """The only form is in a library."""
    no_form(world)
    _library(world, _form(1))


def drafts_in_library(world: World) -> None:
    no_form(world)
    _library(world, *(_form(number, "EDITED") for number in range(2, 5)))


def not_reached(world: World) -> None:
    """No token reaches the advertiser."""
    world.tokens = {name: replace(token, advertiser_ids=()) for name, token in world.tokens.items()}


def nothing_reached(world: World) -> None:
    """The connecting person reaches no advertiser."""
    world.users = {name: replace(user, advertiser_ids=()) for name, user in world.users.items()}


def terms_unsigned(world: World) -> None:
    _advertiser(world).lead_terms_confirmed = False


def suspended(world: World) -> None:
    _advertiser(world).status = "STATUS_DISABLE"


def _advertiser(world: World) -> Advertiser:
    return world.advertisers[ADVERTISER]


def _library(world: World, *pages: Page) -> None:
    world.business_centers[CENTER].library = FormLibrary(LIBRARY, "Forms", ADVERTISER, pages)


def _center(bc_id: str, catalogs: list[Catalog] | None = None) -> BusinessCenter:
    return BusinessCenter(bc_id, "Northlight", dict.fromkeys(_USERS, "ADMIN"), catalogs or [])


def _account(number: int, available_status: str = "AVAILABLE") -> Identity:
    return Identity(
        f"account-{number}",
        "TT_USER",
        f"Account {number}",
        "https://images.example/account.jpeg",
        _USERS,
        available_status=available_status,
    )


def _unusable_accounts() -> list[Identity]:
    return [_account(number, "NO_VALID_BIND_ACCOUNT") for number in range(2, 132)]


def _custom(number: int) -> Identity:
    return Identity(f"custom-{number}", "CUSTOMIZED_USER", f"Brand {number}")


def _pixel(number: int, relation_status: str | None = None) -> Pixel:
    return Pixel(f"75{number:017d}", f"Shop {number}", relation_status=relation_status)


def _catalog(number: int, eligible: str = "AVAILABLE") -> Catalog:
    return Catalog(f"70{number:017d}", f"Feed {number}", eligible)


def _form(number: int, status: str = "PUBLISHED") -> Page:
    return Page(f"74{number:017d}", f"Quote request {number}", status)

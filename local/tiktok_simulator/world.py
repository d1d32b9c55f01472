"""What exists at the simulated TikTok: tokens, advertisers, Business Centers and the assets they own.

Plain data. The endpoint modules decide what TikTok shows of it, to which user and in which shape.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from pydantic import ConfigDict, with_config

_readable_from_json = with_config(ConfigDict(extra="forbid"))
"""The control endpoint builds these assets from JSON and refuses unknown names."""


class Scope(IntEnum):
    """The permissions that a token can lack (reference: TikTok's list of scopes, child ids)."""

    ADVERTISER_READ = 100
    TERM = 120
    BUSINESS_CENTER_READ = 150
    IMAGE_UPLOAD = 601
    PAGE_READ = 680
    IDENTITY_CREATE = 692
    IDENTITY_READ = 693
    APP_READ = 700
    PIXEL_READ = 800
    CATALOG_READ = 900
    IDENTITY_DELETE = 7176842096345694209

    @property
    def parent(self) -> int:
        """The id of the permission's group; TikTok uses it when every permission of the group is granted."""
        return 69 if self is Scope.IDENTITY_DELETE else self.value // 10


@dataclass(frozen=True)
class User:
    """A person at TikTok: the advertisers their consent gives access to, and the permissions it never includes."""

    name: str
    advertiser_ids: tuple[str, ...] = ()
    missing_scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True)
class AuthCode:
    """The authorization code of a consent: valid for one exchange until `expires_at` (epoch seconds)."""

    value: str = field(repr=False)
    user: str
    missing_scopes: frozenset[Scope]
    expires_at: float


@dataclass(frozen=True)
class Token:
    """A long-term access token: the access that one user gave the app."""

    value: str = field(repr=False)
    user: str
    advertiser_ids: tuple[str, ...] = ()
    missing_scopes: frozenset[Scope] = frozenset()
    revoked: bool = False


@_readable_from_json
@dataclass(frozen=True)
class Identity:
    """The profile that an ad is published under (reference: portal doc 1740218420781057).

    `linked_by` names the users who linked a TT_USER; only they see it (portal doc 1738958351620097).
    The fields after `linked_by` do not apply to a CUSTOMIZED_USER: TikTok returns null for them. The account's rights:
    `can_push_video` for uploaded videos, `can_pull_video` for existing posts, `can_manage_message` for message ads.
    """

    id: str
    identity_type: str
    display_name: str
    profile_image: str = ""
    linked_by: tuple[str, ...] = ()
    authorized_bc_id: str | None = None
    username: str | None = None
    available_status: str = "AVAILABLE"
    can_push_video: bool = True
    ads_only_mode: bool = False
    is_gpppa: bool = False
    can_pull_video: bool = True
    can_manage_message: bool = False


@dataclass(frozen=True)
class Image:
    """An image in an ad account's library. Its id contains a slash; its file name is unique in the account."""

    id: str
    file_name: str
    width: int
    height: int
    format: str
    size: int
    signature: str

    @property
    def url(self) -> str:
        """The image's public address."""
        return image_url(self.id)

    @property
    def is_square(self) -> bool:
        """Whether the image can be an avatar."""
        return self.width == self.height


def image_url(image_id: str) -> str:
    """The public address of an image."""
    return f"https://images.example/obj/{image_id}"


@_readable_from_json
@dataclass(frozen=True)
class Pixel:
    """A pixel; `relation_status` UNBOUND means that the advertiser can no longer use it."""

    id: str
    name: str
    activity_status: str = "ACTIVE"
    relation_status: str | None = None
    events: tuple[str, ...] = ("CompletePayment",)

    @property
    def code(self) -> str:
        """The public code that a website sends its events with."""
        return f"D{self.id}"


@_readable_from_json
@dataclass(frozen=True)
class App:
    """A mobile app; no ad group can use it if `self_attribution_enabled` is false."""

    id: str
    name: str
    platform: str = "ANDROID"
    self_attribution_enabled: bool = True


@_readable_from_json
@dataclass(frozen=True)
class Page:
    """An instant page; a lead form has the business type LEAD_GEN."""

    id: str
    title: str
    status: str = "PUBLISHED"
    business_type: str = "LEAD_GEN"


@dataclass(frozen=True)
class Catalog:
    """A product catalog; it belongs to a Business Center, never to an advertiser."""

    id: str
    name: str
    ad_creation_eligible: str = "AVAILABLE"


@_readable_from_json
@dataclass(frozen=True)
class Store:
    """A TikTok Shop that an ad account may promote; GMV Max can be unavailable for it."""

    id: str
    authorized_bc_id: str
    gmv_max_available: bool = True


@dataclass(frozen=True)
class Published:
    """A campaign, ad group or ad that exists: `body` is the request that created it, `parent_id` what it belongs to."""

    id: str
    campaign_type: str
    body: Mapping[str, Any]
    parent_id: str | None = None


@dataclass(frozen=True)
class FormLibrary:
    """The pages that were moved from an ad account to a Business Center."""

    id: str
    name: str
    advertiser_id: str
    pages: tuple[Page, ...] = ()


@dataclass
class BusinessCenter:
    """A Business Center; `user_roles` maps the users who see it to ADMIN or STANDARD."""

    id: str
    name: str
    user_roles: dict[str, str] = field(default_factory=dict)
    catalogs: list[Catalog] = field(default_factory=list)
    library: FormLibrary | None = None


@dataclass
class Advertiser:
    """An ad account; its identities are in the order of their creation.

    `can_use_custom_identity` None means that TikTok omits the flag from its response. `created_at` is in epoch seconds.
    `user_roles` maps users to ADMIN, OPERATOR or ANALYST; who is not in it is an ADMIN. `countries` are those that ads
    may target (ISO 3166-1 alpha-2), None means all. No endpoint shows `smart_plus_allowed`, TikTok's allowlist.
    """

    id: str
    name: str
    status: str = "STATUS_ENABLE"
    can_use_custom_identity: bool | None = True
    deleted: bool = False
    owner_bc_id: str | None = None
    lead_terms_confirmed: bool = True
    identities: list[Identity] = field(default_factory=list)
    pixels: list[Pixel] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    user_roles: Mapping[str, str] = field(default_factory=dict)
    countries: tuple[str, ...] | None = None
    verification_status: str = "VERIFIED"
    created_at: int = 1_780_000_000
    smart_plus_allowed: bool = True
    stores: tuple[Store, ...] = (Store("7700000000000000001", "7200000000000000001"),)

    def image(self, image_id: str) -> Image | None:
        """The library's image with this id, or None."""
        return next((image for image in self.images if image.id == image_id), None)


@dataclass
class World:
    """Everything at the simulated TikTok, and the one developer app that uses it.

    `users` holds the people who had no token at the start. For everyone else, their first token defines their
    advertisers and missing permissions. `published` holds campaigns, ad groups and ads by id, `unsettled` the causes of
    the refusals that hold only in a world that names them (see `publishing_rules`).
    """

    tokens: dict[str, Token] = field(default_factory=dict, repr=False)
    users: dict[str, User] = field(default_factory=dict)
    auth_codes: dict[str, AuthCode] = field(default_factory=dict, repr=False)
    advertisers: dict[str, Advertiser] = field(default_factory=dict)
    business_centers: dict[str, BusinessCenter] = field(default_factory=dict)
    app_id: str = "7000000000000000777"
    app_name: str = "Wevion"
    app_secret: str = field(default="simulated-app-secret", repr=False)
    identities_created: int = 0
    images_uploaded: int = 0
    published: dict[str, Published] = field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()

    def copy(self) -> "World":
        """An independent copy; immutable parts are shared."""
        return replace(
            self,
            tokens=dict(self.tokens),
            users=dict(self.users),
            auth_codes=dict(self.auth_codes),
            published=dict(self.published),
            advertisers={
                key: replace(
                    advertiser,
                    identities=[*advertiser.identities],
                    pixels=[*advertiser.pixels],
                    apps=[*advertiser.apps],
                    pages=[*advertiser.pages],
                    images=[*advertiser.images],
                )
                for key, advertiser in self.advertisers.items()
            },
            business_centers={
                key: replace(center, user_roles=dict(center.user_roles), catalogs=[*center.catalogs])
                for key, center in self.business_centers.items()
            },
        )

    def business_centers_of(self, user: str) -> list[BusinessCenter]:
        """The Business Centers that a user sees."""
        return [center for center in self.business_centers.values() if user in center.user_roles]

    def new_identity_id(self) -> str:
        """A new unique id of 19 digits, like those that TikTok gives a CUSTOMIZED_USER."""
        self.identities_created += 1
        return f"79{self.identities_created:017d}"

    def new_image_id(self) -> str:
        """A new unique image id in TikTok's format."""
        self.images_uploaded += 1
        return f"ad-site-i18n-sg/20260901{self.images_uploaded:016x}"

    def new_published_id(self) -> str:
        """A new unique id of a campaign, an ad group or an ad."""
        return f"18{len(self.published) + 1:017d}"

    def people(self) -> list[User]:
        """Everyone who can consent, people without a token first."""
        with_token = dict.fromkeys(token.user for token in self.tokens.values())
        return [self.user(name) for name in [*(one for one in self.users if one not in with_token), *with_token]]

    def user(self, name: str) -> User:
        """A person's advertisers and missing permissions; KeyError if the name is unknown."""
        if name in self.users:
            return self.users[name]
        for token in self.tokens.values():
            if token.user == name:
                return User(name, token.advertiser_ids, token.missing_scopes)
        raise KeyError(name)

    def reach(self, name: str, advertiser_ids: Collection[str]) -> None:
        """Replace the advertisers of a person and of all their tokens; KeyError as in `user`.

        TikTok's documentation does not say whether existing tokens are updated; the simulator updates them.
        """
        user = self.user(name)
        if name in self.users:
            self.users[name] = replace(user, advertiser_ids=tuple(advertiser_ids))
        for token in [one for one in self.tokens.values() if one.user == name]:
            self.tokens[token.value] = replace(token, advertiser_ids=tuple(advertiser_ids))

    def issue_code(self, name: str, granted: Collection[Scope], expires_at: float) -> AuthCode:
        """Create the authorization code of a new consent; KeyError as in `user`."""
        missing = self.user(name).missing_scopes | (frozenset(Scope) - frozenset(granted))
        code = AuthCode(secrets.token_hex(20), name, missing, expires_at)
        self.auth_codes[code.value] = code
        return code

    def redeem(self, code_value: str, now: float) -> Token:
        """Exchange a code for a new token; KeyError if the code is unknown, used or expired."""
        code = self.auth_codes.pop(code_value)
        if now >= code.expires_at:
            raise KeyError("the code has expired")
        value = f"simulated-token-{code.user}-{secrets.token_hex(16)}"
        token = Token(value, code.user, self.user(code.user).advertiser_ids, code.missing_scopes)
        self.tokens[value] = token
        return token

    def revoke(self, token_value: str) -> None:
        """Revoke a token; KeyError if it does not exist."""
        self.tokens[token_value] = replace(self.tokens[token_value], revoked=True)

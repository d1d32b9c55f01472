"""What exists at the simulated TikTok: tokens, advertisers, Business Centers and the assets they own.

Plain data. What TikTok shows of it, to whom and in which shape, is decided in `endpoints` and `rows`.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import IntEnum


class Scope(IntEnum):
    """The permissions a token can lack (reference: TikTok's list of scopes, child ids)."""

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
        """The id of the group that the permission belongs to: it stands for all permissions of the group."""
        return 69 if self is Scope.IDENTITY_DELETE else self.value // 10


@dataclass(frozen=True)
class User:
    """A person at TikTok: what their consent lets an app reach, and which permissions it never gives."""

    name: str
    advertiser_ids: tuple[str, ...] = ()
    missing_scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True)
class AuthCode:
    """What a consent sends to the app: good for one exchange until `expires_at` (epoch seconds)."""

    value: str = field(repr=False)
    user: str
    missing_scopes: frozenset[Scope]
    expires_at: float


@dataclass(frozen=True)
class Token:
    """A long-term access token: what one user allowed the app to reach."""

    value: str = field(repr=False)
    user: str
    advertiser_ids: tuple[str, ...] = ()
    missing_scopes: frozenset[Scope] = frozenset()
    revoked: bool = False


@dataclass(frozen=True)
class Identity:
    """Who an ad is published as (reference: portal doc 1740218420781057).

    `linked_by` are the users who linked a TT_USER: nobody else sees it (portal doc 1738958351620097).
    The fields after it have no meaning for a CUSTOMIZED_USER, where TikTok answers null.
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


@dataclass(frozen=True)
class Image:
    """An image in an ad account's library; its id holds a slash, its name is the only one in the account."""

    id: str
    file_name: str
    width: int
    height: int
    format: str
    size: int
    signature: str

    @property
    def url(self) -> str:
        """Where TikTok shows it."""
        return image_url(self.id)

    @property
    def is_square(self) -> bool:
        """Whether it can be an avatar."""
        return self.width == self.height


def image_url(image_id: str) -> str:
    """Where TikTok shows an image."""
    return f"https://images.example/obj/{image_id}"


@dataclass(frozen=True)
class Pixel:
    """A pixel; UNBOUND as `relation_status` means that the advertiser can no longer use it."""

    id: str
    name: str
    activity_status: str = "ACTIVE"
    relation_status: str | None = None
    events: tuple[str, ...] = ("CompletePayment",)

    @property
    def code(self) -> str:
        """The public code that a website sends events with."""
        return f"D{self.id}"


@dataclass(frozen=True)
class App:
    """A mobile app; `self_attribution_enabled` false means that no ad group can use it."""

    id: str
    name: str
    platform: str = "ANDROID"
    self_attribution_enabled: bool = True


@dataclass(frozen=True)
class Page:
    """An instant page; a lead form is one of the business type LEAD_GEN."""

    id: str
    title: str
    status: str = "PUBLISHED"
    business_type: str = "LEAD_GEN"


@dataclass(frozen=True)
class Catalog:
    """A product catalog. It belongs to a Business Center, never to an advertiser."""

    id: str
    name: str
    ad_creation_eligible: str = "AVAILABLE"


@dataclass(frozen=True)
class FormLibrary:
    """The pages that were moved from an ad account to a Business Center."""

    id: str
    name: str
    advertiser_id: str
    pages: tuple[Page, ...] = ()


@dataclass
class BusinessCenter:
    """A Business Center; `user_roles` names the users who see it, as ADMIN or STANDARD."""

    id: str
    name: str
    user_roles: dict[str, str] = field(default_factory=dict)
    catalogs: list[Catalog] = field(default_factory=list)
    library: FormLibrary | None = None


@dataclass
class Advertiser:
    """An ad account. Its identities are in the order of their creation.

    `can_use_custom_identity` None means that TikTok leaves the flag out of its answer.
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

    def image(self, image_id: str) -> Image | None:
        """An image of the library; None where there is none of this id."""
        return next((image for image in self.images if image.id == image_id), None)


@dataclass
class World:
    """Everything at the simulated TikTok, and the one developer app that reaches it.

    `users` are the people who have, or had at the start, no token; of the others their first token says what they
    reach and lack.
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

    def copy(self) -> "World":
        """A world that changes on its own; what cannot change is shared."""
        return replace(
            self,
            tokens=dict(self.tokens),
            users=dict(self.users),
            auth_codes=dict(self.auth_codes),
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
        """An id that no identity had before: about 19 digits, as TikTok gives a CUSTOMIZED_USER."""
        self.identities_created += 1
        return f"79{self.identities_created:017d}"

    def new_image_id(self) -> str:
        """An id that no image had before, of TikTok's form."""
        self.images_uploaded += 1
        return f"ad-site-i18n-sg/20260901{self.images_uploaded:016x}"

    def people(self) -> list[User]:
        """Everyone who can consent: those without a token first, as they have a reason to."""
        with_token = dict.fromkeys(token.user for token in self.tokens.values())
        return [self.user(name) for name in [*(one for one in self.users if one not in with_token), *with_token]]

    def user(self, name: str) -> User:
        """What a person reaches and lacks; KeyError where nobody has this name."""
        if name in self.users:
            return self.users[name]
        for token in self.tokens.values():
            if token.user == name:
                return User(name, token.advertiser_ids, token.missing_scopes)
        raise KeyError(name)

    def reach(self, name: str, advertiser_ids: Collection[str]) -> None:
        """Let a person, with every token of theirs, reach these advertisers from now on; KeyError as in `user`.

        That old tokens follow is what TikTok's documentation does not say; here they do.
        """
        user = self.user(name)
        if name in self.users:
            self.users[name] = replace(user, advertiser_ids=tuple(advertiser_ids))
        for token in [one for one in self.tokens.values() if one.user == name]:
            self.tokens[token.value] = replace(token, advertiser_ids=tuple(advertiser_ids))

    def issue_code(self, name: str, granted: Collection[Scope], expires_at: float) -> AuthCode:
        """The code of a new consent; KeyError as in `user`."""
        missing = self.user(name).missing_scopes | (frozenset(Scope) - frozenset(granted))
        code = AuthCode(secrets.token_hex(20), name, missing, expires_at)
        self.auth_codes[code.value] = code
        return code

    def redeem(self, code_value: str, now: float) -> Token:
        """A new token for a code, which is used up; KeyError where it is unknown, used or too old."""
        code = self.auth_codes.pop(code_value)
        if now >= code.expires_at:
            raise KeyError("the code is too old")
        value = f"simulated-token-{code.user}-{secrets.token_hex(16)}"
        token = Token(value, code.user, self.user(code.user).advertiser_ids, code.missing_scopes)
        self.tokens[value] = token
        return token

    def revoke(self, token_value: str) -> None:
        """Make TikTok call a token dead from now on; KeyError where there is no such token."""
        self.tokens[token_value] = replace(self.tokens[token_value], revoked=True)

"""Connecting an app: TikTok's consent page, and the endpoints that exchange, list and revoke its tokens.

The consent page is on the simulator's own origin: /portal/auth?app_id=&state=&redirect_uri=. The visitor chooses one of
the world's users and the permissions that the app gets. TikTok's real page asks the person who is logged in, and
confirms by e-mail. (Reference: TikTok's authentication guide.)
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import StrictBool

from local.tiktok_simulator.http_messages import ApiError, HttpRequest, HttpResponse, JsonObject
from local.tiktok_simulator.parameters import Parameters, RequestContext
from local.tiktok_simulator.world import Scope, User, World

CONSENT_PATH = "/portal/auth"

CODE_LIFETIME_SECONDS = 3600
"""How long an authorization code can be exchanged (reference: TikTok's authentication guide)."""

PERMISSIONS: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.ADVERTISER_READ: "See your ad accounts",
        Scope.TERM: "See which terms are signed",
        Scope.BUSINESS_CENTER_READ: "See your Business Centers",
        Scope.IMAGE_UPLOAD: "Upload images",
        Scope.PAGE_READ: "See instant pages and lead forms",
        Scope.IDENTITY_CREATE: "Create identities",
        Scope.IDENTITY_READ: "See identities",
        Scope.APP_READ: "See apps",
        Scope.PIXEL_READ: "See pixels",
        Scope.CATALOG_READ: "See catalogs",
        Scope.IDENTITY_DELETE: "Delete identities",
    }
)
"""What each permission allows the app to do, as the consent page says it."""

_PAGE = Path(__file__).with_name("consent.html").read_text(encoding="utf-8")
_NAMES_SHOWN = 4

# Chromium applies form-action to the redirects after the form too: to the API and from there to the wizard, each on
# its own port. A policy cannot name [::1].
_REDIRECT_TARGETS = "'self' http://127.0.0.1:* http://localhost:* http://*.localhost:*"

_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'unsafe-inline'; form-action {_REDIRECT_TARGETS}; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
    }
)


class _AppCredentials(Parameters):
    app_id: str
    secret: str

    def check(self, world: World, wrong_app: ApiError) -> None:
        """Refuse another app's id with `wrong_app`, and a wrong secret."""
        if self.app_id != world.app_id:
            raise wrong_app
        if self.secret != world.app_secret:
            raise ApiError.wrong_secret()


class _ExchangeParameters(_AppCredentials):
    auth_code: str
    return_advertiser_ids: StrictBool = True


class _RevocationParameters(_AppCredentials):
    access_token: str


def oauth2_access_token(context: RequestContext) -> JsonObject:
    """Exchange an authorization code, once, for a new long-term token.

    Older tokens of the same user stay valid: no source says that they do not.
    """
    body = context.read(_ExchangeParameters)
    # No token shows which app the code was issued to, so another app's id counts as a wrong secret.
    body.check(context.world, wrong_app=ApiError.wrong_secret())
    try:
        token = context.world.redeem(body.auth_code, context.now)
    except KeyError:
        raise ApiError.code_invalid() from None
    return {
        "access_token": token.value,
        "advertiser_ids": list(token.advertiser_ids) if body.return_advertiser_ids else [],
        "scope": granted_ids(frozenset(Scope) - token.missing_scopes),
    }


def oauth2_advertiser_get(context: RequestContext) -> JsonObject:
    """List the token's advertisers, without pages (reference: portal doc 1738455508553729)."""
    context.read(_AppCredentials).check(context.world, wrong_app=ApiError.wrong_app())
    advertisers = [context.world.advertisers.get(advertiser_id) for advertiser_id in context.token.advertiser_ids]
    return {
        "list": [
            {"advertiser_id": advertiser.id, "advertiser_name": advertiser.name}
            for advertiser in advertisers
            if advertiser is not None and not advertiser.deleted
        ]
    }


def oauth2_revoke_token(context: RequestContext) -> JsonObject:
    """Revoke a token and list its advertisers; 40105 for a token that is already invalid.

    Sources differ on whether the header must contain the token too; the simulator requires it.
    """
    body = context.read(_RevocationParameters)
    body.check(context.world, wrong_app=ApiError.wrong_app())
    token = context.world.tokens.get(body.access_token)
    if token is None or token.revoked:
        raise ApiError.token_invalid()
    context.world.revoke(token.value)
    return {"app_id": context.world.app_id, "advertiser_ids": list(token.advertiser_ids)}


def user_info(context: RequestContext) -> JsonObject:
    """Describe the token's user; needs no scope."""
    user = context.token.user
    return {
        "display_name": user,
        "email": f"{user[0]}***@example.com",
        "core_user_id": f"70{sum(user.encode()):017d}",
        "avatar_url": "",
        "create_time": 1_780_000_000,
    }


def granted_ids(granted: frozenset[Scope]) -> list[int]:
    """Scopes as TikTok lists them: a completely granted group by the group's id, otherwise each scope by its own."""
    groups: defaultdict[int, set[Scope]] = defaultdict(set)
    for scope in Scope:
        groups[scope.parent].add(scope)
    ids: set[int] = set()
    for parent, scopes in groups.items():
        ids |= {parent} if scopes <= granted else {scope.value for scope in scopes & granted}
    return sorted(ids)


class ConsentError(ValueError):
    """The consent page refuses a request; the message says why."""


@dataclass(frozen=True)
class ConsentRequest:
    """An app's request for consent: the app's id, a state to return, and the address to return to."""

    app_id: str
    state: str | None
    redirect_uri: str

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "ConsentRequest":
        """Read the page's query or its form; both have the same names."""
        return cls(values.get("app_id", ""), values.get("state"), values.get("redirect_uri", ""))

    @classmethod
    def at(cls, authorize_url: str) -> "ConsentRequest":
        """Read the address that an app sends a browser to."""
        parts = urlsplit(authorize_url)
        if parts.path != CONSENT_PATH:
            raise ConsentError(f"the consent page is at {CONSENT_PATH}, not at {parts.path!r}")
        return cls.of(dict(parse_qsl(parts.query, keep_blank_values=True)))

    def check(self, world: World) -> None:
        """Refuse an unknown app and an address on another machine.

        TikTok knows which addresses a real app may use; the simulator only accepts this machine.
        """
        if self.app_id != world.app_id:
            raise ConsentError(f"There is no app {self.app_id!r}.")
        if not _is_on_this_machine(self.redirect_uri):
            raise ConsentError("The redirect_uri must be an http or https address of this machine.")

    def redirect(self, answer: Mapping[str, str]) -> str:
        """The address that returns the answer to the app; the address keeps its own query."""
        given = {} if self.state is None else {"state": self.state}
        parts = urlsplit(self.redirect_uri)
        query = "&".join(filter(None, [parts.query, urlencode({**answer, **given})]))
        return urlunsplit(parts._replace(path=parts.path or "/", query=query))


@dataclass(frozen=True)
class Grant:
    """A consent: the user who gives it, and the permissions they grant."""

    user: str
    scopes: frozenset[Scope]

    @classmethod
    def of(cls, pairs: list[tuple[str, str]]) -> "Grant | None":
        """Read the page's form; None means that the user denied the request."""
        values = dict(pairs)
        if values.get("decision") == "deny":
            return None
        if values.get("decision") != "allow":
            raise ConsentError("The decision must be allow or deny.")
        try:
            scopes = frozenset(Scope(int(value)) for name, value in pairs if name == "scope")
        except ValueError:
            raise ConsentError("There is no such permission.") from None
        return cls(values.get("user", ""), scopes)


def decide(world: World, request: ConsentRequest, grant: Grant | None, now: float) -> str:
    """Apply a user's decision, made at `now` (epoch seconds), and return the address to redirect their browser to.

    ConsentError: the request or the grant is refused.
    """
    request.check(world)
    if grant is None:
        # TikTok does not document this redirect: the state without a code is a guess.
        return request.redirect({})
    try:
        code = world.issue_code(grant.user, grant.scopes, now + CODE_LIFETIME_SECONDS)
    except KeyError:
        raise ConsentError(f"There is no user {grant.user!r}.") from None
    return request.redirect({"auth_code": code.value, "code": code.value})


def consent_page(world: World, request: HttpRequest, now: float) -> HttpResponse:
    """Show the consent page, or apply its form; `now` is in epoch seconds."""
    try:
        if request.method == "POST":
            pairs = request.url_encoded()
            location = decide(world, ConsentRequest.of(dict(pairs)), Grant.of(pairs), now)
            return HttpResponse(302, b"", "text/plain", {**_HEADERS, "Location": location})
        if request.method not in {"GET", "HEAD"}:
            return _page(405, "Method not allowed", "<p>This page supports GET and POST only.</p>")
        consent_request = ConsentRequest.of(request.query)
        consent_request.check(world)
        return _page(200, f"Allow {world.app_name}?", _form(world, consent_request))
    except ConsentError as error:
        return _page(400, "This link does not work", f"<p>{escape(str(error))}</p>")


def _is_on_this_machine(url: str) -> bool:
    """Whether every browser reads this address as one of this machine: plain characters, no user name."""
    if not (url.isascii() and url.isprintable()) or set(url) & set(" \\#"):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    loopback = host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
    return parts.scheme in {"http", "https"} and "@" not in parts.netloc and loopback


def _form(world: World, request: ConsentRequest) -> str:
    hidden = {"app_id": request.app_id, "redirect_uri": request.redirect_uri}
    if request.state is not None:
        hidden["state"] = request.state
    return "\n".join(
        [
            f"<p><strong>{escape(world.app_name)}</strong> (app {escape(request.app_id)}) requests access to TikTok ad",
            "accounts. After your decision you return to",
            f"<code>{escape(urlsplit(request.redirect_uri).netloc)}</code>.</p>",
            f'<form method="post" action="{CONSENT_PATH}">',
            *(_input("hidden", name, value) for name, value in hidden.items()),
            "<fieldset><legend>Who are you?</legend>",
            *(_person(world, user, is_first=not index) for index, user in enumerate(world.people())),
            "</fieldset>",
            "<fieldset><legend>What may the app do?</legend>",
            *(
                f"<label>{_input('checkbox', 'scope', str(scope.value), 'checked')} {escape(words)}</label>"
                for scope, words in PERMISSIONS.items()
            ),
            "</fieldset>",
            '<p class="decision"><button name="decision" value="allow">Allow</button>',
            '<button name="decision" value="deny">Deny</button></p>',
            "</form>",
        ]
    )


def _person(world: World, user: User, *, is_first: bool) -> str:
    names = [world.advertisers[one].name for one in user.advertiser_ids if one in world.advertisers]
    lacks = [PERMISSIONS[scope] for scope in sorted(user.missing_scopes)]
    shown = ", ".join(names[:_NAMES_SHOWN]) + (f" and {len(names) - _NAMES_SHOWN} more" * (len(names) > _NAMES_SHOWN))
    notes = [shown or "no ad account", *(f"never allows: {words}" for words in lacks)]
    choice = _input("radio", "user", user.name, "checked" if is_first else "")
    return f"<label>{choice} <b>{escape(user.name)}</b> <small>{escape('; '.join(notes))}</small></label>"


def _input(kind: str, name: str, value: str, more: str = "") -> str:
    return f'<input type="{kind}" name="{name}" value="{escape(value)}"{more and " " + more}>'


def _page(status: int, title: str, content: str) -> HttpResponse:
    html = _PAGE.replace("{title}", escape(title)).replace("{content}", content)
    return HttpResponse(status, html.encode(), "text/html; charset=utf-8", _HEADERS)

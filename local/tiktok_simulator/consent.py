"""TikTok's consent page, on the simulator's own origin: /portal/auth?app_id=&state=&redirect_uri=.

It lets whoever looks at it choose as whom, of the people in the world, to allow the app what. TikTok's own page
asks a person who is logged in, and confirms by e-mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from local.tiktok_simulator.http_messages import Answer, HttpRequest
from local.tiktok_simulator.world import Scope, User, World

if TYPE_CHECKING:
    from local.tiktok_simulator.simulator import Simulator

PATH = "/portal/auth"

CODE_LIFETIME_SECONDS = 3600
"""How long the code of a consent can be exchanged (reference: TikTok's authentication guide)."""

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
"""What each permission lets the app do, in words."""

# Chromium holds the redirects after a form to it too: to the API, and from there to the wizard, each on its own port.
# A policy has no way to name [::1].
_SENT_TO = "'self' http://127.0.0.1:* http://localhost:* http://*.localhost:*"

_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'unsafe-inline'; form-action {_SENT_TO}; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
    }
)


class ConsentError(ValueError):
    """The page refuses what it is asked; the message says why."""


@dataclass(frozen=True)
class Asked:
    """What an app asks the page: which app it says it is, what it wants back, and where to."""

    app_id: str
    state: str | None
    redirect_uri: str

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Asked":
        """Read the query of the page, or its form: they have the same names."""
        return cls(values.get("app_id", ""), values.get("state"), values.get("redirect_uri", ""))

    @classmethod
    def at(cls, authorize_url: str) -> "Asked":
        """Read the address that an app sends a browser to."""
        parts = urlsplit(authorize_url)
        if parts.path != PATH:
            raise ConsentError(f"the consent page is at {PATH}, not at {parts.path!r}")
        return cls.of(dict(parse_qsl(parts.query, keep_blank_values=True)))

    def expect_possible(self, world: World) -> None:
        """Refuse an app that does not exist, and to send anybody to another machine.

        Of a real app TikTok knows the addresses that it may ask for.
        """
        if self.app_id != world.app_id:
            raise ConsentError(f"There is no app {self.app_id!r}.")
        if not _is_on_this_machine(self.redirect_uri):
            raise ConsentError("The redirect_uri must be an http or https address of this machine.")

    def redirect(self, answer: Mapping[str, str]) -> str:
        """Return where the browser goes with the answer: the query that is there stays as it is."""
        given = {} if self.state is None else {"state": self.state}
        parts = urlsplit(self.redirect_uri)
        query = "&".join(filter(None, [parts.query, urlencode({**answer, **given})]))
        return urlunsplit(parts._replace(path=parts.path or "/", query=query))


@dataclass(frozen=True)
class Decision:
    """A yes: as whom, and to what."""

    user: str
    granted: frozenset[Scope]

    @classmethod
    def of(cls, pairs: list[tuple[str, str]]) -> "Decision | None":
        """Read the page's form; None is a no."""
        values = dict(pairs)
        if values.get("decision") == "deny":
            return None
        if values.get("decision") != "allow":
            raise ConsentError("The decision must be allow or deny.")
        try:
            granted = frozenset(Scope(int(value)) for name, value in pairs if name == "scope")
        except ValueError:
            raise ConsentError("There is no such permission.") from None
        return cls(values.get("user", ""), granted)


def decided(simulator: "Simulator", asked: Asked, decision: Decision | None) -> str:
    """Carry out what a person decided and return where their browser goes. ConsentError: it cannot be."""
    with simulator.lock:
        world = simulator.world
        asked.expect_possible(world)
        if decision is None:
            # What TikTok does here is not documented: the state alone, without a code, is a guess.
            return asked.redirect({})
        try:
            code = world.issue_code(decision.user, decision.granted, simulator.clock() + CODE_LIFETIME_SECONDS)
        except KeyError:
            raise ConsentError(f"There is no user {decision.user!r}.") from None
        return asked.redirect({"auth_code": code.value, "code": code.value})


def answer(simulator: "Simulator", request: HttpRequest) -> Answer:
    """Show the page, or carry out what its form says."""
    try:
        if request.method == "POST":
            pairs = request.url_encoded()
            location = decided(simulator, Asked.of(dict(pairs)), Decision.of(pairs))
            return Answer(302, b"", "text/plain", {**_HEADERS, "Location": location})
        if request.method not in {"GET", "HEAD"}:
            return _page(405, "Method not allowed", "<p>This page can be seen, and its form sent.</p>")
        asked = Asked.of(request.query)
        with simulator.lock:
            asked.expect_possible(simulator.world)
            return _page(200, f"Allow {simulator.world.app_name}?", _form(simulator.world, asked))
    except ConsentError as error:
        return _page(400, "This link does not work", f"<p>{escape(str(error))}</p>")


def _is_on_this_machine(url: str) -> bool:
    """Say so only where a browser cannot read the address in another way: plain characters, nobody's name in it."""
    if not (url.isascii() and url.isprintable()) or set(url) & set(" \\#"):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    loopback = host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
    return parts.scheme in {"http", "https"} and "@" not in parts.netloc and loopback


def _form(world: World, asked: Asked) -> str:
    hidden = {"app_id": asked.app_id, "redirect_uri": asked.redirect_uri}
    if asked.state is not None:
        hidden["state"] = asked.state
    return "\n".join(
        [
            f"<p><strong>{escape(world.app_name)}</strong> (app {escape(asked.app_id)}) asks for access to TikTok ad",
            "accounts. Whatever you decide, you go on to",
            f"<code>{escape(urlsplit(asked.redirect_uri).netloc)}</code>.</p>",
            f'<form method="post" action="{PATH}">',
            *(_input("hidden", name, value) for name, value in hidden.items()),
            "<fieldset><legend>Who are you?</legend>",
            *(_person(world, user, is_first=not index) for index, user in enumerate(world.people())),
            "</fieldset>",
            "<fieldset><legend>What may it do?</legend>",
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
    chosen = _input("radio", "user", user.name, "checked" if is_first else "")
    return f"<label>{chosen} <b>{escape(user.name)}</b> <small>{escape('; '.join(notes))}</small></label>"


def _input(kind: str, name: str, value: str, more: str = "") -> str:
    return f'<input type="{kind}" name="{name}" value="{escape(value)}"{more and " " + more}>'


def _page(status: int, title: str, content: str) -> Answer:
    html = _PAGE.replace("{title}", escape(title)).replace("{content}", content)
    return Answer(status, html.encode(), "text/html; charset=utf-8", _HEADERS)


_NAMES_SHOWN = 4
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
fieldset { margin: 1rem 0; border: 1px solid GrayText; border-radius: .5rem; }
label { display: block; padding: .3rem .2rem; }
small { opacity: .8; }
code { overflow-wrap: anywhere; }
button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p><small>A simulation of TikTok on this machine: nothing here reaches TikTok.</small></p>
{content}
</main>
</body>
</html>
"""

"""POST /connections: sends a person to TikTok's consent page with a ``state``, the proof of who asked.

A state is a hash of the person and 256 random bits. Only a digest of the random bits is stored, under the hash: neither
readers of the table nor anybody else can make a state, and the state of one person is invalid for another.

A handle names a state that came back, with 256 other random bits. Only the browser that came back knows it: not the
person who knows the state and may have sent the consent page to somebody else.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from publishing.http.problems import Problem
from publishing.http.request_context import Principal, RequestContext
from publishing.http.request_schemas import NoInput
from publishing.http.response_schemas import ConsentAsked
from publishing.ports import AppNotConfiguredError, AuthorizationStateRepository, SecretRepository
from tiktok_business.oauth import consent_url

STATE_LIFETIME = timedelta(minutes=10)
"""From the request to the return from TikTok."""
HANDLE_LIFETIME = timedelta(minutes=10)
"""From the return from TikTok until the connection is completed."""

_OWNER_BYTES = 16
_NONCE_BYTES = 32
_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_HANDLE_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class StateKey:
    """Under which a state is stored."""

    owner: str
    """Hash of the person who asked."""
    digest: str
    """SHA-256 of the random part, in hex."""


@dataclass(frozen=True, slots=True)
class AuthorizationState:
    """A state that was issued."""

    key: StateKey
    team_id: str
    user_id: str
    expires_at: datetime
    auth_code: SecretStr | None = None
    """TikTok's code with which it came back, until it is closed."""
    handle_digest: str | None = None
    """SHA-256 of the random part of its handle, in hex."""
    handle_expires_at: datetime | None = None
    closed: bool = False
    """Whether its connection was completed, rejected or discarded."""
    connected_at: str | None = None
    """The ``connected_at`` of the connection that was completed."""

    @property
    def person(self) -> tuple[str, str]:
        """Team and user."""
        return self.team_id, self.user_id


@dataclass(frozen=True, slots=True)
class Handle:
    """What names a state that came back, as it is stored."""

    key: StateKey
    """The state's."""
    digest: str
    """SHA-256 of its random part, in hex."""


@dataclass(frozen=True, slots=True)
class Authorize:
    """Issues states. ``wizard_url`` None disables connecting."""

    states: AuthorizationStateRepository
    secrets: SecretRepository
    tiktok_base_url: str
    wizard_url: str | None

    def respond(self, context: RequestContext, _body: NoInput) -> ConsentAsked:
        """Return TikTok's consent page for the caller; only the caller can complete it.

        Raises:
            Problem: ``connect_not_set_up``.
        """
        if self.wizard_url is None or not context.url:
            raise Problem("connect_not_set_up")
        try:
            app = self.secrets.app()
        except AppNotConfiguredError:
            raise Problem("connect_not_set_up") from None
        text, state = new_state(context.principal, context.now)
        self.states.save(state)
        return ConsentAsked(
            authorize_url=consent_url(self.tiktok_base_url, app.app_id, text, f"{context.url}/callback"),
            expires_at=state.expires_at,
        )


def new_state(principal: Principal, now: datetime, nonce: str | None = None) -> tuple[str, AuthorizationState]:
    """Return a state as it travels and as it is stored; ``nonce`` is for tests."""
    nonce = nonce or secrets.token_urlsafe(_NONCE_BYTES)
    text = f"{_hash_of(principal.team_id, principal.user_id)}.{nonce}"
    state = AuthorizationState(_key(*text.split(".")), principal.team_id, principal.user_id, now + STATE_LIFETIME)
    return text, state


def parse_state(text: str) -> StateKey | None:
    """Return the key of a state that came back; None if it does not have a state's form."""
    read = _FORM.fullmatch(text)
    return _key(*read.groups()) if read else None


def new_handle(key: StateKey, nonce: str | None = None) -> tuple[str, Handle]:
    """Return a handle of a state as it travels and as it is stored; ``nonce`` is for tests."""
    nonce = nonce or secrets.token_urlsafe(_NONCE_BYTES)
    return f"{key.owner}.{key.digest}.{nonce}", Handle(key, digest_of(nonce))


def parse_handle(text: str) -> Handle | None:
    """Return a handle; None if the text does not have a handle's form."""
    read = _HANDLE_FORM.fullmatch(text)
    return Handle(StateKey(read[1], read[2]), digest_of(read[3])) if read else None


def key_for(team_id: str, user_id: str, digest: str) -> StateKey:
    """Return the key of the state with this digest that was issued to this person."""
    return StateKey(_hash_of(team_id, user_id), digest)


def digest_of(text: str) -> str:
    """Return SHA-256 in hex, which is what is stored of random parts."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(owner: str, nonce: str) -> StateKey:
    return StateKey(owner, digest_of(nonce))


def _hash_of(team_id: str, user_id: str) -> str:
    digest = hashlib.sha256(f"{len(team_id)}:{team_id}{user_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_OWNER_BYTES]).decode().rstrip("=")

"""POST /connections: sends a person to TikTok's consent page with a ``state``, the proof of who asked.

A state is a hash of the person and 256 random bits. Only a digest of the random bits is stored, under the hash: neither
readers of the table nor anybody else can make a state, and the state of one person is invalid for another.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publishing.connections.callback_errors import CallbackErrorCode
from publishing.http.problems import Problem
from publishing.http.request_context import Principal, RequestContext
from publishing.http.request_schemas import NoInput
from publishing.http.response_schemas import ConsentAsked
from publishing.ports import AppNotConfiguredError, AuthorizationStateRepository, SecretRepository
from tiktok_business.oauth import consent_url

STATE_LIFETIME = timedelta(minutes=10)
"""From the request to the return from TikTok."""

_OWNER_BYTES = 16
_NONCE_BYTES = 32
_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


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
    code_digest: str | None = None
    """Digest of the ``auth_code`` with which it came back."""
    closed: bool = False
    """Whether its connection was completed."""

    @property
    def person(self) -> tuple[str, str]:
        """Team and user."""
        return self.team_id, self.user_id

    def rejection(self, code_digest: str, now: datetime) -> CallbackErrorCode | None:
        """Return why it cannot be used with the ``auth_code`` of this digest; None if it can.

        The same code again repeats an attempt that may have ended halfway, until the state is closed.
        """
        if now >= self.expires_at:
            return CallbackErrorCode.STATE_EXPIRED
        if self.closed or self.code_digest not in {None, code_digest}:
            return CallbackErrorCode.STATE_USED
        return None

    def with_code(self, code_digest: str) -> "AuthorizationState":
        """Return the state with the digest of the code that it came back with."""
        return replace(self, code_digest=code_digest)


@dataclass(frozen=True, slots=True)
class Authorize:
    """Issues states. ``wizard_url`` None disables connecting."""

    states: AuthorizationStateRepository
    secrets: SecretRepository
    tiktok_base_url: str
    wizard_url: str | None

    def respond(self, context: RequestContext, _body: NoInput) -> ConsentAsked:
        """Return TikTok's consent page for the caller; returning from it connects the caller and nobody else.

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


def key_for(team_id: str, user_id: str, digest: str) -> StateKey:
    """Return the key of the state with this digest that was issued to this person."""
    return StateKey(_hash_of(team_id, user_id), digest)


def digest_of(text: str) -> str:
    """Return SHA-256 in hex, which is what is stored of a code."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(owner: str, nonce: str) -> StateKey:
    return StateKey(owner, digest_of(nonce))


def _hash_of(team_id: str, user_id: str) -> str:
    digest = hashlib.sha256(f"{len(team_id)}:{team_id}{user_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_OWNER_BYTES]).decode().rstrip("=")

"""The ``state`` with which a person is sent to TikTok and comes back: the proof of who asked.

It is a mark of the caller and 256 random bits. Stored is a digest of these, under the mark, so that neither the table's
readers nor anybody else can make one, and one made for a person is none for another.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publishing.calls import Caller
from publishing.connecting.refusals import Refusal

LIFE = timedelta(minutes=10)
"""From the request for consent to the return."""

_MARK_BYTES = 16
_NONCE_BYTES = 32
_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class StateKey:
    """Under what a state is stored."""

    caller: str
    """The mark of who asked."""
    digest: str
    """SHA-256 of the random part, in hex."""


@dataclass(frozen=True, slots=True)
class PendingState:
    """A state that was given out."""

    key: StateKey
    team_id: str
    user_id: str
    expires_at: datetime
    code: str | None = None
    """Digest of the ``auth_code`` with which it came back."""
    done: bool = False
    """Whether all that followed from it is over."""

    @property
    def person(self) -> tuple[str, str]:
        """Team and user."""
        return self.team_id, self.user_id

    def refusal(self, code: str, now: datetime) -> Refusal | None:
        """Why it cannot be used with the ``auth_code`` of this digest; None where it can.

        The same code again is a repetition, of an attempt that may have ended halfway, until that is over.
        """
        if now >= self.expires_at:
            return Refusal.STATE_EXPIRED
        if self.done or self.code not in {None, code}:
            return Refusal.STATE_USED
        return None

    def taken(self, code: str) -> "PendingState":
        """The same, having come back with a code."""
        return replace(self, code=code)


def new_state(caller: Caller, now: datetime, nonce: str | None = None) -> tuple[str, PendingState]:
    """A state for the caller, as it travels and as it is stored; ``nonce`` is for tests."""
    nonce = nonce or secrets.token_urlsafe(_NONCE_BYTES)
    text = f"{_mark(caller.team_id, caller.user_id)}.{nonce}"
    return text, PendingState(_key(*text.split(".")), caller.team_id, caller.user_id, now + LIFE)


def key_of(text: str) -> StateKey | None:
    """Where a state that came back would be stored; None where it is none."""
    read = _FORM.fullmatch(text)
    return _key(*read.groups()) if read else None


def key_for(team_id: str, user_id: str, digest: str) -> StateKey:
    """Where the state of this digest, made for this person, is stored."""
    return StateKey(_mark(team_id, user_id), digest)


def digest_of(text: str) -> str:
    """SHA-256, in hex: what is kept of a code."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(mark: str, nonce: str) -> StateKey:
    return StateKey(mark, digest_of(nonce))


def _mark(team_id: str, user_id: str) -> str:
    digest = hashlib.sha256(f"{len(team_id)}:{team_id}{user_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_MARK_BYTES]).decode().rstrip("=")

"""Verifies bearer tokens: JWTs, against the issuer's published keys."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    import ssl

ALGORITHMS = ("RS256", "ES256")
"""Public-key signatures only: ``none`` and HS* never pass."""
JWKS_CACHE_SECONDS = 300
"""How long the issuer's keys are used before they are read again."""
JWKS_RETRY_SECONDS = 30
"""After a failure, how long until the next attempt; the last keys answer in the meantime, without its delay, and tokens
with an unknown key id fail at once."""
JWKS_KEPT_SECONDS = 6 * 3_600
"""How long the last keys are used if they cannot be read again, including one that the issuer revokes meanwhile."""
JWKS_COOLDOWN_SECONDS = 1
"""Minimum time between two reads because of an unknown key id, so that made-up tokens cannot flood the issuer, and
after a failure without earlier keys. A new key is thus accepted at once unless it was published within this time."""
JWKS_TIMEOUT_SECONDS = 3
LEEWAY_SECONDS = 5
"""Allowed difference between the issuer's clock and ours."""
MAX_TOKEN_CHARACTERS = 8_192
MAX_ID_CHARACTERS = 128


class UnauthorizedError(Exception):
    """The token is invalid. The text says why, without the token."""


class KeysUnavailableError(Exception):
    """The issuer's keys cannot be read, so no token can be verified."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The claims of a verified token that are used; nothing else in it is trusted."""

    user_id: str
    team_id: str


class SigningKeys(jwt.PyJWKClient):
    """The issuer's keys. The last ones that could be read are kept for ``JWKS_KEPT_SECONDS``.

    PyJWT's own cache and cooldown are not used: they count on a monotonic clock, which stands still while a Lambda is
    frozen, and they know nothing of failures.
    """

    def __init__(
        self, url: str, ssl_context: "ssl.SSLContext | None" = None, clock: Callable[[], float] = time.time
    ) -> None:
        """``clock`` returns seconds: those of the wall clock."""
        super().__init__(url, cache_jwk_set=False, timeout=JWKS_TIMEOUT_SECONDS, ssl_context=ssl_context)
        self._clock = clock
        self._keys: list[jwt.PyJWK] = []
        self._read_at = 0.0
        self._failing = False
        self._next_read = self._next_refresh = 0.0
        """When the next token may cause a read, and when the next one with an unknown key id may."""

    def get_signing_keys(self, refresh: bool = False) -> list[jwt.PyJWK]:  # noqa: FBT001, FBT002 - PyJWT's signature
        """Return the keys; with ``refresh``, because of an unknown key id, ones that are as new as the cooldown allows.

        Raises:
            PyJWKClientConnectionError: they cannot be read, and there are none that may still be used; with
                ``refresh`` also if there are, because the unknown key may be a new one.
        """
        if self._clock() >= (self._next_refresh if refresh else self._next_read):
            self._read()
        if self._failing and (refresh or not self._usable):
            raise jwt.PyJWKClientConnectionError("the keys cannot be read")
        return self._keys

    @property
    def _usable(self) -> bool:
        return bool(self._keys) and self._clock() - self._read_at < JWKS_KEPT_SECONDS

    def _read(self) -> None:
        try:
            self._keys = super().get_signing_keys(refresh=True)
        except (jwt.PyJWTError, OSError, ValueError):
            self._failing = True
            pause = JWKS_RETRY_SECONDS if self._usable else JWKS_COOLDOWN_SECONDS
            self._next_read = self._next_refresh = self._clock() + pause
        else:
            self._failing = False
            self._read_at = self._clock()
            self._next_read = self._read_at + JWKS_CACHE_SECONDS
            self._next_refresh = self._read_at + JWKS_COOLDOWN_SECONDS


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies bearer tokens of one issuer for one audience."""

    keys: jwt.PyJWKClient
    issuer: str
    audience: str
    algorithms: tuple[str, ...] = field(default=ALGORITHMS)

    def verify(self, authorization: str) -> TokenClaims:
        """Return the claims of the token in the ``Authorization`` header.

        Raises:
            UnauthorizedError: not a bearer token, or not a valid one.
            KeysUnavailableError: the issuer's keys cannot be read.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip() or len(token) > MAX_TOKEN_CHARACTERS:
            raise UnauthorizedError("not a bearer token")
        try:
            jwt.get_unverified_header(token.strip())
            self._read_keys()
            key = self.keys.get_signing_key_from_jwt(token.strip())
            claims = jwt.decode(
                token.strip(),
                key.key,
                algorithms=list(self.algorithms),
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise KeysUnavailableError(type(error).__name__) from None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UnauthorizedError(type(error).__name__) from None
        return TokenClaims(_id(claims, "sub"), _id(claims, "team_id"))

    def _read_keys(self) -> None:
        """Load the keys: an error in them is not an error of the token."""
        try:
            self.keys.get_signing_keys()
        except jwt.PyJWKClientConnectionError as error:
            raise KeysUnavailableError(type(error).__name__) from None


def _id(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > MAX_ID_CHARACTERS or "#" in value:
        raise UnauthorizedError(f"no usable {name}")
    return value

"""Verifies bearer tokens: JWTs, against the issuer's published keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

ALGORITHMS = ("RS256", "ES256")
"""Public-key signatures only: ``none`` and HS* never pass."""
JWKS_CACHE_SECONDS = 300
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
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, json.JSONDecodeError) as error:
            raise KeysUnavailableError(type(error).__name__) from None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UnauthorizedError(type(error).__name__) from None
        return TokenClaims(_id(claims, "sub"), _id(claims, "team_id"))

    def _read_keys(self) -> None:
        """Load the keys: an error in them is not an error of the token."""
        try:
            self.keys.get_signing_keys()
        except (jwt.PyJWTError, ValueError) as error:
            raise KeysUnavailableError(type(error).__name__) from None


def _id(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > MAX_ID_CHARACTERS or "#" in value:
        raise UnauthorizedError(f"no usable {name}")
    return value

"""Issues the bearer tokens of the local stack and serves their public keys as a JWKS on loopback."""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from local.loopback import LoopbackHandler, LoopbackServer

_PATH = "/.well-known/jwks.json"
_HOURS = 3600


class IdentityProvider:
    """The issuer that the deployed authorizer trusts; it creates new keys and serves the JWKS inside a `with` block."""

    audience = "wevion-campaign-creator"

    def __init__(self) -> None:
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        ec_key = ec.generate_private_key(ec.SECP256R1())
        self._keys: dict[str, Any] = {"RS256": rsa_key, "ES256": ec_key}
        jwks = {
            "keys": [
                _published(RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True), "RS256"),
                _published(ECAlgorithm.to_jwk(ec_key.public_key(), as_dict=True), "ES256"),
            ]
        }
        self._server = LoopbackServer(_handler(json.dumps(jwks).encode()))

    @property
    def issuer(self) -> str:
        """The `iss` of its tokens."""
        return self._server.origin

    @property
    def jwks_url(self) -> str:
        """The URL of the public keys."""
        return f"{self.issuer}{_PATH}"

    def token(
        self,
        user_id: str,
        team_id: str,
        *,
        expires_in: float = 12 * _HOURS,
        algorithm: str = "RS256",
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """A signed token of a user in a team.

        `expires_in` is in seconds. `claims` replace or add claims; the value None removes one.
        """
        now = time.time()
        payload: dict[str, object] = {
            "sub": user_id,
            "team_id": team_id,
            "iss": self.issuer,
            "aud": self.audience,
            "iat": int(now),
            "exp": int(now + expires_in),
            **(claims or {}),
        }
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, self._keys[algorithm], algorithm, headers={"kid": algorithm})

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


def _published(key: dict[str, Any], algorithm: str) -> dict[str, Any]:
    return {**key, "kid": algorithm, "alg": algorithm, "use": "sig"}


def _handler(jwks: bytes) -> type[LoopbackHandler]:
    class Handler(LoopbackHandler):
        def do_GET(self) -> None:
            if self.path == _PATH:
                self.send(HTTPStatus.OK, "application/json", jwks)
            else:
                self.send(HTTPStatus.NOT_FOUND, "application/json", b"{}")

    return Handler

"""Issues the bearer tokens of the local stack: keys made at start, served as a JWKS on loopback."""

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

_HOURS = 3600


class IdentityProvider:
    """The issuer that the deployed authorizer trusts. A context manager: inside it the JWKS is served."""

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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(json.dumps(jwks).encode()))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def issuer(self) -> str:
        """The `iss` of its tokens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def jwks_url(self) -> str:
        """Where the public keys are."""
        return f"{self.issuer}/.well-known/jwks.json"

    def token(
        self,
        user_id: str,
        team_id: str,
        *,
        expires_in: float = 12 * _HOURS,
        algorithm: str = "RS256",
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """Return a signed token of a user in a team; `claims` replace or add, None takes a claim away."""
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
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _published(key: dict[str, Any], algorithm: str) -> dict[str, Any]:
    return {**key, "kid": algorithm, "alg": algorithm, "use": "sig"}


def _handler(jwks: bytes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/.well-known/jwks.json"
            body = jwks if found else b"{}"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the console belongs to the stack's own lines."""

    return Handler

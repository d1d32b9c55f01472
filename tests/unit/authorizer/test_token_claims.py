"""Verifying bearer tokens: only valid tokens that the issuer signed with a public-key algorithm for this audience."""

import base64
import json
import time
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from publishing.authorizer.token_claims import (
    JWKS_CACHE_SECONDS,
    JWKS_COOLDOWN_SECONDS,
    JWKS_KEPT_SECONDS,
    JWKS_RETRY_SECONDS,
    JWKS_TIMEOUT_SECONDS,
    KeysUnavailableError,
    SigningKeys,
    TokenClaims,
    UnauthorizedError,
    Verifier,
)
from tests.support.wire import WireServer, http_response

ISSUER, AUDIENCE = "https://issuer.example", "wevion"
CLOSED = "http://127.0.0.1:9/jwks.json"


@cache
def rsa_key(_name: str) -> rsa.RSAPrivateKey:
    """Return the RSA key of this name; 'ours' is the published one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(_name: str) -> ec.EllipticCurvePrivateKey:
    """Return the EC key of this name, for ES256."""
    return ec.generate_private_key(ec.SECP256R1())


class Published(SigningKeys):
    """The issuer's keys, without a network."""

    def __init__(self) -> None:
        super().__init__(CLOSED)

    def fetch_data(self) -> Any:
        return {
            "keys": [
                {**RSAAlgorithm.to_jwk(rsa_key("ours").public_key(), as_dict=True), "kid": "rsa", "use": "sig"},
                {**ECAlgorithm.to_jwk(ec_key("ours").public_key(), as_dict=True), "kid": "ec", "use": "sig"},
            ]
        }


def verifier() -> Verifier:
    return Verifier(Published(), ISSUER, AUDIENCE)


def claims(without: str = "", **changes: object) -> dict[str, object]:
    """Return valid claims with changes."""
    good = {"sub": "u1", "team_id": "t1", "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60}
    return {name: value for name, value in {**good, **changes}.items() if name != without}


def token(kid: str = "rsa", key: Any = None, algorithm: str = "RS256", without: str = "", **changes: object) -> str:
    return jwt.encode(claims(without, **changes), key or rsa_key("ours"), algorithm, headers={"kid": kid})


def handmade(header: dict[str, str], signature: str = "") -> str:
    """Return a token that a JWT library would not create."""
    parts = [json.dumps(part).encode() for part in (header, claims())]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), signature])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_both_public_key_algorithms_are_accepted(scheme: str) -> None:
    """RS256 and ES256 tokens are accepted, whatever the letter case of the scheme."""
    for made in (token(), token("ec", ec_key("ours"), "ES256")):
        assert verifier().verify(f"{scheme} {made}") == TokenClaims("u1", "t1")


def test_other_claims_are_ignored() -> None:
    """A role or subscription in the token changes nothing; one of several audiences may be this service."""
    made = token(role="owner", subscription="active", aud=["other", AUDIENCE])
    assert verifier().verify(f"Bearer {made}") == TokenClaims("u1", "t1")


def public_pem() -> bytes:
    return (
        rsa_key("ours")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def signed_with_the_public_key() -> str:
    """Return an HS256 token signed with the published key, which a verifier that trusts the header would accept."""
    unsigned = handmade({"alg": "HS256", "typ": "JWT", "kid": "rsa"})[:-1]
    hs256 = jwt.get_algorithm_by_name("HS256")
    signature = hs256.sign(unsigned.encode(), public_pem())
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


NOW = int(time.time())
REJECTED = {
    "none": handmade({"alg": "none", "kid": "rsa"}),
    "None in capitals": handmade({"alg": "NONE", "kid": "rsa"}),
    "HS256 with the public key": signed_with_the_public_key(),
    "HS256 with a secret": token(key="secret" * 10, algorithm="HS256"),
    "RS512": token(algorithm="RS512"),
    "PS256": token(algorithm="PS256"),
    "another RSA key": token(key=rsa_key("theirs")),
    "another EC key": token("ec", ec_key("theirs"), "ES256"),
    "ES256 under the RSA key's name": token("rsa", ec_key("ours"), "ES256"),
    "RS256 under the EC key's name": token("ec"),
    "unknown kid": token("other"),
    "no kid": jwt.encode(claims(), rsa_key("ours"), "RS256"),
    "no signature": token().rpartition(".")[0] + ".",
    "changed claims": ".".join([token().split(".")[0], token(sub="u2").split(".")[1], token().split(".")[2]]),
    "expired": token(exp=NOW - 60),
    "not yet valid": token(nbf=NOW + 600),
    "exp is a string": jwt.encode(claims(exp="soon"), rsa_key("ours"), "RS256", headers={"kid": "rsa"}),
    "wrong issuer": token(iss="https://other.example"),
    "wrong audience": token(aud="other"),
    **{f"no {name}": token(without=name) for name in ("sub", "team_id", "iss", "aud", "exp")},
    "empty team": token(team_id=""),
    "team is a number": token(team_id=7),
    "team is a list": token(team_id=["t1"]),
    "team with the table's separator": token(team_id="t1#x"),
    "user with the table's separator": token(sub="u1#x"),
    "user too long": token(sub="u" * 129),
    "token too long": token(padding="x" * 9000),
    "garbage": "garbage",
    "three parts of garbage": "a.b.c",
    "dots": "..",
    "not ASCII": "é.é.é",
    "a lone surrogate": "\ud800",
    "empty": "",
    "blank": "   ",
}


@pytest.mark.parametrize("case", REJECTED)
def test_everything_else_is_rejected(case: str) -> None:
    """Invalid tokens are rejected, and the logged reason does not contain the token."""
    with pytest.raises(UnauthorizedError) as caught:
        verifier().verify(f"Bearer {REJECTED[case]}")
    assert str(caught.value)
    assert len(REJECTED[case].strip()) < 4 or REJECTED[case] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("header", ["", "Bearer", "Basic dTpw", "Token {}", "{}", "Bearer{}", "Bearer: {}"])
def test_no_other_scheme_is_accepted(header: str) -> None:
    """Only ``Bearer <token>`` is accepted."""
    with pytest.raises(UnauthorizedError):
        verifier().verify(header.format(token()))


def test_clocks_may_differ_by_a_few_seconds() -> None:
    """A token that expired two seconds ago is accepted."""
    assert verifier().verify(f"Bearer {token(exp=int(time.time()) - 2)}") == TokenClaims("u1", "t1")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500", b"{}"),
        ("404", b"{}"),
        ("302", b""),
        ("200", b"<html>"),
        ("200", b""),
        ("200", b"[]"),
        ("200", b"\x1f\x8b\x08"),
        ("200", b'{"keys": []}'),
        ("200", b'{"keys": 5}'),
        ("200", b'{"keys": [5]}'),
        ("200", b'{"keys": [{"kty": "RSA", "kid": "rsa", "n": 5, "e": 5}]}'),
        ("200", json.dumps({"keys": [RSAAlgorithm.to_jwk(rsa_key("ours").public_key(), as_dict=True)]}).encode()),
    ],
    ids=[
        "500",
        "404",
        "redirect",
        "html",
        "empty",
        "list",
        "gzip",
        "no keys",
        "keys: 5",
        "keys: [5]",
        "numbers in a key",
        "a key without a name",
    ],
)
def test_unreadable_keys_are_a_server_error(status: str, body: bytes) -> None:
    """Unreadable keys raise KeysUnavailableError, so that nobody is asked to sign in again."""
    response = http_response(body, status=f"{status} Odd")
    with WireServer(lambda _request: [response]) as issuer, pytest.raises(KeysUnavailableError):
        Verifier(SigningKeys(issuer.base_url), ISSUER, AUDIENCE).verify(f"Bearer {token()}")
    assert len(issuer.requests) > 0


def test_a_malformed_token_is_rejected_without_keys() -> None:
    """A malformed token is rejected even if the keys cannot be read."""
    with pytest.raises(UnauthorizedError):
        Verifier(SigningKeys(CLOSED), ISSUER, AUDIENCE).verify("Bearer a.b.c")


def test_an_unreachable_issuer_is_a_server_error() -> None:
    """A closed port raises KeysUnavailableError."""
    with pytest.raises(KeysUnavailableError):
        Verifier(SigningKeys(CLOSED), ISSUER, AUDIENCE).verify(f"Bearer {token()}")


# How long keys are used.


class Issuer(SigningKeys):
    """An issuer whose keys change and which fails as a test decides; ``reads`` counts the attempts to read them."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        super().__init__(CLOSED, clock=lambda: self.now)
        self.published = {"rsa": rsa_key("ours")}
        self.fails: Exception | None = None
        self.fails_after = 0.0
        self.reads = 0

    def fetch_data(self) -> Any:
        self.reads += 1
        if self.fails is not None:
            self.now += self.fails_after
            raise self.fails
        self._last_successful_fetch = time.monotonic()  # as PyJWT does, for its own cooldown
        keys = self.published.items()
        return {
            "keys": [
                {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"} for kid, key in keys
            ]
        }

    def accepts(self, made: str) -> bool:
        try:
            return Verifier(self, ISSUER, AUDIENCE).verify(f"Bearer {made}") == TokenClaims("u1", "t1")
        except UnauthorizedError:
            return False


FAILURES = [
    jwt.PyJWKClientConnectionError("down"),
    ConnectionResetError("while the body was being read"),
    ValueError("not JSON"),
    jwt.PyJWKSetError("no keys"),
    jwt.PyJWKClientError("no JSON object"),
]


def test_keys_are_read_every_few_minutes() -> None:
    """In between, any number of tokens cause no read."""
    issuer = Issuer()
    assert all(issuer.accepts(token()) for _ in range(3))
    issuer.now += JWKS_CACHE_SECONDS - 1
    assert (issuer.accepts(token()), issuer.reads) == (True, 1)
    issuer.now += 1
    assert (issuer.accepts(token()), issuer.reads) == (True, 2)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_the_last_keys_are_used_for_hours_while_they_cannot_be_read(failure: Exception) -> None:
    """An outage of the issuer signs nobody out; an attempt to read them is made every half minute, not every time."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.fails = failure
    issuer.now += JWKS_CACHE_SECONDS
    assert [issuer.accepts(token()) for _ in range(3)] == [True] * 3
    assert issuer.reads == 2
    issuer.now += JWKS_RETRY_SECONDS
    assert (issuer.accepts(token()), issuer.reads) == (True, 3)
    issuer.now += JWKS_KEPT_SECONDS - JWKS_CACHE_SECONDS - JWKS_RETRY_SECONDS - 1
    assert issuer.accepts(token())
    issuer.now += JWKS_RETRY_SECONDS
    with pytest.raises(KeysUnavailableError):
        issuer.accepts(token())
    issuer.fails = None
    issuer.now += JWKS_COOLDOWN_SECONDS
    assert issuer.accepts(token())


def test_keys_without_a_name_do_not_replace_the_last_ones() -> None:
    """They can verify nothing, so they count as unreadable."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.published = {"": rsa_key("ours")}
    issuer.now += JWKS_CACHE_SECONDS
    assert issuer.accepts(token())


def test_a_new_key_is_accepted_at_once() -> None:
    """The issuer may sign with a key as soon as it has published it, even just after the keys were read."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.published["new"] = rsa_key("new")
    issuer.now += JWKS_COOLDOWN_SECONDS
    assert issuer.accepts(token("new", rsa_key("new")))
    assert issuer.reads == 2
    assert JWKS_COOLDOWN_SECONDS <= 1


def test_made_up_key_ids_cause_one_read_a_second() -> None:
    """Somebody who makes up tokens cannot flood the issuer with reads."""
    issuer = Issuer()
    assert not any(issuer.accepts(token(f"made-up-{one}")) for one in range(5))
    assert issuer.reads == 1
    issuer.now += JWKS_COOLDOWN_SECONDS
    assert not any(issuer.accepts(token(f"made-up-{one}")) for one in range(5))
    assert issuer.reads == 2


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_an_unknown_key_is_not_rejected_while_keys_cannot_be_read(failure: Exception) -> None:
    """It may be a new one, so its owner is not asked to sign in again; known keys still count."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.fails = failure
    issuer.now += JWKS_COOLDOWN_SECONDS
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            issuer.accepts(token("new", rsa_key("new")))
    assert issuer.accepts(token())


def test_unknown_keys_cost_a_failing_issuer_one_wait_in_half_a_minute() -> None:
    """However many there are, and although the wait itself is longer than the pause after a success."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.fails, issuer.fails_after = FAILURES[0], JWKS_TIMEOUT_SECONDS
    issuer.now += JWKS_COOLDOWN_SECONDS
    for reads in (2, 3):
        for one in range(5):
            with pytest.raises(KeysUnavailableError):
                issuer.accepts(token(f"made-up-{one}"))
            assert issuer.accepts(token())
            assert issuer.reads == reads
        issuer.now += JWKS_RETRY_SECONDS
    issuer.fails = None
    issuer.published["new"] = rsa_key("new")
    assert issuer.accepts(token("new", rsa_key("new")))


def test_a_function_without_keys_tries_again_after_a_second() -> None:
    """Until then requests fail without a wait; then one read that succeeds ends the failure."""
    issuer = Issuer()
    issuer.fails, issuer.fails_after = FAILURES[0], JWKS_TIMEOUT_SECONDS
    for _ in range(5):
        with pytest.raises(KeysUnavailableError):
            issuer.accepts(token())
    assert issuer.reads == 1
    issuer.now += JWKS_COOLDOWN_SECONDS
    issuer.fails = None
    assert (issuer.accepts(token()), issuer.reads) == (True, 2)


def test_a_frozen_function_counts_the_time_of_its_freeze() -> None:
    """Lambda's monotonic clock stands still meanwhile: a new key is accepted although no time has passed on it."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.published["new"] = rsa_key("new")
    issuer.now += JWKS_CACHE_SECONDS - 1
    assert issuer.accepts(token("new", rsa_key("new")))


def test_a_revoked_key_is_not_accepted_after_the_next_read() -> None:
    """The issuer's current keys replace the earlier ones."""
    issuer = Issuer()
    assert issuer.accepts(token())
    issuer.published = {"new": rsa_key("new")}
    issuer.now += JWKS_CACHE_SECONDS
    assert not issuer.accepts(token())

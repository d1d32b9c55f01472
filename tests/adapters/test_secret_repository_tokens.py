"""The secret repository's access tokens for requests, read from Secrets Manager and cached."""

import json
import weakref
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from publishing.ports import TokenUnavailableError
from publishing.repositories.json_api import AwsError, JsonApi
from publishing.repositories.secret_repository import CACHE_SECONDS, SecretsManagerRepository
from publishing.teams import Connection
from tests.support.clock import SecondsClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PREFIX = "wevion/tiktok"


def connection(secret_id: str) -> Connection:
    return Connection("t1", "u1", "active", (), secret_id, "")


def put(client: "SecretsManagerClient", secret_id: str, text: str) -> Connection:
    """Create a secret; return a connection that names it."""
    client.create_secret(Name=secret_id, SecretString=text)
    return connection(secret_id)


def holding(text: str) -> SecretsManagerRepository:
    """Return a repository in which every secret holds this text."""
    return SecretsManagerRepository(lambda _operation, **_request: {"SecretString": text}, PREFIX)


def failing(code: str) -> SecretsManagerRepository:
    """Return a repository whose calls fail with this code."""

    def call(_operation: str, **_request: object) -> dict[str, object]:
        raise AwsError(code)

    return SecretsManagerRepository(call, PREFIX)


@pytest.fixture
def repository(secrets_api: JsonApi) -> SecretsManagerRepository:
    """A repository with an empty cache."""
    return SecretsManagerRepository(secrets_api.call, PREFIX)


def test_a_token_is_read_and_not_shown(secrets: "SecretsManagerClient", repository: SecretsManagerRepository) -> None:
    """The token's repr and str hide it, and so does the repr of the repository that caches it."""
    token = repository.read_token(put(secrets, "read", '{"access_token": "canary", "more": 1}'))
    assert token.get_secret_value() == "canary"
    assert "canary" not in f"{token} {token!r} {repository!r}"


def test_a_token_is_cached_for_five_minutes(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Then it is read again, and a rotated one is found."""
    clock = SecondsClock()
    mine = put(secrets, "cached", '{"access_token": "old"}')
    repository = SecretsManagerRepository(secrets_api.call, PREFIX, clock)
    repository.read_token(mine)
    secrets.put_secret_value(SecretId="cached", SecretString='{"access_token": "new"}')
    clock.now += CACHE_SECONDS - 1
    assert repository.read_token(mine).get_secret_value() == "old"
    clock.now += 1
    assert repository.read_token(mine).get_secret_value() == "new"


def test_no_token_stays_in_memory_for_longer() -> None:
    """Reading any token drops all that are too old: a worker reads thousands."""
    clock = SecondsClock()
    repository = replace(holding('{"access_token": "canary"}'), clock=clock)
    old, young = (weakref.ref(repository.read_token(connection(name))) for name in ("old", "young"))
    clock.now += CACHE_SECONDS - 1
    repository.read_token(connection("third"))
    assert None not in {old(), young()}
    clock.now += 1
    repository.read_token(connection("third"))
    assert {old(), young()} == {None}


def test_a_forgotten_token_is_read_again(secrets: "SecretsManagerClient", repository: SecretsManagerRepository) -> None:
    """Others stay cached; forgetting a token that is not cached is not an error."""
    mine, other = (put(secrets, name, '{"access_token": "old"}') for name in ("forgotten", "kept"))
    repository.forget_token(mine)
    for one in (mine, other):
        repository.read_token(one)
        secrets.put_secret_value(SecretId=one.secret_id, SecretString='{"access_token": "new"}')
    repository.forget_token(mine)
    assert repository.read_token(mine).get_secret_value() == "new"
    assert repository.read_token(other).get_secret_value() == "old"


def test_a_new_connection_does_not_use_the_cached_token(
    secrets: "SecretsManagerClient", repository: SecretsManagerRepository
) -> None:
    """The cached token belongs to the previous connection, although the secret has the same name."""
    before = put(secrets, "reconnected", '{"access_token": "old"}')
    assert repository.read_token(before).get_secret_value() == "old"
    secrets.put_secret_value(SecretId="reconnected", SecretString='{"access_token": "new"}')
    after = replace(before, connected_at="2026-11-22T09:00:00Z")
    assert repository.read_token(after).get_secret_value() == "new"
    secrets.put_secret_value(SecretId="reconnected", SecretString='{"access_token": "newest"}')
    repository.forget_token(before)
    assert repository.read_token(after).get_secret_value() == "new"


def test_a_missing_secret_is_unavailable(secrets: "SecretsManagerClient", repository: SecretsManagerRepository) -> None:
    """Its absence is not cached."""
    with pytest.raises(TokenUnavailableError, match="missing"):
        repository.read_token(connection("missing"))
    mine = put(secrets, "missing", '{"access_token": "created"}')
    assert repository.read_token(mine).get_secret_value() == "created"


MALFORMED = [
    "canary",
    "{",
    "null",
    "7",
    '["canary"]',
    '"access_token canary"',
    "{}",
    '{"token": "canary"}',
    '{"access_token": null}',
    '{"access_token": ""}',
    '{"access_token": 7}',
    '{"access_token": ["canary"]}',
]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_secret_without_a_token_is_unavailable(text: str) -> None:
    """The error does not quote it, not even as its cause."""
    with pytest.raises(TokenUnavailableError) as caught:
        holding(text).read_token(connection("malformed"))
    assert "canary" not in f"{caught.value!r} {json.dumps([str(one) for one in caught.value.args])}"
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_binary_secret_is_unavailable() -> None:
    """It has no text."""
    repository = SecretsManagerRepository(lambda _operation, **_request: {"SecretBinary": "e30="}, PREFIX)
    with pytest.raises(TokenUnavailableError):
        repository.read_token(connection("binary"))


def test_a_deleted_secret_is_unavailable(secrets: "SecretsManagerClient", repository: SecretsManagerRepository) -> None:
    """So it is while Secrets Manager could still restore it."""
    mine = put(secrets, "deleted", '{"access_token": "canary"}')
    secrets.delete_secret(SecretId="deleted", RecoveryWindowInDays=7)
    with pytest.raises(TokenUnavailableError):
        repository.read_token(mine)


def test_an_impossible_name_is_unavailable() -> None:
    """Another service may write one: only that person's connection is passed over."""
    with pytest.raises(TokenUnavailableError):
        failing("ValidationException").read_token(connection("wevion/tiktok/connections/t1/auth0|u1"))


@pytest.mark.parametrize(
    ("code", "transient"),
    [("AccessDeniedException", False), ("DecryptionFailure", False), ("InternalServiceError", True), ("Timeout", True)],
)
def test_a_token_that_cannot_be_read_is_unavailable(code: str, transient: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever the cause, the connection is passed over; a failure of AWS that may pass says so."""
    with pytest.raises(TokenUnavailableError) as caught:
        failing(code).read_token(connection("any"))
    assert (caught.value.why, caught.value.transient) == (code, transient)


def test_a_named_version_is_read_although_another_is_current(
    secrets: "SecretsManagerClient", repository: SecretsManagerRepository
) -> None:
    """Each connection gets the token of its own version: reads of the current one are eventually consistent."""
    repository.store("versions", SecretStr("old"), "version-of-the-first-connection-----")
    repository.store("versions", SecretStr("new"), "version-of-the-second-connection----")
    old = replace(connection("versions"), secret_version="version-of-the-first-connection-----")
    new = replace(connection("versions"), secret_version="version-of-the-second-connection----")
    tokens = [repository.read_token(one).get_secret_value() for one in (old, new, connection("versions"))]
    assert tokens == ["old", "new", "new"]
    secrets.delete_secret(SecretId="versions", ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize(("age", "transient"), [(timedelta(seconds=59), True), (timedelta(seconds=60), False)])
def test_a_version_that_is_not_found_yet_may_be_found_later(age: timedelta, transient: bool) -> None:  # noqa: FBT001 - a parameter
    """For a minute after connecting; later the version does not exist."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    new = replace(connection("new"), secret_version="named", connected_at=at.isoformat())
    with pytest.raises(TokenUnavailableError) as caught:
        replace(failing("ResourceNotFoundException"), now=lambda: at + age).read_token(new)
    assert caught.value.transient is transient

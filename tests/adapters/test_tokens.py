"""Access tokens in Secrets Manager, and the memory of them."""

import json
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from publishing.aws.json_api import AwsError, JsonApi
from publishing.aws.tokens import CACHE_SECONDS, SecretsManagerTokens
from publishing.stores import TokenUnavailableError
from publishing.teams import Connection
from tests.support.clock import SecondsClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def connection(secret_id: str) -> Connection:
    return Connection("t1", "u1", "active", (), secret_id, "")


def put(client: "SecretsManagerClient", secret_id: str, text: str) -> Connection:
    client.create_secret(Name=secret_id, SecretString=text)
    return connection(secret_id)


def test_a_token_is_read_and_not_shown(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Its type's repr and str hide it, and so does the repr of what remembers it."""
    mine = put(secrets, "read", '{"access_token": "canary", "more": 1}')
    tokens = SecretsManagerTokens(secrets_api.call)
    token = tokens.read(mine)
    assert token.get_secret_value() == "canary"
    assert "canary" not in f"{token} {token!r} {tokens!r}"


def test_a_token_is_remembered_for_five_minutes(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Then the store is asked again, and a rotated one is found."""
    clock = SecondsClock()
    mine = put(secrets, "remembered", '{"access_token": "old"}')
    tokens = SecretsManagerTokens(secrets_api.call, clock)
    tokens.read(mine)
    secrets.put_secret_value(SecretId="remembered", SecretString='{"access_token": "new"}')
    clock.now += CACHE_SECONDS - 1
    assert tokens.read(mine).get_secret_value() == "old"
    clock.now += 1
    assert tokens.read(mine).get_secret_value() == "new"


def test_no_token_stays_in_memory_for_longer() -> None:
    """Nor one that nobody asks for any more: the next read of any token forgets it, and a worker reads thousands."""
    clock = SecondsClock()
    tokens = SecretsManagerTokens(lambda _operation, **_request: {"SecretString": '{"access_token": "canary"}'}, clock)
    old, young = (weakref.ref(tokens.read(connection(name))) for name in ("old", "young"))
    clock.now += CACHE_SECONDS - 1
    tokens.read(connection("third"))
    assert None not in {old(), young()}
    clock.now += 1
    tokens.read(connection("third"))
    assert {old(), young()} == {None}


def test_a_dropped_token_is_read_anew(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Only that one; dropping what is not remembered is no error."""
    mine, other = (put(secrets, name, '{"access_token": "old"}') for name in ("dropped", "kept"))
    tokens = SecretsManagerTokens(secrets_api.call)
    tokens.drop(mine)
    for one in (mine, other):
        tokens.read(one)
        secrets.put_secret_value(SecretId=one.secret_id, SecretString='{"access_token": "new"}')
    tokens.drop(mine)
    assert tokens.read(mine).get_secret_value() == "new"
    assert tokens.read(other).get_secret_value() == "old"


def test_who_connected_again_has_another_token(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """The one that is remembered is of the connection before, under the same name; it is not used for this one."""
    before = put(secrets, "reconnected", '{"access_token": "old"}')
    tokens = SecretsManagerTokens(secrets_api.call)
    assert tokens.read(before).get_secret_value() == "old"
    secrets.put_secret_value(SecretId="reconnected", SecretString='{"access_token": "new"}')
    after = replace(before, connected_at="2026-11-22T09:00:00Z")
    assert tokens.read(after).get_secret_value() == "new"
    secrets.put_secret_value(SecretId="reconnected", SecretString='{"access_token": "newest"}')
    tokens.drop(before)
    assert tokens.read(after).get_secret_value() == "new"


def test_a_missing_secret_is_told_as_such(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """And is not remembered as missing."""
    tokens = SecretsManagerTokens(secrets_api.call)
    with pytest.raises(TokenUnavailableError, match="missing"):
        tokens.read(connection("missing"))
    mine = put(secrets, "missing", '{"access_token": "now-there"}')
    assert tokens.read(mine).get_secret_value() == "now-there"


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
def test_a_secret_without_a_token_is_unusable(text: str) -> None:
    """And the error does not quote it, not even as its cause."""
    with pytest.raises(TokenUnavailableError) as caught:
        SecretsManagerTokens(lambda _operation, **_request: {"SecretString": text}).read(connection("malformed"))
    assert "canary" not in f"{caught.value!r} {json.dumps([str(one) for one in caught.value.args])}"
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_binary_secret_is_unusable() -> None:
    """There is no text in it."""
    with pytest.raises(TokenUnavailableError):
        SecretsManagerTokens(lambda _operation, **_request: {"SecretBinary": "e30="}).read(connection("binary"))


def test_a_deleted_secret_is_unusable(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Also while Secrets Manager still could restore it."""
    mine = put(secrets, "deleted", '{"access_token": "canary"}')
    secrets.delete_secret(SecretId="deleted", RecoveryWindowInDays=7)
    with pytest.raises(TokenUnavailableError):
        SecretsManagerTokens(secrets_api.call).read(mine)


def test_a_name_that_no_secret_can_have_is_unusable() -> None:
    """Another service may write one: it is one person's connection that is passed over then, and no fault for all."""

    def call(_operation: str, **_request: object) -> dict[str, object]:
        raise AwsError("ValidationException")

    with pytest.raises(TokenUnavailableError):
        SecretsManagerTokens(call).read(connection("wevion/tiktok/connections/t1/auth0|u1"))


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServiceError", "DecryptionFailure"])
def test_aws_trouble_is_not_taken_for_a_missing_secret(code: str) -> None:
    """It is a fault of ours, to be seen and mended."""

    def call(_operation: str, **_request: object) -> dict[str, object]:
        raise AwsError(code)

    with pytest.raises(AwsError, match=code):
        SecretsManagerTokens(call).read(connection("any"))

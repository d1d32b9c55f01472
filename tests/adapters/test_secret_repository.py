"""The secret repository's stored tokens, each version named by its state: in Secrets Manager and in memory."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from publishing.connections.authorize import digest_of
from publishing.ports import SecretRepository, TokenUnavailableError
from publishing.repositories.json_api import SECRETS_MANAGER, AwsCall, AwsError, JsonApi
from publishing.repositories.secret_repository import RECOVERY_WINDOW_DAYS, SecretsManagerRepository
from publishing.teams import Connection
from tests.adapters.scripted_aws import CANARY, GOOD, ScriptedAws, client, error_answer, text_of
from tests.support.in_memory_repositories import InMemorySecrets
from tools.in_memory_aws import InMemoryAws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


PREFIX = "wevion/tiktok"
FIRST, SECOND = digest_of("a state"), digest_of("another state")
UNKNOWN_VERSION = digest_of("no state")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class OneSecret:
    """A repository, and the name of one secret in it, which does not exist yet."""

    repository: SecretRepository
    secret_id: str

    def store(self, token: str, version: str) -> None:
        self.repository.store(self.secret_id, SecretStr(token), version)

    def version(self, version: str) -> str | None:
        return _value(self.repository.version(self.secret_id, version))

    def current(self) -> str | None:
        return _value(self.repository.current(self.secret_id))

    def remove(self) -> None:
        self.repository.remove(self.secret_id)


def _value(token: SecretStr | None) -> str | None:
    return token.get_secret_value() if token else None


@pytest.fixture(params=["Secrets Manager", "in memory"])
def secret(request: pytest.FixtureRequest) -> OneSecret:
    """Both implementations."""
    if request.param == "in memory":
        repository = InMemorySecrets()
        return OneSecret(repository, repository.secret_id("t1", "u1"))
    return cast("OneSecret", request.getfixturevalue("real"))


@pytest.fixture
def real(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> Iterator[OneSecret]:
    """One in Secrets Manager."""
    repository = SecretsManagerRepository(secrets_api.call, PREFIX)
    one = OneSecret(repository, repository.secret_id("t1", f"u{next(_numbers)}"))
    yield one
    secrets.delete_secret(SecretId=one.secret_id, ForceDeleteWithoutRecovery=True)


def test_the_name_of_a_secret_is_the_contracts(secret: OneSecret) -> None:
    """It is ``<SecretPrefix>/connections/<team_id>/<user_id>``."""
    assert secret.repository.secret_id("t1", "u1") == "wevion/tiktok/connections/t1/u1"


def test_a_token_is_found_by_its_version_and_as_the_current_one(secret: OneSecret) -> None:
    """Once it is stored; an unknown version does not exist."""
    assert (secret.current(), secret.version(FIRST)) == (None, None)
    secret.store("token", FIRST)
    assert (secret.current(), secret.version(FIRST), secret.version(UNKNOWN_VERSION)) == ("token", "token", None)


def test_a_replaced_version_is_kept(secret: OneSecret) -> None:
    """A repeated callback sees that its own token was stored; the last stored token is the current one."""
    secret.store("old", FIRST)
    secret.store("new", SECOND)
    assert (secret.current(), secret.version(FIRST), secret.version(SECOND)) == ("new", "old", "new")


def test_storing_the_same_token_again_changes_nothing(secret: OneSecret) -> None:
    """The same token under the same version name is accepted."""
    for _ in range(2):
        secret.store("token", FIRST)
        assert (secret.current(), secret.version(FIRST)) == ("token", "token")


def test_a_removed_token_is_not_returned(secret: OneSecret) -> None:
    """Neither by version nor as the current one, although it could be restored; removing it again is not an error."""
    secret.store("token", FIRST)
    for _ in range(2):
        secret.remove()
        assert (secret.current(), secret.version(FIRST)) == (None, None)


def test_removing_an_absent_secret_is_not_an_error(secret: OneSecret) -> None:
    """It creates nothing."""
    secret.remove()
    assert secret.current() is None


def test_storing_restores_a_removed_secret(secret: OneSecret) -> None:
    """Its current value is the new token; the old version is unchanged."""
    secret.store("old", FIRST)
    secret.remove()
    secret.store("new", SECOND)
    assert (secret.current(), secret.version(FIRST), secret.version(SECOND)) == ("new", "old", "new")
    secret.remove()
    assert secret.current() is None


def test_a_version_never_changes(secret: OneSecret) -> None:
    """Another token under the name of an existing version is rejected."""
    secret.store("token", FIRST)
    with pytest.raises((AwsError, RuntimeError), match="ResourceExistsException"):
        secret.store("another", FIRST)
    assert (secret.current(), secret.version(FIRST)) == ("token", "token")


def test_secrets_are_independent(secret: OneSecret) -> None:
    """Another secret does not have the same version."""
    secret.store("token", FIRST)
    other = OneSecret(secret.repository, f"{secret.secret_id}0")
    other.remove()
    assert (other.current(), other.version(FIRST), secret.current()) == (None, None, "token")


def test_a_stored_secret_has_the_contracts_form(real: OneSecret, secrets: "SecretsManagerClient") -> None:
    """It is read like one that another service wrote, and is deleted a week after its removal."""
    real.store(CANARY, FIRST)
    answer = secrets.get_secret_value(SecretId=real.secret_id)
    assert json.loads(answer["SecretString"]) == {"access_token": CANARY}
    assert answer["VersionId"] == FIRST
    connection = Connection("t1", "u1", "active", (), real.secret_id, "")
    assert real.repository.read_token(connection).get_secret_value() == CANARY
    real.remove()
    described = secrets.describe_secret(SecretId=real.secret_id)
    assert (described["DeletedDate"] - described["LastChangedDate"]).days in {6, 7}
    assert RECOVERY_WINDOW_DAYS == 7


@pytest.mark.parametrize("text", ["", "canary", "{}", '{"access_token": ""}', '{"access_token": "two words"}'])
def test_a_malformed_secret_holds_no_token(real: OneSecret, secrets: "SecretsManagerClient", text: str) -> None:
    """It counts as absent, and a token can be stored in it."""
    secrets.create_secret(Name=real.secret_id, SecretString=text or "null", ClientRequestToken=FIRST)
    assert (real.current(), real.version(FIRST)) == (None, None)
    real.store("token", SECOND)
    assert real.current() == "token"


def test_a_secret_without_any_value_holds_no_token(real: OneSecret, secrets: "SecretsManagerClient") -> None:
    """An interruption between creating the secret and storing the token leaves one."""
    secrets.create_secret(Name=real.secret_id)
    assert (real.current(), real.version(FIRST)) == (None, None)
    real.store("token", FIRST)
    assert (real.current(), real.version(FIRST)) == ("token", "token")


def test_the_current_token_is_never_cached(real: OneSecret, secrets: "SecretsManagerClient") -> None:
    """A rotated token is seen immediately, unlike with ``read_token``."""
    real.store("token", FIRST)
    assert real.current() == "token"
    secrets.put_secret_value(SecretId=real.secret_id, SecretString='{"access_token": "rotated"}')
    assert (real.current(), real.version(FIRST)) == ("rotated", "token")


STORE_CALLS: Mapping[str, list[str]] = {
    "existing": ["PutSecretValue"],
    "absent": ["PutSecretValue", "CreateSecret", "PutSecretValue"],
    "to be deleted": ["PutSecretValue", "RestoreSecret", "PutSecretValue"],
}
"""The calls that store a token in a secret of this state."""


def prepare(real: OneSecret, state: str) -> None:
    """Bring the secret into this state."""
    if state != "absent":
        real.store("old", FIRST)
    if state == "to be deleted":
        real.remove()


@pytest.mark.parametrize("state", STORE_CALLS)
def test_a_token_is_stored_with_as_few_calls_as_possible(real: OneSecret, aws: InMemoryAws, state: str) -> None:
    """One call if the secret exists, three if it must be created or restored first."""
    prepare(real, state)
    aws.calls.clear()
    real.store("new", SECOND)
    assert aws.calls == [f"secretsmanager:{name}" for name in STORE_CALLS[state]]


@pytest.mark.parametrize("state", STORE_CALLS)
def test_a_token_is_stored_although_responses_are_lost(real: OneSecret, secrets_api: JsonApi, state: str) -> None:
    """Each call finds its own first attempt: the secret that it created, the version that it put."""
    lossy_repository = SecretsManagerRepository(sent_twice_even_if_rejected(secrets_api.call), PREFIX)
    lossy = OneSecret(lossy_repository, real.secret_id)
    prepare(real, state)
    lossy.store("new", SECOND)
    assert (real.current(), real.version(SECOND)) == ("new", "new")
    lossy.remove()
    assert real.current() is None


def sent_twice_even_if_rejected(call: AwsCall) -> AwsCall:
    """Return a call that sends each request twice, whatever the first response was."""

    def twice(operation: str, **request: Any) -> Mapping[str, Any]:
        try:
            call(operation, **request)
        except AwsError:
            return call(operation, **request)
        return call(operation, **request)

    return twice


def test_two_concurrent_creations_both_store(
    real: OneSecret, secrets: "SecretsManagerClient", secrets_api: JsonApi
) -> None:
    """Another process may create the secret between the failed put and the creation; that is not an error."""

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        if operation == "CreateSecret":
            secrets.create_secret(Name=real.secret_id, SecretString='{"access_token": "theirs"}')
        return secrets_api.call(operation, **request)

    OneSecret(SecretsManagerRepository(call, PREFIX), real.secret_id).store("mine", FIRST)
    assert (real.current(), real.version(FIRST)) == ("mine", "mine")


@pytest.mark.parametrize("kind", ["ResourceNotFoundException", "InvalidRequestException"])
def test_a_token_that_cannot_be_stored_is_an_error(kind: str) -> None:
    """After three attempts the failure is raised."""
    with ScriptedAws(*(error_answer(kind), GOOD) * 3) as aws, client(aws.url, service=SECRETS_MANAGER) as api:
        with pytest.raises(AwsError, match=f"^{kind}$") as caught:
            SecretsManagerRepository(api.call, PREFIX).store("secret", SecretStr(CANARY), FIRST)
        assert CANARY not in text_of(caught.value)
    calls = [one.headers["X-Amz-Target"].rpartition(".")[2] for one in aws.requests]
    between = "CreateSecret" if kind.startswith("Resource") else "RestoreSecret"
    assert calls == ["PutSecretValue", between] * 3


ACTIONS: dict[str, Callable[[SecretRepository], object]] = {
    "store": lambda repository: repository.store("secret", SecretStr(CANARY), FIRST),
    "version": lambda repository: repository.version("secret", FIRST),
    "current": lambda repository: repository.current("secret"),
    "remove": lambda repository: repository.remove("secret"),
}


@pytest.mark.parametrize("code", ["InternalServiceError", "InvalidParameterException"])
@pytest.mark.parametrize("name", ACTIONS)
def test_a_failure_of_aws_is_not_an_absent_secret(name: str, code: str) -> None:
    """Taken for one, a code would be exchanged again or a token left behind. The error does not hold the token."""
    calls: list[str] = []

    def call(operation: str, **_request: Any) -> Mapping[str, Any]:
        calls.append(operation)
        raise AwsError(code)

    with pytest.raises(AwsError, match=f"^{code}$") as caught:
        ACTIONS[name](SecretsManagerRepository(call, PREFIX))
    assert CANARY not in text_of(caught.value)
    assert len(calls) == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "DecryptionFailure"])
@pytest.mark.parametrize("name", ["version", "current", "remove"])
def test_a_secret_that_this_service_may_not_use_is_unavailable(name: str, code: str) -> None:
    """One outside the prefix, say: its connection can still be ended."""

    def call(_operation: str, **_request: Any) -> Mapping[str, Any]:
        raise AwsError(code)

    with pytest.raises(TokenUnavailableError) as caught:
        ACTIONS[name](SecretsManagerRepository(call, PREFIX))
    assert (caught.value.why, caught.value.transient) == (code, False)


def test_a_secret_with_an_impossible_name_is_absent() -> None:
    """Another service may write one; such a connection can be ended."""

    def call(_operation: str, **_request: Any) -> Mapping[str, Any]:
        raise AwsError("ValidationException")

    repository = SecretsManagerRepository(call, PREFIX)
    assert repository.current("auth0|u1") is None
    repository.remove("auth0|u1")


@pytest.mark.parametrize("operation", ["CreateSecret", "RestoreSecret"])
def test_a_failed_creation_or_restoration_is_an_error(operation: str) -> None:
    """Only a creation that another process has made is ignored."""
    first = "ResourceNotFoundException" if operation == "CreateSecret" else "InvalidRequestException"

    def call(called: str, **_request: Any) -> Mapping[str, Any]:
        raise AwsError("AccessDeniedException" if called == operation else first)

    with pytest.raises(AwsError, match=r"^AccessDeniedException$"):
        SecretsManagerRepository(call, PREFIX).store("secret", SecretStr(CANARY), FIRST)


def test_version_names_are_valid_in_secrets_manager() -> None:
    """They have 32 to 64 characters; the creation uses one that differs from the token's."""
    names: list[str] = []

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        if operation == "PutSecretValue" and not names:
            names.append(request["ClientRequestToken"])
            raise AwsError("ResourceNotFoundException")
        names.append(request["ClientRequestToken"])
        assert "SecretString" in request or operation == "CreateSecret"
        return {}

    SecretsManagerRepository(call, PREFIX).store("secret", SecretStr("token"), FIRST)
    put, created, put_again = names
    assert put == put_again == FIRST
    assert all(32 <= len(one) <= 64 for one in names)
    assert created != FIRST

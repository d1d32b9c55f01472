"""Tokens that are put away, each version named by the state it came from: in Secrets Manager and in memory alike."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from publishing.aws.json_api import SECRETS_MANAGER, AwsCall, AwsError, JsonApi
from publishing.aws.tokens import SecretsManagerTokens
from publishing.aws.vault import RECOVERY_WINDOW_DAYS, SecretsManagerVault
from publishing.connecting.states import digest_of
from publishing.teams import Connection
from tests.adapters.scripted_aws import CANARY, GOOD, ScriptedAws, client, error_answer, told
from tests.support.in_memory_connecting import InMemoryVault
from tools.in_memory_aws import InMemoryAws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from publishing.connecting.stores import Vault

PREFIX = "wevion/tiktok"
FIRST, SECOND = digest_of("a state"), digest_of("another state")
NO_SUCH_STATE = digest_of("no state")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Place:
    """A vault, and the name of a secret that nobody has made."""

    vault: "Vault"
    secret_id: str

    def store(self, token: str, version: str) -> None:
        self.vault.store(self.secret_id, SecretStr(token), version)

    def version(self, version: str) -> str | None:
        return _open(self.vault.version(self.secret_id, version))

    def current(self) -> str | None:
        return _open(self.vault.current(self.secret_id))

    def remove(self) -> None:
        self.vault.remove(self.secret_id)


def _open(token: SecretStr | None) -> str | None:
    return token.get_secret_value() if token else None


@pytest.fixture(params=["Secrets Manager", "in memory"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Both kinds."""
    if request.param == "in memory":
        vault = InMemoryVault()
        yield Place(vault, vault.secret_id("t1", "u1"))
        return
    yield cast("Place", request.getfixturevalue("real"))


@pytest.fixture
def real(secrets: "SecretsManagerClient", secrets_api: JsonApi) -> Iterator[Place]:
    """The one in Secrets Manager, where only it can be asked."""
    vault = SecretsManagerVault(secrets_api.call, PREFIX)
    place = Place(vault, vault.secret_id("t1", f"u{next(_numbers)}"))
    yield place
    secrets.delete_secret(SecretId=place.secret_id, ForceDeleteWithoutRecovery=True)


def test_a_secrets_name_is_the_contracts(place: Place) -> None:
    """`<SecretPrefix>/connections/<team_id>/<user_id>`."""
    assert place.vault.secret_id("t1", "u1") == "wevion/tiktok/connections/t1/u1"


def test_a_token_is_found_by_its_version_and_as_the_current_one(place: Place) -> None:
    """Once it is stored; before that there is neither, and a version that nobody stored there never is."""
    assert (place.current(), place.version(FIRST)) == (None, None)
    place.store("token", FIRST)
    assert (place.current(), place.version(FIRST), place.version(NO_SUCH_STATE)) == ("token", "token", None)


def test_a_version_stays_when_another_takes_its_place(place: Place) -> None:
    """So a repetition sees that its own token was stored; what is used is the last."""
    place.store("old", FIRST)
    place.store("new", SECOND)
    assert (place.current(), place.version(FIRST), place.version(SECOND)) == ("new", "old", "new")


def test_a_token_is_stored_again_without_a_change(place: Place) -> None:
    """The same under the same name."""
    for _ in range(2):
        place.store("token", FIRST)
        assert (place.current(), place.version(FIRST)) == ("token", "token")


def test_a_removed_token_is_not_given_out(place: Place) -> None:
    """Neither by version nor as the current one, though it could be restored; removing it again is no error."""
    place.store("token", FIRST)
    for _ in range(2):
        place.remove()
        assert (place.current(), place.version(FIRST)) == (None, None)


def test_removing_what_is_not_there_is_no_error(place: Place) -> None:
    """And makes nothing."""
    place.remove()
    assert place.current() is None


def test_who_connects_again_has_the_same_secret(place: Place) -> None:
    """One that is to be deleted is restored, and holds the new token; the old one is what it was."""
    place.store("old", FIRST)
    place.remove()
    place.store("new", SECOND)
    assert (place.current(), place.version(FIRST), place.version(SECOND)) == ("new", "old", "new")
    place.remove()
    assert place.current() is None


def test_a_version_never_changes(place: Place) -> None:
    """Another token under the name of one that is there is refused, and what is there stays."""
    place.store("token", FIRST)
    with pytest.raises((AwsError, RuntimeError), match="ResourceExistsException"):
        place.store("another", FIRST)
    assert (place.current(), place.version(FIRST)) == ("token", "token")


def test_secrets_of_others_are_apart(place: Place) -> None:
    """Also under the same version."""
    place.store("token", FIRST)
    other = Place(place.vault, f"{place.secret_id}0")
    other.remove()
    assert (other.current(), other.version(FIRST), place.current()) == (None, None, "token")


def test_a_stored_secret_is_the_contracts(real: Place, secrets: "SecretsManagerClient") -> None:
    """Read as one that another service wrote, and deleted a week after its removal."""
    real.store(CANARY, FIRST)
    answer = secrets.get_secret_value(SecretId=real.secret_id)
    assert json.loads(answer["SecretString"]) == {"access_token": CANARY}
    assert answer["VersionId"] == FIRST
    connection = Connection("t1", "u1", "active", (), real.secret_id, "")
    tokens = SecretsManagerTokens(cast("SecretsManagerVault", real.vault).call)
    assert tokens.read(connection).get_secret_value() == CANARY
    real.remove()
    described = secrets.describe_secret(SecretId=real.secret_id)
    assert (described["DeletedDate"] - described["LastChangedDate"]).days in {6, 7}
    assert RECOVERY_WINDOW_DAYS == 7


@pytest.mark.parametrize("text", ["", "canary", "{}", '{"access_token": ""}', '{"access_token": "two words"}'])
def test_a_secret_that_another_service_wrote_wrongly_holds_no_token(
    real: Place, secrets: "SecretsManagerClient", text: str
) -> None:
    """As where there is none."""
    secrets.create_secret(Name=real.secret_id, SecretString=text or "null", ClientRequestToken=FIRST)
    assert (real.current(), real.version(FIRST)) == (None, None)
    real.store("token", SECOND)
    assert real.current() == "token"


def test_a_secret_without_any_value_holds_no_token(real: Place, secrets: "SecretsManagerClient") -> None:
    """As whoever was interrupted between making it and putting a token into it leaves it."""
    secrets.create_secret(Name=real.secret_id)
    assert (real.current(), real.version(FIRST)) == (None, None)
    real.store("token", FIRST)
    assert (real.current(), real.version(FIRST)) == ("token", "token")


def test_the_vault_sees_what_is_there_now(real: Place, secrets: "SecretsManagerClient") -> None:
    """It remembers nothing, unlike what preflights read."""
    real.store("token", FIRST)
    assert real.current() == "token"
    secrets.put_secret_value(SecretId=real.secret_id, SecretString='{"access_token": "rotated"}')
    assert (real.current(), real.version(FIRST)) == ("rotated", "token")


STEPS: Mapping[str, tuple[str, list[str]]] = {
    "there": ("there", ["PutSecretValue"]),
    "not there": ("", ["PutSecretValue", "CreateSecret", "PutSecretValue"]),
    "to be deleted": ("to be deleted", ["PutSecretValue", "RestoreSecret", "PutSecretValue"]),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_token_is_stored_in_as_few_steps_as_can_be(real: Place, aws: InMemoryAws, case: str) -> None:
    """One where the secret is there, three where it has to be made or restored first."""
    how, steps = STEPS[case]
    if how:
        real.store("old", FIRST)
    if how == "to be deleted":
        real.remove()
    aws.calls.clear()
    real.store("new", SECOND)
    assert aws.calls == [f"secretsmanager:{step}" for step in steps]


@pytest.mark.parametrize("case", STEPS)
def test_a_token_whose_answers_are_lost_is_stored(real: Place, case: str) -> None:
    """Each step finds its own first try: the secret that it made, the version that it put."""
    how, _ = STEPS[case]
    vault = cast("SecretsManagerVault", real.vault)
    lossy = Place(SecretsManagerVault(sent_twice_even_if_refused(vault.call), PREFIX), real.secret_id)
    if how:
        real.store("old", FIRST)
    if how == "to be deleted":
        lossy.remove()
    lossy.store("new", SECOND)
    assert (real.current(), real.version(SECOND)) == ("new", "new")
    lossy.remove()
    assert real.current() is None


def sent_twice_even_if_refused(call: AwsCall) -> AwsCall:
    """As where the first answer is lost, whatever it said."""

    def twice(operation: str, **request: Any) -> Mapping[str, Any]:
        try:
            call(operation, **request)
        except AwsError:
            return call(operation, **request)
        return call(operation, **request)

    return twice


def test_of_two_who_make_the_secret_both_store(real: Place, secrets: "SecretsManagerClient") -> None:
    """Between not finding it and making it another may have made it; that is no error."""
    vault = cast("SecretsManagerVault", real.vault)

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        if operation == "CreateSecret":
            secrets.create_secret(Name=real.secret_id, SecretString='{"access_token": "theirs"}')
        return vault.call(operation, **request)

    Place(SecretsManagerVault(call, PREFIX), real.secret_id).store("mine", FIRST)
    assert (real.current(), real.version(FIRST)) == ("mine", "mine")


@pytest.mark.parametrize("kind", ["ResourceNotFoundException", "InvalidRequestException"])
def test_a_secret_that_never_comes_right_is_an_error(kind: str) -> None:
    """After three tries; nobody is told that they are connected."""
    with ScriptedAws(*(error_answer(kind), GOOD) * 3) as aws, client(aws.url, service=SECRETS_MANAGER) as api:
        with pytest.raises(AwsError, match=f"^{kind}$") as caught:
            SecretsManagerVault(api.call, PREFIX).store("secret", SecretStr(CANARY), FIRST)
        assert CANARY not in told(caught.value)
    asked = [one.headers["X-Amz-Target"].rpartition(".")[2] for one in aws.requests]
    between = "CreateSecret" if kind.startswith("Resource") else "RestoreSecret"
    assert asked == ["PutSecretValue", between] * 3


TROUBLE: dict[str, Callable[["Vault"], object]] = {
    "store": lambda vault: vault.store("secret", SecretStr(CANARY), FIRST),
    "version": lambda vault: vault.version("secret", FIRST),
    "current": lambda vault: vault.current("secret"),
    "remove": lambda vault: vault.remove("secret"),
}


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServiceError", "InvalidParameterException"])
@pytest.mark.parametrize("name", TROUBLE)
def test_aws_trouble_is_not_taken_for_an_absent_secret(name: str, code: str) -> None:
    """An exchange would be made again, or a token left behind; and what is raised does not tell the token."""
    asked: list[str] = []

    def call(operation: str, **_request: Any) -> Mapping[str, Any]:
        asked.append(operation)
        raise AwsError(code)

    with pytest.raises(AwsError, match=f"^{code}$") as caught:
        TROUBLE[name](SecretsManagerVault(call, PREFIX))
    assert CANARY not in told(caught.value)
    assert len(asked) == 1


def test_no_secret_has_a_name_that_none_can_have() -> None:
    """A connection that another service wrote with one can be ended."""

    def call(_operation: str, **_request: Any) -> Mapping[str, Any]:
        raise AwsError("ValidationException")

    vault = SecretsManagerVault(call, PREFIX)
    assert vault.current("auth0|u1") is None
    vault.remove("auth0|u1")


@pytest.mark.parametrize("operation", ["CreateSecret", "RestoreSecret"])
def test_trouble_in_between_is_an_error(operation: str) -> None:
    """Making or restoring may be refused for other reasons than that another was faster."""
    first = "ResourceNotFoundException" if operation == "CreateSecret" else "InvalidRequestException"

    def call(asked: str, **_request: Any) -> Mapping[str, Any]:
        raise AwsError("AccessDeniedException" if asked == operation else first)

    with pytest.raises(AwsError, match=r"^AccessDeniedException$"):
        SecretsManagerVault(call, PREFIX).store("secret", SecretStr(CANARY), FIRST)


def test_a_version_has_a_name_that_secrets_manager_takes() -> None:
    """It wants 32 to 64 characters; what names a secret when it is made is none that a state could have."""
    made: list[str] = []

    def call(operation: str, **request: Any) -> Mapping[str, Any]:
        if operation == "PutSecretValue" and not made:
            made.append(request["ClientRequestToken"])
            raise AwsError("ResourceNotFoundException")
        made.append(request["ClientRequestToken"])
        assert "SecretString" in request or operation == "CreateSecret"
        return {}

    SecretsManagerVault(call, PREFIX).store("secret", SecretStr("token"), FIRST)
    put, created, put_again = made
    assert put == put_again == FIRST
    assert all(32 <= len(one) <= 64 for one in made)
    assert created != FIRST

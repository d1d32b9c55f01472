"""The secret repository's credentials of the TikTok app, filled in by hand and cached."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from local.sam_template import RESOURCES
from publishing.ports import AppNotConfiguredError
from publishing.repositories.json_api import AwsError, JsonApi
from publishing.repositories.secret_repository import CACHE_SECONDS, SecretsManagerRepository
from tests.adapters.scripted_aws import CANARY, text_of
from tests.support.clock import SecondsClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PREFIX = "wevion/tiktok"
SECRET = f"{PREFIX}/app"


def returning(**response: Any) -> SecretsManagerRepository:
    """Return a repository whose calls return this response."""
    return SecretsManagerRepository(lambda _operation, **_request: response, PREFIX)


def put(secrets: "SecretsManagerClient", app_id: str) -> None:
    """Store other credentials."""
    secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps({"app_id": app_id, "secret": CANARY}))


@pytest.fixture
def filled_in(secrets: "SecretsManagerClient") -> Iterator["SecretsManagerClient"]:
    """The secret with credentials; deleted after the test."""
    secrets.create_secret(Name=SECRET, SecretString=json.dumps({"app_id": "7000", "secret": CANARY, "note": 1}))
    yield secrets
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


@pytest.mark.usefixtures("filled_in")
def test_the_app_is_read_and_not_shown(secrets_api: JsonApi) -> None:
    """Its repr and str hide the secret, and so does the repr of the repository that caches it."""
    repository = SecretsManagerRepository(secrets_api.call, PREFIX)
    app = repository.app()
    assert (app.app_id, app.secret.get_secret_value()) == ("7000", CANARY)
    assert CANARY not in f"{app} {app!r} {repository!r}"


def test_the_app_is_cached_for_five_minutes(filled_in: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Then it is read again, and changed credentials are found."""
    clock = SecondsClock()
    repository = SecretsManagerRepository(secrets_api.call, PREFIX, clock)
    assert CACHE_SECONDS == 300
    for app_id in ("7000", "7001"):
        assert repository.app().app_id == app_id
        put(filled_in, "7001")
        clock.now += CACHE_SECONDS - 1
        assert repository.app().app_id == app_id
        clock.now += 1


def test_the_absence_of_the_app_is_not_cached(
    secrets: "SecretsManagerClient", secrets_api: JsonApi, request: pytest.FixtureRequest
) -> None:
    """Credentials are used as soon as they are filled in."""
    repository = SecretsManagerRepository(secrets_api.call, PREFIX)
    with pytest.raises(AppNotConfiguredError):
        repository.app()
    request.getfixturevalue("filled_in")
    assert repository.app().app_id == "7000"
    secrets.delete_secret(SecretId=SECRET, RecoveryWindowInDays=7)
    with pytest.raises(AppNotConfiguredError):
        SecretsManagerRepository(secrets_api.call, PREFIX).app()


UNUSABLE: list[str | None] = [
    None,
    "",
    CANARY,
    "{",
    "null",
    "7",
    f'["{CANARY}"]',
    f'"app_id secret {CANARY}"',
    "{}",
    f'{{"secret": "{CANARY}"}}',
    f'{{"app_id": "{CANARY}"}}',
    f'{{"app_id": "", "secret": "{CANARY}"}}',
    f'{{"app_id": "{CANARY}", "secret": ""}}',
    f'{{"app_id": "  ", "secret": "{CANARY}"}}',
    f'{{"app_id": "{CANARY}", "secret": " "}}',
    f'{{"app_id": 7000, "secret": "{CANARY}"}}',
    f'{{"app_id": "7000", "secret": ["{CANARY}"]}}',
    f'{{"app_id": null, "secret": "{CANARY}"}}',
    f'{{"app_id": "7000", "secret": "{CANARY}"',
]


@pytest.mark.parametrize("text", UNUSABLE)
def test_a_secret_without_credentials_is_not_configured(text: str | None) -> None:
    """Empty, incomplete or malformed; the error quotes nothing of it, not even as its cause or context."""
    with pytest.raises(AppNotConfiguredError) as caught:
        returning(SecretString=text).app()
    assert CANARY not in text_of(caught.value)
    assert caught.value.args == ()
    assert caught.value.__context__ is None


def test_a_binary_secret_is_not_configured() -> None:
    """It has no text."""
    with pytest.raises(AppNotConfiguredError):
        returning(SecretBinary="e30=").app()


def test_the_secret_that_a_deployment_creates_is_not_configured() -> None:
    """The template's secret has an empty ``app_id``, and random text as its ``secret``."""
    generated = RESOURCES["TikTokAppSecret"]["Properties"]["GenerateSecretString"]
    text = json.dumps({**json.loads(generated["SecretStringTemplate"]), generated["GenerateStringKey"]: CANARY})
    with pytest.raises(AppNotConfiguredError):
        returning(SecretString=text).app()


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServiceError", "DecryptionFailure"])
def test_a_failure_of_aws_is_not_a_missing_app(code: str) -> None:
    """It is an internal error, which operators see, and is not cached."""
    responses: list[Any] = [AwsError(code), {"SecretString": json.dumps({"app_id": "7000", "secret": CANARY})}]

    def call(_operation: str, **_request: object) -> Mapping[str, Any]:
        response = responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return dict(response)

    repository = SecretsManagerRepository(call, PREFIX)
    with pytest.raises(AwsError, match=code):
        repository.app()
    assert repository.app().app_id == "7000"

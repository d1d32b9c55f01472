"""The app's credentials in Secrets Manager, filled in by hand, and the memory of them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from local.sam_template import RESOURCES
from publishing.aws.app_credentials import SecretsManagerApp
from publishing.aws.json_api import AwsError, JsonApi
from publishing.aws.tokens import CACHE_SECONDS
from publishing.connecting.stores import NotSetUpError
from tests.adapters.scripted_aws import CANARY, told
from tests.support.clock import SecondsClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRET = "wevion/tiktok/app"


@pytest.fixture
def filled_in(secrets: "SecretsManagerClient") -> Iterator["SecretsManagerClient"]:
    """The secret with an app; it is gone after the test."""
    secrets.create_secret(Name=SECRET, SecretString=json.dumps({"app_id": "7000", "secret": CANARY, "note": 1}))
    yield secrets
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def put(secrets: "SecretsManagerClient", app_id: str) -> None:
    secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps({"app_id": app_id, "secret": CANARY}))


@pytest.mark.usefixtures("filled_in")
def test_the_app_is_read_and_not_shown(secrets_api: JsonApi) -> None:
    """Its secret is hidden by its own repr and by that of what remembers it."""
    credentials = SecretsManagerApp(secrets_api.call, SECRET)
    app = credentials.read()
    assert (app.app_id, app.secret.get_secret_value()) == ("7000", CANARY)
    assert CANARY not in f"{app} {app!r} {credentials!r}"


def test_the_app_is_remembered_for_five_minutes(filled_in: "SecretsManagerClient", secrets_api: JsonApi) -> None:
    """Then the store is asked again, and a rotated one is found."""
    clock = SecondsClock()
    credentials = SecretsManagerApp(secrets_api.call, SECRET, clock)
    assert CACHE_SECONDS == 300
    for app_id in ("7000", "7001"):
        assert credentials.read().app_id == app_id
        put(filled_in, "7001")
        clock.now += CACHE_SECONDS - 1
        assert credentials.read().app_id == app_id
        clock.now += 1


def test_an_app_that_is_not_there_is_not_remembered_as_absent(
    secrets: "SecretsManagerClient", secrets_api: JsonApi, request: pytest.FixtureRequest
) -> None:
    """Whoever fills it in need not wait."""
    credentials = SecretsManagerApp(secrets_api.call, SECRET)
    with pytest.raises(NotSetUpError):
        credentials.read()
    request.getfixturevalue("filled_in")
    assert credentials.read().app_id == "7000"
    secrets.delete_secret(SecretId=SECRET, RecoveryWindowInDays=7)
    with pytest.raises(NotSetUpError):
        SecretsManagerApp(secrets_api.call, SECRET).read()


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
    f'{{"app_id": 7000, "secret": "{CANARY}"}}',
    f'{{"app_id": "7000", "secret": ["{CANARY}"]}}',
    f'{{"app_id": null, "secret": "{CANARY}"}}',
    f'{{"app_id": "7000", "secret": "{CANARY}"',
]


@pytest.mark.parametrize("text", UNUSABLE)
def test_a_secret_without_an_app_is_one_that_is_not_set_up(text: str | None) -> None:
    """Not filled in, half filled in, or garbage; the error quotes nothing of it, not even as its cause or context."""
    with pytest.raises(NotSetUpError) as caught:
        SecretsManagerApp(lambda _operation, **_request: {"SecretString": text}, SECRET).read()
    assert CANARY not in told(caught.value)
    assert caught.value.args == ()
    assert caught.value.__context__ is None


def test_a_binary_secret_is_none() -> None:
    """There is no text in it."""
    with pytest.raises(NotSetUpError):
        SecretsManagerApp(lambda _operation, **_request: {"SecretBinary": "e30="}, SECRET).read()


def test_what_a_deploy_makes_is_not_set_up() -> None:
    """The template's secret has an empty app_id, beside a random text where the secret goes."""
    made = RESOURCES["TikTokAppSecret"]["Properties"]["GenerateSecretString"]
    text = json.dumps({**json.loads(made["SecretStringTemplate"]), made["GenerateStringKey"]: CANARY})
    with pytest.raises(NotSetUpError):
        SecretsManagerApp(lambda _operation, **_request: {"SecretString": text}, SECRET).read()


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServiceError", "DecryptionFailure"])
def test_aws_trouble_is_not_taken_for_an_absent_app(code: str) -> None:
    """It is a fault of ours, to be seen and mended, and is not remembered."""
    answers: list[Any] = [AwsError(code), {"SecretString": json.dumps({"app_id": "7000", "secret": CANARY})}]

    def call(_operation: str, **_request: object) -> dict[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    credentials = SecretsManagerApp(call, SECRET)
    with pytest.raises(AwsError, match=code):
        credentials.read()
    assert credentials.read().app_id == "7000"

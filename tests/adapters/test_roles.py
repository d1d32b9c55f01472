"""Least privilege: what each function's role grants is what the function calls, seen on the wire."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from local.identity_provider import IdentityProvider
from local.in_memory_aws import InMemoryAws
from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from tests.adapters.conftest import TABLE
from tests.adapters.test_teams import typed
from tests.fakes import FakeContext, api_event, secret_id_of
from tests.template import load_template
from tests.wired import Handler, wired_function

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

TEAM = "northlight"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"


@pytest.fixture(scope="module")
def tiktok() -> Iterator[Simulator]:
    """A simulated TikTok."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def team(dynamodb: "DynamoDBClient", secrets: "SecretsManagerClient") -> Iterator[None]:
    """One member with a good token, one with a dead one."""
    advertisers = {
        DemoToken.MEDIA_BUYER: DemoAdvertiser.NOTHING,
        DemoToken.REVOKED: DemoAdvertiser.EVERYTHING_READY,
    }
    for token, advertiser in advertisers.items():
        secret = secret_id_of(TEAM, token.user)
        secrets.create_secret(Name=secret, SecretString=json.dumps({"access_token": token.value}))
        connection = {
            "status": "active",
            "advertiser_ids": [advertiser.value],
            "secret_id": secret,
            "connected_at": "2026-11-01T09:00:00Z",
        }
        for item in (
            {"sk": f"MEMBER#{token.user}", "role": "mediabuyer"},
            {"sk": f"CONNECTION#{token.user}", **connection},
        ):
            dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, item))
    yield
    for token in advertisers:
        secrets.delete_secret(SecretId=secret_id_of(TEAM, token.user), ForceDeleteWithoutRecovery=True)


def _call(
    handler: Handler, token: DemoToken, status: int, query: Mapping[str, str] | None = None, **event: Any
) -> None:
    answer = handler(api_event(query or {}, user_id=token.user, role="mediabuyer", **event), FakeContext())
    assert answer["statusCode"] == status, answer["body"]


def _use_as_reader(handler: Handler, **query: str) -> None:
    _call(handler, DemoToken.MEDIA_BUYER, 200, query)
    handler(api_event(query, user_id=DemoToken.REVOKED.user, role="mediabuyer"), FakeContext())


def _use_create(handler: Handler, tiktok: Simulator) -> None:
    body = {"advertiser_id": DemoAdvertiser.NOTHING.value, "display_name": "Acme"}
    tiktok.faults.add(Fault(path="identity/create/", kind=FaultKind.CODE, code=40002, message="no", times=1))
    _call(handler, DemoToken.MEDIA_BUYER, 422, body=body)
    _call(handler, DemoToken.MEDIA_BUYER, 201, body=body)
    _call(handler, DemoToken.REVOKED, 409, body={**body, "advertiser_id": DemoAdvertiser.EVERYTHING_READY.value})


def _use_authorizer(handler: Handler, issuer: IdentityProvider) -> None:
    token = issuer.token(DemoToken.MEDIA_BUYER.user, TEAM)
    event = {"headers": {"authorization": f"Bearer {token}"}, "methodArn": METHOD_ARN}
    assert handler(event, FakeContext())["context"]["role"] == "mediabuyer"


USES: dict[str, Callable[[Handler, Simulator, IdentityProvider], None]] = {
    "authorizer": lambda handler, _tiktok, issuer: _use_authorizer(handler, issuer),
    "check_identity": lambda handler, *_: _use_as_reader(handler),
    "list_identities": lambda handler, *_: _use_as_reader(handler),
    "create_identity": lambda handler, tiktok, _: _use_create(handler, tiktok),
    "publish_check": lambda handler, *_: _use_as_reader(handler, objective="LEAD_GENERATION"),
    "publish_check_rules": lambda handler, *_: _call(handler, DemoToken.MEDIA_BUYER, 200),
}
"""How each function is brought to call all that it ever calls: the answer, a dead token, a refused create."""


def _functions() -> dict[str, dict[str, Any]]:
    """The properties of the template's functions, by their folder below functions/."""
    resources = load_template()["Resources"].values()
    found = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {one["CodeUri"].removeprefix("functions/"): one for one in found}


def _granted(properties: Mapping[str, Any]) -> set[str]:
    """The actions of the function's role, but for those with which Lambda writes its log."""
    logical_id = properties["Role"]["Fn::GetAtt"].removesuffix(".Arn")
    role = load_template()["Resources"][logical_id]["Properties"]
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    actions = [action for statement in statements for action in statement["Action"]]
    return {action for action in actions if not action.startswith("logs:")}


def test_every_function_is_used_here() -> None:
    """No function of the template escapes the comparison."""
    assert set(_functions()) == set(USES)


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("name", USES)
def test_role_grants_what_is_called(name: str, tiktok: Simulator, aws: InMemoryAws) -> None:
    """A role grants what its function calls, no more and no less, and no wildcard."""
    tiktok.reset()
    with IdentityProvider() as issuer, wired_function(name, tiktok, issuer, aws) as handler:
        aws.calls.clear()
        USES[name](handler, tiktok, issuer)
    granted = _granted(_functions()[name])
    assert set(aws.calls) == granted
    assert not [action for action in granted if "*" in action]

"""Least privilege: what each function's role grants is what the function calls, seen at botocore."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from local.identity_provider import IdentityProvider
from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from tests.fakes import FakeContext, api_event
from tests.template import load_template

TABLE, TEAM, PREFIX = "table", "northlight", "wevion/tiktok"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


@pytest.fixture(scope="module")
def tiktok() -> Iterator[Simulator]:
    """A simulated TikTok."""
    with Simulator() as simulator:
        yield simulator


@contextmanager
def _function(name: str, tiktok: Simulator, issuer: IdentityProvider) -> Iterator[tuple[Handler, set[str]]]:
    """The function's real handler on moto, and the actions that it has called so far."""
    called: set[str] = set()
    environment = {
        "TABLE_NAME": TABLE,
        "TIKTOK_API_BASE_URL": tiktok.base_url,
        "ACCEPTED_IDENTITY_TYPES": "TT_USER,CUSTOMIZED_USER",
        "JWKS_URL": issuer.jwks_url,
        "TOKEN_ISSUER": issuer.issuer,
        "TOKEN_AUDIENCE": issuer.audience,
    }
    module = f"functions.{name}.app"
    with mock_aws(), patch.dict(os.environ, environment):
        _write_team()
        boto3.setup_default_session()
        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register(
            "before-call", lambda model, **_: called.add(f"{model.service_model.signing_name}:{model.name}")
        )
        sys.modules.pop(module, None)
        try:
            yield importlib.import_module(module).lambda_handler, called
        finally:
            sys.modules.pop(module, None)
            boto3.setup_default_session()


def _write_team() -> None:
    table = boto3.resource("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    secrets = boto3.client("secretsmanager")
    advertisers = {
        DemoToken.MEDIA_BUYER: DemoAdvertiser.NOTHING,
        DemoToken.REVOKED: DemoAdvertiser.EVERYTHING_READY,
    }
    for token, advertiser in advertisers.items():
        secret = f"{PREFIX}/connections/{TEAM}/{token.user}"
        secrets.create_secret(Name=secret, SecretString=json.dumps({"access_token": token.value}))
        table.put_item(Item={"pk": f"TEAM#{TEAM}", "sk": f"MEMBER#{token.user}", "role": "mediabuyer"})
        table.put_item(
            Item={
                "pk": f"TEAM#{TEAM}",
                "sk": f"CONNECTION#{token.user}",
                "status": "active",
                "advertiser_ids": [advertiser.value],
                "secret_id": secret,
                "connected_at": "2026-11-01T09:00:00Z",
            }
        )


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
    """The functions of the template by their folder."""
    resources = load_template()["Resources"].values()
    functions = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {one["CodeUri"].removeprefix("functions/"): one for one in functions}


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


@pytest.mark.parametrize("name", USES)
def test_role_grants_what_is_called(name: str, tiktok: Simulator) -> None:
    """A role grants what its function calls, no more and no less, and no wildcard."""
    tiktok.reset()
    with IdentityProvider() as issuer, _function(name, tiktok, issuer) as (handler, called):
        USES[name](handler, tiktok, issuer)
        granted = _granted(_functions()[name])
        assert called == granted
        assert not [action for action in granted if "*" in action]

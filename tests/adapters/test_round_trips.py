"""How often each request asks AWS and TikTok, cold and warm: counted on the wire, with the functions' real handlers."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from local.demo_data import PEOPLE, TEAM, write_demo_data
from local.deployment import Deployment
from local.identity_provider import IdentityProvider
from local.in_memory_aws import InMemoryAws
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import Simulator
from tests.adapters.conftest import TABLE
from tests.fakes import FakeContext, api_event
from tests.wired import Handler, wired_function

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

QUERY, SECRET = "dynamodb:Query", "secretsmanager:GetSecretValue"
IDENTITIES, ACCOUNT = "identity/get/", "advertiser/info/"
ROLES = {person.user_id: person.role for person in PEOPLE}

Calls = Mapping[str, int]


class Read(NamedTuple):
    """A read, and what it asks of TikTok: cold, and warm where that is less."""

    function: str
    user_id: str
    query: Mapping[str, str]
    cold: Calls
    warm: Calls | None = None


def preflight(
    objective: str,
    cold: Calls,
    warm: Calls | None = None,
    user_id: str = "u-owner",
    advertiser: A = A.EVERYTHING_READY,
) -> Read:
    """A preflight; of an advertiser that has everything unless another one is named."""
    return Read("publish_check", user_id, {"advertiser_id": advertiser, "objective": objective}, cold, warm)


BASIS = {IDENTITIES: 1, ACCOUNT: 1}
FORM = {**BASIS, "page/get/": 1, "term/check/": 1}
CATALOG = {**BASIS, "catalog/get/": 1}
IN_LIBRARY = {**FORM, "page/get/": 2, "page/library/get/": 1}
READS = {
    "check": Read("check_identity", "u-owner", {"advertiser_id": A.EVERYTHING_READY}, {IDENTITIES: 1}),
    "list": Read("list_identities", "u-owner", {"advertiser_id": A.EVERYTHING_READY}, {IDENTITIES: 2}),
    "REACH": preflight("REACH", BASIS),
    "WEB_CONVERSIONS": preflight("WEB_CONVERSIONS", {**BASIS, "pixel/list/": 1}),
    "PRODUCT_SALES": preflight("PRODUCT_SALES", {**CATALOG, "bc/get/": 1}, warm=CATALOG),
    "APP_PROMOTION": preflight("APP_PROMOTION", {**BASIS, "app/list/": 1}),
    "LEAD_GENERATION": preflight("LEAD_GENERATION", FORM),
    "no TikTok account": preflight(
        "REACH", {IDENTITIES: 3, ACCOUNT: 2}, user_id="u-buyer", advertiser=A.CUSTOM_ALLOWED
    ),
    "form in a library": preflight("LEAD_GENERATION", IN_LIBRARY, user_id="u-manager", advertiser=A.LIBRARY_FORM),
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[IdentityProvider]:
    """An issuer of bearer tokens."""
    with IdentityProvider() as started:
        yield started


@pytest.fixture
def tiktok(
    aws: InMemoryAws,
    secrets: "SecretsManagerClient",
    dynamodb: "DynamoDBClient",  # noqa: ARG001 - the table must be there
) -> Iterator[Simulator]:
    """A simulated TikTok, and the demo teams in AWS."""
    with Simulator() as simulator:
        write_demo_data(aws, Deployment("", "", {"TableName": TABLE}, {"SecretPrefix": "wevion/demo"}), simulator.world)
        yield simulator
    for secret in secrets.list_secrets(MaxResults=100)["SecretList"]:
        secrets.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)


def asked(handler: Handler, event: dict[str, Any], tiktok: Simulator, aws: InMemoryAws) -> tuple[Any, Any]:
    """What one call asks of AWS and of TikTok."""
    aws.calls.clear()
    tiktok.requests.clear()
    answer = handler(event, FakeContext())
    assert answer["statusCode"] < 300, answer["body"]
    return Counter(aws.calls), Counter(request.path for request in tiktok.requests)


@pytest.mark.parametrize("name", READS)
def test_reads(name: str, tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """One query a request, one secret a cold function, and no call to TikTok that the verdict could do without."""
    read = READS[name]
    event = api_event(read.query, user_id=read.user_id, team_id=TEAM, role=ROLES[read.user_id])
    with wired_function(read.function, tiktok, issuer, aws) as handler:
        assert asked(handler, event, tiktok, aws) == ({QUERY: 1, SECRET: 1}, read.cold)
        for _ in range(2):
            assert asked(handler, event, tiktok, aws) == ({QUERY: 1}, read.warm or read.cold)


def test_creating(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """Beside the query two conditional writes, which make it once for each intent; a repetition reads one of them."""
    body = {"advertiser_id": A.NOTHING.value, "display_name": "Acme"}
    event = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer", body=body)
    writes = {QUERY: 1, "dynamodb:PutItem": 1, "dynamodb:UpdateItem": 1}
    with wired_function("create_identity", tiktok, issuer, aws) as handler:
        assert asked(handler, event, tiktok, aws) == ({**writes, SECRET: 1}, {"identity/create/": 1, ACCOUNT: 1})
        assert asked(handler, event, tiktok, aws) == ({"dynamodb:PutItem": 1}, {})
        other = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer", body={**body, "display_name": "Other"})
        assert asked(handler, other, tiktok, aws) == (writes, {"identity/create/": 1, ACCOUNT: 1})


def test_authorizing(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """One query a request."""
    token = issuer.token("u-buyer", TEAM)
    arn = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"
    event = {"headers": {"authorization": f"Bearer {token}"}, "methodArn": arn}
    with wired_function("authorizer", tiktok, issuer, aws) as handler:
        for _ in range(2):
            aws.calls.clear()
            assert json.dumps(handler(event, FakeContext())).count("Allow") == 2
            assert aws.calls == [QUERY]

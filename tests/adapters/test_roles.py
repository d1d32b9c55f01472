"""Least privilege: what each function's role grants is what the function and Lambda call, seen on the wire."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from local.identity_provider import IdentityProvider
from local.sam_template import RESOURCES
from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator, World
from publishing.aws.changes import DynamoDBChanges
from publishing.aws.connections import DynamoDBConnections
from publishing.aws.json_api import JsonApi
from publishing.aws.records import DynamoDBRecords
from publishing.aws.runs import DynamoDBRuns
from publishing.aws.states import DynamoDBStates
from publishing.aws.table import DUE_INDEX, Table
from publishing.aws.teams import DynamoDBTeams
from publishing.aws.vault import SecretsManagerVault
from publishing.calls import Caller
from publishing.clock import utc_now
from publishing.connecting.changes import Change, Kind
from publishing.connecting.states import digest_of, new_state
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import Record
from publishing.readiness.snapshot import Known, Snapshot
from publishing.readiness.stores import Run
from tests.adapters.conftest import BUS, CONNECTION_QUEUE, QUEUE, TABLE, URGENT_QUEUE, WatchedAws
from tests.adapters.items import typed
from tests.support.function_handlers import Handler, wired_function
from tests.support.in_memory_stores import secret_id_of
from tests.support.invocations import FakeContext, api_event
from tiktok_business.oauth import consent_url

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from publishing.readiness.worker import Worker

TEAM = "northlight"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"
LAUNCHING = DemoAdvertiser.DRAFT_FORMS
"""Has a launch in an hour, so that its looks go to the urgent queue."""

NAMES = {
    "Table": TABLE,
    "ReadinessQueue": QUEUE,
    "ReadinessUrgentQueue": URGENT_QUEUE,
    "ConnectionQueue": CONNECTION_QUEUE,
    "EventBus": BUS,
}
"""What the template's resources are called here; the others, which no function asks for, as in the template."""
SECRETS, APP = "wevion/tiktok/connections/*", "wevion/tiktok/app"
NEW, RETURNING, HALFWAY = "u-new", "u-returning", "u-halfway"
"""Members who have connected nothing: never; not any more, so that their secret is to be deleted; not to the end."""
UNLISTED = "7399999999999999999"
DOMAIN = "127.0.0.1:9"
CALLBACK = f"http://{DOMAIN}/live/api/v1/tiktok/connections/callback"

BY_LAMBDA: Mapping[str, frozenset[str]] = {
    # It writes down what the function prints.
    "log": frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
    # It takes messages from a queue of looks, deletes those that are done, and reads how the queue is set up.
    "event source": frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}),
    # It keeps an event that the function has failed at three times.
    "on-failure destination": frozenset({"sqs:SendMessage"}),
}
"""What Lambda itself does with a function's role, unseen by the function."""


@dataclass(frozen=True)
class Around:
    """What is around a function that is used."""

    tiktok: Simulator
    issuer: IdentityProvider
    aws: WatchedAws
    sqs: "SQSClient"
    queues: Mapping[str, str]
    states: Mapping[str, str]
    """With which people who were asked for their consent come back."""

    def arrived(self, queue: str) -> Any:
        """The message in this queue, once it is there: a preflight's answer does not wait for it."""
        answer = self.sqs.receive_message(QueueUrl=self.queues[queue], WaitTimeSeconds=10)
        (message,) = answer.get("Messages", [])
        return json.loads(message["Body"])


@pytest.fixture(scope="module")
def tiktok() -> Iterator[Simulator]:
    """A simulated TikTok."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def issuer() -> Iterator[IdentityProvider]:
    """Issues bearer tokens."""
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def around(
    tiktok: Simulator,
    issuer: IdentityProvider,
    aws: WatchedAws,
    sqs: "SQSClient",
    readiness: Mapping[str, str],
    states: dict[str, str],
) -> Around:
    """TikTok as at the start, and empty queues."""
    tiktok.reset()
    return Around(tiktok, issuer, aws, sqs, readiness, states)


@pytest.fixture
def states(dynamodb_api: JsonApi) -> dict[str, str]:
    """Those of two people who have been sent to TikTok's consent page, and have not come back."""
    given_out = {one: new_state(Caller(one, TEAM, "mediabuyer"), utc_now()) for one in (NEW, RETURNING)}
    stored = DynamoDBStates(Table(dynamodb_api.call, TABLE))
    for _, state in given_out.values():
        stored.put(state)
    return {one: text for one, (text, _) in given_out.items()}


@pytest.fixture
def team(dynamodb: "DynamoDBClient", secrets: "SecretsManagerClient") -> Iterator[None]:
    """One member with a good token, one with a dead one, those of whom nothing is connected; and the app."""
    advertisers = {
        DemoToken.MEDIA_BUYER: [DemoAdvertiser.NOTHING.value, LAUNCHING.value],
        DemoToken.REVOKED: [DemoAdvertiser.EVERYTHING_READY.value],
    }
    for token, advertiser_ids in advertisers.items():
        secret = secret_id_of(TEAM, token.user)
        secrets.create_secret(Name=secret, SecretString=json.dumps({"access_token": token.value}))
        connection = {
            "status": "active",
            "advertiser_ids": advertiser_ids,
            "secret_id": secret,
            "connected_at": "2026-11-01T09:00:00Z",
        }
        for item in (
            {"sk": f"MEMBER#{token.user}", "role": "mediabuyer"},
            {"sk": f"CONNECTION#{token.user}", **connection},
        ):
            dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, item))
    dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, {"sk": "SUBSCRIPTION", "status": "active"}))
    for user_id in (NEW, RETURNING, HALFWAY):
        dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, {"sk": f"MEMBER#{user_id}", "role": "mediabuyer"}))
    returning = secret_id_of(TEAM, RETURNING)
    secrets.create_secret(Name=returning, SecretString=json.dumps({"access_token": "old"}))
    secrets.delete_secret(SecretId=returning, RecoveryWindowInDays=7)
    app = {"app_id": World().app_id, "secret": World().app_secret}
    secrets.create_secret(Name=APP, SecretString=json.dumps(app))
    yield
    users = [*(token.user for token in advertisers), NEW, RETURNING, HALFWAY]
    for name in (APP, *(secret_id_of(TEAM, one) for one in users)):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def known(team: None, dynamodb_api: JsonApi, secrets_api: JsonApi) -> None:  # noqa: ARG001 - its connections are due
    """Of the good token's advertisers all was satisfied once, as another person's token saw it; both are due.

    So is the good token's connection; two others have stopped halfway, one before and one after their token was stored.
    The sweep before could verify nothing.
    """
    now = utc_now()
    one = Known(satisfied=True, reason=None, since=now - timedelta(days=1), checked_at=now - timedelta(hours=1))
    snapshot = Snapshot(dict.fromkeys(Requirement, one), generation=1, witness="u-other")
    records = DynamoDBRecords(Table(dynamodb_api.call, TABLE))
    for advertiser, launch_at in ((DemoAdvertiser.NOTHING, None), (LAUNCHING, now + timedelta(hours=1))):
        due_at = now - timedelta(minutes=1)
        records.write(Record(TEAM, advertiser.value, due_at=due_at, snapshot=snapshot, launch_at=launch_at))
    DynamoDBRuns(Table(dynamodb_api.call, TABLE)).count(Run("2026-11-30T09:00:00.000+00:00", queued=9, unverified=9))
    table = Table(dynamodb_api.call, TABLE)
    mine = DynamoDBTeams(table).read(TEAM).connection_of(DemoToken.MEDIA_BUYER.user)
    assert mine is not None
    DynamoDBConnections(table).schedule(mine, now - timedelta(minutes=1))
    for user_id in (NEW, HALFWAY):
        begun = now - timedelta(hours=1)
        assert DynamoDBChanges(table).begin(Change.begun(TEAM, user_id, Kind.CONNECT, begun, digest_of(user_id)), begun)
    vault, token = SecretsManagerVault(secrets_api.call, "wevion/tiktok"), SecretStr(DemoToken.MEDIA_BUYER)
    vault.store(secret_id_of(TEAM, HALFWAY), token, digest_of(HALFWAY))


def _call(
    handler: Handler, token: DemoToken, status: int, query: Mapping[str, str] | None = None, **event: Any
) -> None:
    _answered(handler, api_event(query or {}, user_id=token.user, role="mediabuyer", **event), status)


def _answered(handler: Handler, event: Mapping[str, Any], status: int) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = handler(event, FakeContext(25.0))
    assert answer["statusCode"] == status, answer["body"]
    return answer


def _use_as_reader(handler: Handler, **query: str) -> None:
    handler(api_event(query, user_id=DemoToken.REVOKED.user, role="mediabuyer"), FakeContext())
    _call(handler, DemoToken.MEDIA_BUYER, 200, query)


def _use_create(handler: Handler, tiktok: Simulator) -> None:
    body = {"advertiser_id": DemoAdvertiser.NOTHING.value, "display_name": "Acme"}
    tiktok.faults.add(Fault(path="identity/create/", kind=FaultKind.CODE, code=40002, message="no", times=1))
    _call(handler, DemoToken.MEDIA_BUYER, 422, body=body)
    _call(handler, DemoToken.MEDIA_BUYER, 201, body=body)
    _call(handler, DemoToken.REVOKED, 409, body={**body, "advertiser_id": DemoAdvertiser.EVERYTHING_READY.value})


def _use_create_image(handler: Handler) -> None:
    url = "https://pictures.example/logo.png"
    for token, status, advertiser in (
        (DemoToken.REVOKED, 409, DemoAdvertiser.EVERYTHING_READY),
        (DemoToken.MEDIA_BUYER, 201, DemoAdvertiser.NOTHING),
    ):
        _call(handler, token, status, body={"advertiser_id": advertiser.value, "image_url": url})


def _use_create_connection(handler: Handler) -> None:
    event = api_event(user_id=NEW, role="mediabuyer")
    event["requestContext"] |= {"domainName": DOMAIN, "path": "/live/api/v1/tiktok/connections"}
    _answered(handler, event, 201)


def _use_callback(handler: Handler, around: Around) -> None:
    """Come back as who has no secret yet, and as whose is to be deleted."""
    for state in around.states.values():
        page = consent_url(around.tiktok.base_url, World().app_id, state, CALLBACK)
        back = around.tiktok.consent(page, DemoToken.MEDIA_BUYER.user)
        answer = _answered(handler, {**api_event(parse_qsl(urlsplit(back).query)), "requestContext": {}}, 303)
        assert answer["headers"]["Location"].endswith("?tiktok=connected")


def _use_delete_connection(handler: Handler) -> None:
    """End a connection whose token is dead already, which counts as done; once more, that is told from the item."""
    for _ in range(2):
        user_id = DemoToken.REVOKED.user
        event = api_event(user_id=user_id, role="mediabuyer") | {"pathParameters": {"user_id": user_id}}
        _answered(handler, event, 200)


def _use_refresh_connections(handler: Handler, around: Around) -> None:
    """List one token's advertisers, meet a dead one, finish what two others began, and fail at a message."""
    users = (DemoToken.MEDIA_BUYER.user, DemoToken.REVOKED.user, NEW, HALFWAY)
    for body in (*(json.dumps({"team_id": TEAM, "user_id": one}) for one in users), "?"):
        before = len(around.aws.asked)
        answer = handler({"Records": [_message(CONNECTION_QUEUE, body)]}, FakeContext(28.0))
        assert len(answer["batchItemFailures"]) == (body == "?")
        assert (len(around.aws.asked) > before) == (body != "?")


def _use_authorizer(handler: Handler, issuer: IdentityProvider) -> None:
    token = issuer.token(DemoToken.MEDIA_BUYER.user, TEAM)
    event = {"headers": {"authorization": f"Bearer {token}"}, "methodArn": METHOD_ARN}
    assert handler(event, FakeContext())["context"]["role"] == "mediabuyer"


def _use_publish_check(handler: Handler, around: Around) -> None:
    """Find the opposite of what another person's token has found: a look is asked for."""
    _use_as_reader(handler, objective="LEAD_GENERATION")
    assert around.arrived(QUEUE)["advertiser_id"] == DemoAdvertiser.NOTHING.value
    query = {"objective": "LEAD_GENERATION", "advertiser_id": LAUNCHING.value}
    _call(handler, DemoToken.MEDIA_BUYER, 200, query)
    assert around.arrived(URGENT_QUEUE)["advertiser_id"] == LAUNCHING.value
    _call(handler, DemoToken.MEDIA_BUYER, 403, {**query, "advertiser_id": UNLISTED})  # after another look at the list


def _use_readiness(handler: Handler) -> None:
    for query in ({}, {"advertiser_id": LAUNCHING.value}):
        _call(handler, DemoToken.MEDIA_BUYER, 200, query)


def _use_sweep(handler: Handler, around: Around) -> None:
    handler({"time": "2026-11-30T10:00:00Z"}, FakeContext(seconds=300))
    assert around.arrived(CONNECTION_QUEUE)["team_id"] == TEAM


def _use_request(handler: Handler) -> None:
    for number, detail in enumerate(({"team_id": TEAM}, {"team_id": TEAM, "advertiser_id": LAUNCHING.value})):
        handler({"id": f"event-{number}", "detail-type": "TikTok Connected", "detail": detail}, FakeContext())


def _use_worker(handler: Handler) -> None:
    """Miss what was there, meet a dead token, and fail at a message of each queue."""
    cast("Worker", handler.__self__).sleep = lambda _seconds: None  # type: ignore[attr-defined] # a method of it
    asked = [DemoAdvertiser.NOTHING, LAUNCHING, DemoAdvertiser.EVERYTHING_READY]
    bodies = [json.dumps({"team_id": TEAM, "advertiser_id": one.value, "run": "2026-11-30T10:00:00Z"}) for one in asked]
    event = {"Records": [_message(QUEUE, body) for body in (*bodies, "?")] + [_message(URGENT_QUEUE, "?")]}
    answer = handler(event, FakeContext(seconds=120))
    assert len(answer["batchItemFailures"]) == 2


def _message(queue: str, body: str) -> dict[str, Any]:
    return {
        "messageId": f"{queue} {body}",
        "receiptHandle": "receipt",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
    }


USES: dict[str, Callable[[Handler, Around], None]] = {
    "authorizer": lambda handler, around: _use_authorizer(handler, around.issuer),
    "check_identity": lambda handler, _: _use_as_reader(handler),
    "list_identities": lambda handler, _: _use_as_reader(handler),
    "create_identity": lambda handler, around: _use_create(handler, around.tiktok),
    "create_identity_image": lambda handler, _: _use_create_image(handler),
    "create_connection": lambda handler, _: _use_create_connection(handler),
    "connection_callback": _use_callback,
    "list_connections": lambda handler, _: _call(handler, DemoToken.MEDIA_BUYER, 200),
    "delete_connection": lambda handler, _: _use_delete_connection(handler),
    "refresh_connections": _use_refresh_connections,
    "publish_check": _use_publish_check,
    "publish_check_rules": lambda handler, _: _call(handler, DemoToken.MEDIA_BUYER, 200),
    "readiness": lambda handler, _: _use_readiness(handler),
    "readiness_sweep": _use_sweep,
    "readiness_request": lambda handler, _: _use_request(handler),
    "readiness_check": lambda handler, _: _use_worker(handler),
}
"""How each function is brought to call all that it ever calls: the answer, a dead token, a refused create, …"""


def _functions() -> dict[str, dict[str, Any]]:
    """The properties of the template's functions, by their folder below functions/."""
    resources = RESOURCES.values()
    found = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {one["CodeUri"].removeprefix("functions/"): one for one in found}


def _granted(properties: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The actions of the function's role, each with what it may be done to."""
    logical_id = properties["Role"]["Fn::GetAtt"].removesuffix(".Arn")
    role = RESOURCES[logical_id]["Properties"]
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    return {
        (action, resource)
        for statement in statements
        for action in statement["Action"]
        for resource in _named(statement["Resource"])
    }


def _named(resources: Any) -> Iterator[str]:
    """What a statement, or a function's property, names in the template's words."""
    for resource in resources if isinstance(resources, list) else [resources]:
        match resource:
            case {"Fn::GetAtt": str(name)} | {"Ref": str(name)}:
                logical_id = name.removesuffix(".Arn")
                yield NAMES.get(logical_id, logical_id)
            case {"Fn::Sub": "${Table.Arn}/index/due"}:
                yield f"{TABLE}/index/{DUE_INDEX}"
            case {"Fn::Sub": str(text)} if text.endswith(":secret:${SecretPrefix}/connections/*"):
                yield SECRETS
            case {"Fn::Sub": str(text)} if text.endswith(":secret:${SecretPrefix}/app-??????"):
                yield APP
            case _:
                raise ValueError(f"whose name is {resource}?")


def _by_lambda(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What Lambda does for a function with these properties."""
    failures = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure")
    places = {
        "log": [properties["LoggingConfig"]["LogGroup"]],
        "event source": [
            one["Properties"]["Queue"] for one in properties.get("Events", {}).values() if one["Type"] == "SQS"
        ],
        "on-failure destination": [failures["Destination"]] if failures else [],
    }
    for kind, resources in places.items():
        yield from ((action, name) for name in _named(resources) for action in BY_LAMBDA[kind])


def _seen(asked: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """What was asked for, secrets of connections by the pattern that names them all."""
    prefix = SECRETS.removesuffix("*")
    return {(action, SECRETS if name.startswith(prefix) else name) for action, name in asked}


def test_every_function_is_used_here() -> None:
    """No function of the template escapes the comparison."""
    assert set(_functions()) == set(USES)


@pytest.mark.usefixtures("team", "known")
@pytest.mark.parametrize("name", USES)
def test_role_grants_what_is_called(name: str, around: Around, aws: WatchedAws) -> None:
    """A role grants what its function and Lambda call, and of which resource, no more and no less, and no wildcard."""
    with wired_function(name, around.tiktok, around.issuer, aws) as handler:
        aws.asked.clear()
        USES[name](handler, around)
    properties = _functions()[name]
    granted = _granted(properties)
    assert granted == _seen(aws.asked) | set(_by_lambda(properties))
    assert not [action for action, _ in granted if "*" in action]

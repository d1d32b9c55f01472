"""Least privilege: each function's role grants exactly the calls of the function and of Lambda."""

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
from local.tiktok_simulator import Advertiser, DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator, World
from publishing.bootstrap import utc_now
from publishing.connections.authorize import HANDLE_LIFETIME, digest_of, new_handle, new_state, parse_state
from publishing.connections.pending_operation import OperationKind, PendingOperation
from publishing.http.request_context import Principal
from publishing.preflight.objectives import Requirement
from publishing.readiness.check_job import SweepStatistics
from publishing.readiness.record import Record
from publishing.readiness.snapshot import PrerequisiteState, Snapshot
from publishing.repositories.authorization_state_repository import DynamoDBAuthorizationStateRepository
from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.json_api import JsonApi
from publishing.repositories.pending_operation_repository import DynamoDBPendingOperationRepository
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.secret_repository import SecretsManagerRepository
from publishing.repositories.sweep_repository import DynamoDBSweepRepository
from publishing.repositories.table import DUE_INDEX, Table
from publishing.repositories.team_repository import DynamoDBTeamRepository
from publishing.teams import ADVERTISERS_PER_PAGE, Connection
from tests.adapters.conftest import BUS, CONNECTION_QUEUE, QUEUE, TABLE, URGENT_QUEUE, WatchedAws
from tests.adapters.items import typed
from tests.support.function_handlers import Handler, loaded_function
from tests.support.in_memory_repositories import secret_id_of
from tests.support.invocations import FakeContext, api_event
from tiktok_business.oauth import consent_url

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from publishing.readiness.worker import CheckWorker

TEAM = "northlight"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"
LAUNCHING = DemoAdvertiser.DRAFT_FORMS
"""Has a launch in an hour, so that its checks go to the urgent queue."""

NAMES = {
    "Table": TABLE,
    "ReadinessQueue": QUEUE,
    "ReadinessUrgentQueue": URGENT_QUEUE,
    "ConnectionQueue": CONNECTION_QUEUE,
    "EventBus": BUS,
}
"""Names of the template's resources in these tests; other resources keep their logical ids."""
SECRETS, APP = "wevion/tiktok/connections/*", "wevion/tiktok/app"
NEW, RETURNING, UNFINISHED = "u-new", "u-returning", "u-unfinished"
"""Members without a connection: never connected; disconnected, with a secret to be deleted; unfinished."""
UNLISTED = "7399999999999999999"
EXTRA = [str(7_390_000_000_000_000_000 + number) for number in range(ADVERTISERS_PER_PAGE)]
"""Ad accounts with which a list is too long for its connection's item."""
DOMAIN = "127.0.0.1:9"
CALLBACK = f"http://{DOMAIN}/live/api/v1/tiktok/connections/callback"

BY_LAMBDA: Mapping[str, frozenset[str]] = {
    # Writes the function's output.
    "log": frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
    # Receives and deletes messages, and reads the queue's attributes.
    "event source": frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}),
    # Sends events that failed three times.
    "on-failure destination": frozenset({"sqs:SendMessage"}),
}
"""What Lambda itself does with a function's role."""


@dataclass(frozen=True)
class Surroundings:
    """What the functions work with."""

    tiktok: Simulator
    issuer: IdentityProvider
    aws: WatchedAws
    sqs: "SQSClient"
    queues: Mapping[str, str]
    states: Mapping[str, str]
    """The states of people who were sent to the consent page, by user."""
    dynamodb_api: JsonApi

    def message_in(self, queue: str) -> Any:
        """Wait for the message in this queue and return it; a preflight's response does not wait for it."""
        response = self.sqs.receive_message(QueueUrl=self.queues[queue], WaitTimeSeconds=10)
        (message,) = response.get("Messages", [])
        return json.loads(message["Body"])


@pytest.fixture(scope="module")
def tiktok() -> Iterator[Simulator]:
    """A simulated TikTok."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def issuer() -> Iterator[IdentityProvider]:
    """An issuer of bearer tokens."""
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def surroundings(
    tiktok: Simulator,
    issuer: IdentityProvider,
    aws: WatchedAws,
    sqs: "SQSClient",
    readiness: Mapping[str, str],
    states: dict[str, str],
    dynamodb_api: JsonApi,
) -> Surroundings:
    """TikTok in its initial state but for many ad accounts of the people with a token, and empty queues."""
    tiktok.reset()
    extra = {one: Advertiser(one, f"Account {one}") for one in EXTRA}
    tiktok.world.advertisers.update(extra)
    for token in (DemoToken.MEDIA_BUYER, DemoToken.REVOKED):
        tiktok.world.reach(token.user, (*tiktok.world.user(token.user).advertiser_ids, *extra))
    return Surroundings(tiktok, issuer, aws, sqs, readiness, states, dynamodb_api)


@pytest.fixture
def states(dynamodb_api: JsonApi) -> dict[str, str]:
    """The states of two people who were sent to TikTok's consent page."""
    issued = {one: new_state(Principal(one, TEAM, "mediabuyer"), utc_now()) for one in (NEW, RETURNING)}
    stored = DynamoDBAuthorizationStateRepository(Table(dynamodb_api.call, TABLE))
    for _, state in issued.values():
        stored.save(state)
    return {one: text for one, (text, _) in issued.items()}


@pytest.fixture
def team(dynamodb: "DynamoDBClient", stored: Table, secrets: "SecretsManagerClient") -> Iterator[None]:
    """Members with a valid token, with an invalid one, and without connections; and the app's secret."""
    advertisers = {
        DemoToken.MEDIA_BUYER: [DemoAdvertiser.NOTHING.value, LAUNCHING.value],
        DemoToken.REVOKED: [DemoAdvertiser.EVERYTHING_READY.value],
    }
    for token, advertiser_ids in advertisers.items():
        secret = secret_id_of(TEAM, token.user)
        secrets.create_secret(Name=secret, SecretString=json.dumps({"access_token": token.value}))
        dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, {"sk": f"MEMBER#{token.user}", "role": "mediabuyer"}))
        ids = (*advertiser_ids, *EXTRA)
        connection = Connection(TEAM, token.user, "active", ids, secret, "2026-11-01T09:00:00Z")
        connections = DynamoDBConnectionRepository(stored)
        connections.save(connection, utc_now())
        dynamodb.update_item(  # as other services write it: no refresh is scheduled
            TableName=TABLE,
            Key={"pk": {"S": f"CONNECTIONS#{TEAM}"}, "sk": {"S": f"USER#{token.user}"}},
            UpdateExpression="REMOVE due_shard, due_at",
        )
    dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, {"sk": "SUBSCRIPTION", "status": "active"}))
    for user_id in (NEW, RETURNING, UNFINISHED):
        dynamodb.put_item(TableName=TABLE, Item=typed(TEAM, {"sk": f"MEMBER#{user_id}", "role": "mediabuyer"}))
    returning = secret_id_of(TEAM, RETURNING)
    secrets.create_secret(Name=returning, SecretString=json.dumps({"access_token": "old"}))
    secrets.delete_secret(SecretId=returning, RecoveryWindowInDays=7)
    app = {"app_id": World().app_id, "secret": World().app_secret}
    secrets.create_secret(Name=APP, SecretString=json.dumps(app))
    yield
    users = [*(token.user for token in advertisers), NEW, RETURNING, UNFINISHED]
    for name in (APP, *(secret_id_of(TEAM, one) for one in users)):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def known(team: None, dynamodb_api: JsonApi, secrets_api: JsonApi) -> None:  # noqa: ARG001 - its connections must exist
    """Due records of the valid token's advertisers, all satisfied as verified by another person's token.

    The valid token's connection is due; two operations are unfinished, one before and one after storing the token. The
    previous sweep could verify nothing.
    """
    now = utc_now()
    one = PrerequisiteState(
        satisfied=True, reason=None, since=now - timedelta(days=1), checked_at=now - timedelta(hours=1)
    )
    snapshot = Snapshot(dict.fromkeys(Requirement, one), generation=1, verified_by="u-other")
    records = DynamoDBReadinessRepository(Table(dynamodb_api.call, TABLE))
    for advertiser, launch_at in ((DemoAdvertiser.NOTHING, None), (LAUNCHING, now + timedelta(hours=1))):
        due_at = now - timedelta(minutes=1)
        records.write(Record(TEAM, advertiser.value, due_at=due_at, snapshot=snapshot, launch_at=launch_at))
    DynamoDBSweepRepository(Table(dynamodb_api.call, TABLE)).add(
        SweepStatistics("2026-11-30T09:00:00.000+00:00", queued=9, unverified=9)
    )
    table = Table(dynamodb_api.call, TABLE)
    connection = DynamoDBTeamRepository(table).read(TEAM).connection_of(DemoToken.MEDIA_BUYER.user)
    assert connection is not None
    DynamoDBConnectionRepository(table).schedule_refresh(connection, now - timedelta(minutes=1))
    for user_id in (NEW, UNFINISHED):
        begun = now - timedelta(hours=1)
        operation = PendingOperation.start(TEAM, user_id, OperationKind.CONNECT, begun, digest_of(user_id))
        assert DynamoDBPendingOperationRepository(table).begin(operation, begun)
    repository, token = SecretsManagerRepository(secrets_api.call, "wevion/tiktok"), SecretStr(DemoToken.MEDIA_BUYER)
    repository.store(secret_id_of(TEAM, UNFINISHED), token, digest_of(UNFINISHED))


def _call(
    handler: Handler, token: DemoToken, status: int, query: Mapping[str, str] | None = None, **event: Any
) -> None:
    _respond(handler, api_event(query or {}, user_id=token.user, role="mediabuyer", **event), status)


def _respond(handler: Handler, event: Mapping[str, Any], status: int) -> Mapping[str, Any]:
    response: Mapping[str, Any] = handler(event, FakeContext(25.0))
    assert response["statusCode"] == status, response["body"]
    return response


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
    _respond(handler, event, 201)


def _use_callback(handler: Handler, surroundings: Surroundings) -> None:
    """Come back twice."""
    for state in surroundings.states.values():
        page = consent_url(surroundings.tiktok.base_url, World().app_id, state, CALLBACK)
        redirect = surroundings.tiktok.consent(page, DemoToken.MEDIA_BUYER.user)
        response = _respond(handler, {**api_event(parse_qsl(urlsplit(redirect).query)), "requestContext": {}}, 303)
        assert dict(parse_qsl(urlsplit(response["headers"]["Location"]).query))["tiktok"] == "confirm"


def _use_complete_connection(handler: Handler, surroundings: Surroundings) -> None:
    """Connect a person without a secret, and one whose secret is to be deleted, each after an interrupted operation.

    The disconnection of the second has not marked the connection yet.
    """
    table = Table(surroundings.dynamodb_api.call, TABLE)
    states = DynamoDBAuthorizationStateRepository(table)
    connection = {"status": "active", "secret_id": "", "connected_at": "2026-11-01T09:00:00Z"}
    table.do("PutItem", Item=typed(TEAM, {"sk": f"USER#{RETURNING}", **connection}))
    _interrupted(table, RETURNING, OperationKind.DISCONNECT)
    for user_id, state in surroundings.states.items():
        page = consent_url(surroundings.tiktok.base_url, World().app_id, state, CALLBACK)
        redirect = dict(parse_qsl(urlsplit(surroundings.tiktok.consent(page, DemoToken.MEDIA_BUYER.user)).query))
        key = parse_state(state)
        assert key is not None
        text, handle = new_handle(key)
        assert states.keep_code(handle, SecretStr(redirect["auth_code"]), utc_now() + HANDLE_LIFETIME)
        for _ in range(2):  # the repetition reads the connection that was made
            _respond(handler, api_event(user_id=user_id, role="mediabuyer", body={"handle": text}), 201)


def _interrupted(table: Table, user_id: str, kind: OperationKind) -> None:
    """Store an operation whose process ended a while ago."""
    begun = utc_now() - timedelta(minutes=10)
    operation = PendingOperation.start(TEAM, user_id, kind, begun, digest_of(user_id))
    assert DynamoDBPendingOperationRepository(table).begin(operation, begun)


def _use_delete_connection(handler: Handler, surroundings: Surroundings) -> None:
    """End a connection with an invalid token, after an interrupted completion; the repetition only reads the item."""
    _interrupted(Table(surroundings.dynamodb_api.call, TABLE), DemoToken.REVOKED.user, OperationKind.CONNECT)
    for _ in range(2):
        user_id = DemoToken.REVOKED.user
        event = api_event(user_id=user_id, role="mediabuyer") | {"pathParameters": {"user_id": user_id}}
        _respond(handler, event, 200)


def _use_list_connection_advertisers(handler: Handler) -> None:
    user_id = DemoToken.MEDIA_BUYER.user
    _respond(handler, api_event(user_id=user_id, role="mediabuyer") | {"pathParameters": {"user_id": user_id}}, 200)


def _use_refresh_connections(handler: Handler, surroundings: Surroundings) -> None:
    """Read one list, meet an invalid token, recover two operations, and fail at one message."""
    users = (DemoToken.MEDIA_BUYER.user, DemoToken.REVOKED.user, NEW, UNFINISHED)
    for body in (*(json.dumps({"team_id": TEAM, "user_id": one}) for one in users), "?"):
        before = len(surroundings.aws.recorded)
        answer = handler({"Records": [_message(CONNECTION_QUEUE, body)]}, FakeContext(28.0))
        assert len(answer["batchItemFailures"]) == (body == "?")
        assert (len(surroundings.aws.recorded) > before) == (body != "?")


def _use_authorizer(handler: Handler, issuer: IdentityProvider) -> None:
    token = issuer.token(DemoToken.MEDIA_BUYER.user, TEAM)
    event = {"headers": {"authorization": f"Bearer {token}"}, "methodArn": METHOD_ARN}
    assert handler(event, FakeContext())["context"]["role"] == "mediabuyer"


def _use_publish_check(handler: Handler, surroundings: Surroundings) -> None:
    """Find the opposite of another person's token's result, so that a check is requested."""
    _use_as_reader(handler, objective="LEAD_GENERATION")
    assert surroundings.message_in(QUEUE)["advertiser_id"] == DemoAdvertiser.NOTHING.value
    query = {"objective": "LEAD_GENERATION", "advertiser_id": LAUNCHING.value}
    _call(handler, DemoToken.MEDIA_BUYER, 200, query)
    assert surroundings.message_in(URGENT_QUEUE)["advertiser_id"] == LAUNCHING.value
    _call(handler, DemoToken.MEDIA_BUYER, 403, {**query, "advertiser_id": UNLISTED})  # after reading the own list again


def _use_readiness(handler: Handler) -> None:
    for query in ({}, {"advertiser_id": LAUNCHING.value}):
        _call(handler, DemoToken.MEDIA_BUYER, 200, query)


def _use_sweep(handler: Handler, surroundings: Surroundings) -> None:
    handler({"time": "2026-11-30T10:00:00Z"}, FakeContext(seconds=300))
    assert surroundings.message_in(CONNECTION_QUEUE)["team_id"] == TEAM


def _use_request(handler: Handler) -> None:
    """For an advertiser, for a team's, for those that another service names; and once without time."""
    whole, one = {"team_id": TEAM}, {"team_id": TEAM, "advertiser_id": LAUNCHING.value}
    named = {"team_id": TEAM, "user_id": DemoToken.MEDIA_BUYER.user, "advertiser_ids": [UNLISTED]}
    for number, (detail, seconds) in enumerate(((whole, 300.0), (one, 300.0), (named, 300.0), (whole, 1.0))):
        event = {"id": f"event-{number}", "detail-type": "TikTok Connected", "detail": detail}
        handler(event, FakeContext(seconds))


def _use_worker(handler: Handler) -> None:
    """Find a prerequisite missing, meet an invalid token, and fail at a message of each queue."""
    cast("CheckWorker", handler.__self__).sleep = lambda _seconds: None  # type: ignore[attr-defined] # a bound method
    advertisers = [DemoAdvertiser.NOTHING, LAUNCHING, DemoAdvertiser.EVERYTHING_READY]
    bodies = [
        json.dumps({"team_id": TEAM, "advertiser_id": one.value, "run": "2026-11-30T10:00:00Z"}) for one in advertisers
    ]
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


USES: dict[str, Callable[[Handler, Surroundings], None]] = {
    "authorizer": lambda handler, surroundings: _use_authorizer(handler, surroundings.issuer),
    "check_identity": lambda handler, _: _use_as_reader(handler),
    "list_identities": lambda handler, _: _use_as_reader(handler),
    "create_identity": lambda handler, surroundings: _use_create(handler, surroundings.tiktok),
    "create_identity_image": lambda handler, _: _use_create_image(handler),
    "create_connection": lambda handler, _: _use_create_connection(handler),
    "connection_callback": _use_callback,
    "list_connection_advertisers": lambda handler, _: _use_list_connection_advertisers(handler),
    "complete_connection": _use_complete_connection,
    "list_connections": lambda handler, _: _call(handler, DemoToken.MEDIA_BUYER, 200),
    "delete_connection": _use_delete_connection,
    "refresh_connections": _use_refresh_connections,
    "publish_check": _use_publish_check,
    "publish_check_rules": lambda handler, _: _call(handler, DemoToken.MEDIA_BUYER, 200),
    "readiness": lambda handler, _: _use_readiness(handler),
    "readiness_sweep": _use_sweep,
    "readiness_request": lambda handler, _: _use_request(handler),
    "readiness_check": lambda handler, _: _use_worker(handler),
}
"""How each function is made to make all of its calls."""


def _functions() -> dict[str, dict[str, Any]]:
    """Return the properties of the template's functions, by folder."""
    resources = RESOURCES.values()
    found = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {one["CodeUri"].removeprefix("functions/"): one for one in found}


def _granted(properties: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the actions of the function's role, each with its resource."""
    logical_id = properties["Role"]["Fn::GetAtt"].removesuffix(".Arn")
    role = RESOURCES[logical_id]["Properties"]
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    return {
        (action, resource)
        for statement in statements
        for action in statement["Action"]
        for resource in _with_leading_keys(statement)
    }


def _with_leading_keys(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield the statement's resources, each once for each leading key of the items that it allows to write."""
    for resource in _named(statement["Resource"]):
        match statement.get("Condition"):
            case None:
                yield resource
            case {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}, **others} if not others:
                yield from (f"{resource} {key}" for key in keys)
            case other:
                raise ValueError(f"unknown condition: {other}")


def _named(resources: Any) -> Iterator[str]:
    """Yield the names of the resources of a statement or a property."""
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
                raise ValueError(f"unknown resource: {resource}")


def _by_lambda(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what Lambda does for a function with these properties."""
    failures = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure")
    by_kind = {
        "log": [properties["LoggingConfig"]["LogGroup"]],
        "event source": [
            one["Properties"]["Queue"] for one in properties.get("Events", {}).values() if one["Type"] == "SQS"
        ],
        "on-failure destination": [failures["Destination"]] if failures else [],
    }
    for kind, resources in by_kind.items():
        yield from ((action, name) for name in _named(resources) for action in BY_LAMBDA[kind])


def _called(recorded: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the recorded calls, with the secrets of connections as the granted pattern."""
    prefix = SECRETS.removesuffix("*")
    return {(action, SECRETS if name.startswith(prefix) else name) for action, name in recorded}


def test_every_function_is_tested() -> None:
    """The comparison covers every function of the template."""
    assert set(_functions()) == set(USES)


@pytest.mark.usefixtures("team", "known")
@pytest.mark.parametrize("name", USES)
def test_role_grants_exactly_what_is_called(name: str, surroundings: Surroundings, aws: WatchedAws) -> None:
    """A role grants exactly the actions and resources that its function and Lambda call, without wildcards."""
    with loaded_function(name, surroundings.tiktok, surroundings.issuer, aws) as handler:
        aws.recorded.clear()
        USES[name](handler, surroundings)
    properties = _functions()[name]
    granted = _granted(properties)
    assert granted == _called(aws.recorded) | set(_by_lambda(properties))
    assert not [action for action, _ in granted if "*" in action]

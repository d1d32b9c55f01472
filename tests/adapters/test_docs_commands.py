"""The commands of docs/integrate.md, run as other services run them: the functions can read what they write."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name

from local.sam_template import RESOURCES
from publishing.readiness.check_job import CheckJob
from publishing.readiness.check_request import CheckRequests
from publishing.repositories.json_api import JsonApi
from publishing.repositories.secret_repository import SecretsManagerRepository
from publishing.repositories.table import Table
from publishing.repositories.team_repository import DynamoDBTeamRepository
from publishing.teams import Role
from tests.adapters.conftest import BUS, TABLE
from tests.support.documentation import all_commands
from tests.support.in_memory_repositories import InMemoryConnections, InMemoryTeams
from tools.in_memory_readiness import InMemoryBus, InMemoryCheckQueue, InMemoryReadiness

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

OUTPUTS = {"TableName": TABLE, "EventBusName": BUS}
NOW = datetime(2026, 11, 26, tzinfo=UTC)
COMMANDS = [words for name, words in all_commands() if name == "docs/integrate.md" and words[0] == "aws"]


def run(clients: Mapping[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """Run an AWS CLI command through boto3; return its parameters."""
    _, service, command, *options = words
    client = clients[service]
    model = client.meta.service_model
    operation = next(one for one in model.operation_names if xform_name(one, "-") == command)
    names = {xform_name(one, "-"): one for one in model.operation_model(operation).input_shape.members}
    parameters: dict[str, Any] = {}
    for option, text in zip(options[::2], options[1::2], strict=True):
        value = re.sub(r"\$\(output (\w+)\)", lambda one: OUTPUTS[one[1]], text)
        value = {"file://token.json": '{"access_token": "from-the-docs"}'}.get(value, value)
        is_json = value[0] in "[{" and option != "--secret-string"
        parameters[names[option[2:]]] = json.loads(value) if is_json else value
    answer = getattr(client, xform_name(operation))(**parameters)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert not answer.get("FailedEntryCount")
    return parameters


@pytest.fixture
def clean_up(dynamodb: "DynamoDBClient", secrets: "SecretsManagerClient") -> Iterator[None]:
    """Delete what the commands wrote: all tests share the in-memory AWS."""
    yield
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        dynamodb.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})
    for secret in secrets.list_secrets()["SecretList"]:
        secrets.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)


@pytest.mark.usefixtures("clean_up")
def test_the_functions_read_what_the_documented_commands_write(
    dynamodb: "DynamoDBClient",
    dynamodb_api: JsonApi,
    secrets: "SecretsManagerClient",
    secrets_api: JsonApi,
    events: "EventBridgeClient",
    readiness: Mapping[str, str],  # noqa: ARG001 - the bus must exist
) -> None:
    """Every command of the page is run, in its order: a member, who leaves, a subscription, events, a connection."""
    clients = {"dynamodb": dynamodb, "secretsmanager": secrets, "events": events}
    teams = DynamoDBTeamRepository(Table(dynamodb_api.call, TABLE))
    member, leaves, subscription, draft, secret, connection, connected = COMMANDS
    run(clients, member)
    assert teams.read("northlight").roles == {"u-buyer": Role.MEDIA_BUYER}
    run(clients, leaves)
    assert teams.read("northlight").roles == {}
    run(clients, subscription)
    assert teams.read("northlight").has_active_subscription(NOW)
    run(clients, secret)
    run(clients, connection)
    run(clients, member)
    team = teams.read("northlight")
    (read,) = team.connections
    assert team.may_use(read)
    assert read.advertiser_ids == ("7300000000000000001",)
    token = SecretsManagerRepository(secrets_api.call, "wevion/tiktok").read_token(read)
    assert token.get_secret_value() == "from-the-docs"
    detail_types, queue = _requested_detail_types(), InMemoryCheckQueue(lambda: NOW)
    connections = InMemoryConnections(InMemoryTeams())
    requests = CheckRequests(InMemoryReadiness(), queue, teams, connections, InMemoryBus().publish, lambda: NOW)
    for command in (draft, connected):
        (entry,) = run(clients, command)["Entries"]
        assert entry["DetailType"] in detail_types[entry["Source"]]
        assert requests.enqueue(entry["DetailType"], json.loads(entry["Detail"])) == 1
    jobs = [one.content for one in queue.messages if isinstance(one.content, CheckJob)]
    assert [(one.team_id, one.advertiser_id) for one in jobs] == [("northlight", "7300000000000000001")] * 2


def _requested_detail_types() -> dict[str, list[str]]:
    """Return the detail types, by source, that the template's rules pass to the request function."""
    rules = RESOURCES["ReadinessRequestFunction"]["Properties"]["Events"].values()
    types: dict[str, list[str]] = {}
    for pattern in (one["Properties"]["Pattern"] for one in rules):
        types.setdefault(pattern["source"][0], []).extend(pattern["detail-type"])
    return types

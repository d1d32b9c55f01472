"""What docs/integrate.md tells other services to write, written as it says, and read as the functions read it."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name

from local.sam_template import RESOURCES
from publishing.aws.json_api import JsonApi
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.aws.tokens import SecretsManagerTokens
from publishing.readiness.request import Requests
from publishing.readiness.stores import LookMessage
from publishing.teams import Role
from tests.adapters.conftest import BUS, TABLE
from tests.support.documentation import all_commands
from tests.support.in_memory_stores import InMemoryRefreshes, InMemoryTeams
from tools.in_memory_readiness import InMemoryQueue, InMemoryRecords

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

OUTPUTS = {"TableName": TABLE, "EventBusName": BUS}
NOW = datetime(2026, 11, 26, tzinfo=UTC)
COMMANDS = [words for name, words in all_commands() if name == "docs/integrate.md" and words[0] == "aws"]


def run(clients: Mapping[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """Do what the command says, through boto3; return what was given."""
    _, service, command, *options = words
    client = clients[service]
    model = client.meta.service_model
    operation = next(one for one in model.operation_names if xform_name(one, "-") == command)
    names = {xform_name(one, "-"): one for one in model.operation_model(operation).input_shape.members}
    given: dict[str, Any] = {}
    for option, said in zip(options[::2], options[1::2], strict=True):
        value = re.sub(r"\$\(output (\w+)\)", lambda one: OUTPUTS[one[1]], said)
        value = {"file://token.json": '{"access_token": "from-the-docs"}'}.get(value, value)
        given[names[option[2:]]] = json.loads(value) if value[0] in "[{" and option != "--secret-string" else value
    answer = getattr(client, xform_name(operation))(**given)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert not answer.get("FailedEntryCount")
    return given


@pytest.fixture
def nothing_is_left(dynamodb: "DynamoDBClient", secrets: "SecretsManagerClient") -> Iterator[None]:
    """What the page writes is removed again: AWS in memory is for all tests."""
    yield
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        dynamodb.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})
    for secret in secrets.list_secrets()["SecretList"]:
        secrets.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)


@pytest.mark.usefixtures("nothing_is_left")
def test_what_other_services_write_is_read(
    dynamodb: "DynamoDBClient",
    dynamodb_api: JsonApi,
    secrets: "SecretsManagerClient",
    secrets_api: JsonApi,
    events: "EventBridgeClient",
    readiness: Mapping[str, str],  # noqa: ARG001 - the bus must be there
) -> None:
    """Every command of the page, in its order: a member, who then leaves, a subscription, events, a connection."""
    clients = {"dynamodb": dynamodb, "secretsmanager": secrets, "events": events}
    teams = DynamoDBTeams(Table(dynamodb_api.call, TABLE))
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
    assert SecretsManagerTokens(secrets_api.call).read(read).get_secret_value() == "from-the-docs"
    heard, queue, refreshes = _heard(), InMemoryQueue(lambda: NOW), InMemoryRefreshes(InMemoryTeams())
    requests = Requests(InMemoryRecords(), queue, teams, refreshes, lambda: NOW)
    for command in (draft, connected):
        (entry,) = run(clients, command)["Entries"]
        assert entry["DetailType"] in heard[entry["Source"]]
        assert requests.take(entry["DetailType"], json.loads(entry["Detail"])) == 1
    looks = [one.content for one in queue.messages if isinstance(one.content, LookMessage)]
    assert [(one.team_id, one.advertiser_id) for one in looks] == [("northlight", "7300000000000000001")] * 2


def _heard() -> dict[str, list[str]]:
    """What the template's rules of the request's function wait for, by source."""
    rules = RESOURCES["ReadinessRequestFunction"]["Properties"]["Events"].values()
    patterns = [one["Properties"]["Pattern"] for one in rules]
    return {pattern["source"][0]: pattern["detail-type"] for pattern in patterns}

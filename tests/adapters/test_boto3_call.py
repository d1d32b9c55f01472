"""boto3 in the form of the functions' own AWS client: the same responses, errors and time limit."""

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from publishing.bootstrap import boto3_call
from publishing.repositories.json_api import (
    BUDGET_SECONDS,
    DYNAMODB,
    EVENTBRIDGE,
    MAX_ATTEMPTS,
    SECRETS_MANAGER,
    SQS,
    AwsCall,
    AwsError,
    JsonApi,
    Service,
)
from tests.adapters.conftest import BUS, QUEUE, TABLE
from tests.adapters.scripted_aws import (
    CANARY,
    GOOD,
    Answer,
    ScriptedAws,
    Waits,
    client,
    error_answer,
    text_of,
)
from tests.support.wire import closed_port
from tools.in_memory_aws import InMemoryAws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BOTO3_ATTEMPTS = 2
ITEM: dict[str, Any] = {
    "pk": {"S": "TEAM#t1"},
    "sk": {"S": "MEMBER#u1"},
    "numbers": {"L": [{"N": "1"}, {"NULL": True}]},
}
KEY = {"pk": ITEM["pk"], "sk": ITEM["sk"]}


@pytest.fixture
def endpoint(aws: InMemoryAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the in-memory AWS, which boto3 reads from the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    return aws.url


@pytest.fixture
def calls(endpoint: str, dynamodb_api: JsonApi) -> Iterator[list[AwsCall]]:
    """The call of boto3 and that of the functions' own client, of the same DynamoDB."""
    assert endpoint
    yield [boto3_call(DYNAMODB), dynamodb_api.call]
    dynamodb_api.close()


def without_metadata(response: Any) -> dict[str, Any]:
    """Return the response without what boto3 adds to it."""
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def error_of(call: AwsCall, operation: str, **request: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        call(operation, **request)
    return caught.value


def test_responses_are_the_same(calls: list[AwsCall]) -> None:
    """Both return what AWS returns, in its own form."""
    for call in calls:
        call("PutItem", TableName=TABLE, Item=ITEM)
        assert without_metadata(call("GetItem", TableName=TABLE, Key=KEY)) == {"Item": ITEM}
        query = {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": ITEM["pk"]},
        }
        assert call("Query", **query)["Items"] == [ITEM]


def test_a_failed_condition_is_the_same_error(calls: list[AwsCall], dynamodb: "DynamoDBClient") -> None:
    """Both raise AwsError with the code and, on request, the existing item."""
    dynamodb.put_item(TableName=TABLE, Item=ITEM)
    condition = {"TableName": TABLE, "Item": ITEM, "ConditionExpression": "attribute_not_exists(pk)"}
    for call in calls:
        error = error_of(call, "PutItem", **condition, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        assert (error.code, error.item) == ("ConditionalCheckFailedException", ITEM)
        assert error_of(call, "PutItem", **condition).item == {}


def test_other_errors_are_the_same(calls: list[AwsCall]) -> None:
    """Both raise AwsError with AWS's code."""
    for call in calls:
        error = error_of(call, "GetItem", TableName="no-such-table", Key=KEY)
        assert (error.code, error.item) == ("ResourceNotFoundException", {})


@pytest.mark.usefixtures("endpoint", "readiness")
def test_every_service_has_its_operations(sqs: Any) -> None:
    """An operation has the name of AWS's API in every service that the functions call through boto3."""
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    attributes = boto3_call(SQS)("GetQueueAttributes", QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert attributes["Attributes"] == {"ApproximateNumberOfMessages": "0"}
    entry = {"EventBusName": BUS, "Source": "s", "DetailType": "d", "Detail": "{}"}
    assert boto3_call(EVENTBRIDGE)("PutEvents", Entries=[entry])["FailedEntryCount"] == 0
    error = error_of(boto3_call(SECRETS_MANAGER), "GetSecretValue", SecretId="no-such-secret")
    assert error.code == "ResourceNotFoundException"


def boto3_at(url: str, monkeypatch: pytest.MonkeyPatch, service: Service = DYNAMODB) -> AwsCall:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)  # no waits
    return boto3_call(service)


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_transient_errors_have_several_attempts(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Both attempt a call several times, and raise the last error's code."""
    status = 500 if code == "InternalServerError" else 400
    for boto, attempts in ((True, BOTO3_ATTEMPTS), (False, MAX_ATTEMPTS)):
        with ScriptedAws(*[error_answer(code, status)] * (attempts + 1)) as aws, client(aws.url, Waits()) as api:
            call = boto3_at(aws.url, monkeypatch) if boto else api.call
            assert error_of(call, "DescribeLimits").code == code
            assert len(aws.requests) == attempts


def test_a_transient_error_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that succeeds at the last attempt returns its response."""
    failures = [Answer(503, b"")] * (BOTO3_ATTEMPTS - 1)
    with ScriptedAws(*failures, Answer(200, json.dumps({"AccountMaxReadCapacityUnits": 7}).encode())) as aws:
        response = boto3_at(aws.url, monkeypatch)("DescribeLimits")
        assert without_metadata(response) == {"AccountMaxReadCapacityUnits": 7}
        assert len(aws.requests) == BOTO3_ATTEMPTS


def test_a_permanent_error_has_one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither client retries an error that a retry cannot fix."""
    with ScriptedAws(error_answer("AccessDeniedException"), GOOD) as aws:
        error = error_of(boto3_at(aws.url, monkeypatch), "DescribeLimits")
        assert (error.code, error.transient) == ("AccessDeniedException", False)
        assert len(aws.requests) == 1


def test_a_failed_connection_is_an_aws_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection the error is AwsError too, named after the failure."""
    call = boto3_at(f"http://127.0.0.1:{closed_port()}", monkeypatch)
    error = error_of(call, "DescribeLimits")
    assert (error.code, error.transient) == ("EndpointConnectionError", True)


def test_an_error_reveals_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error contains nothing of the request or the response, and has neither cause nor context."""
    with ScriptedAws(error_answer("ValidationException", echo=CANARY)) as aws:
        key = {"pk": {"S": CANARY}, "sk": {"S": CANARY}}
        error = error_of(boto3_at(aws.url, monkeypatch), "GetItem", TableName=TABLE, Key=key)
        assert CANARY in aws.requests[0].body.decode()
    assert CANARY not in text_of(error)
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.usefixtures("endpoint")
def test_an_invalid_request_has_the_error_of_aws() -> None:
    """A request that boto3 rejects before it sends it has the code that AWS would respond with."""
    assert error_of(boto3_call(DYNAMODB), "GetItem", TableName="", Key=KEY).code == "ValidationException"
    assert error_of(boto3_call(SECRETS_MANAGER), "GetSecretValue", SecretId="").code == "ValidationException"


@pytest.mark.usefixtures("endpoint")
def test_a_token_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even where an operator has set the log level to DEBUG, at which botocore logs requests and responses."""
    call = boto3_call(SECRETS_MANAGER)
    with caplog.at_level(logging.DEBUG):
        call("CreateSecret", Name="wevion/test/canary", SecretString=CANARY)
        assert call("GetSecretValue", SecretId="wevion/test/canary")["SecretString"] == CANARY
    assert CANARY not in "".join(str(record.__dict__) for record in caplog.records)


def test_a_service_that_does_not_respond_takes_as_long_as_with_the_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """All attempts and the longest pause between them, which is one second, fit into ``BUDGET_SECONDS``."""
    configs: list[Any] = []
    create = boto3.client

    def recording(name: str, *, config: Any) -> Any:
        configs.append(config)
        return create(name, config=config)  # type: ignore[call-overload]  # the name is a variable

    monkeypatch.setattr(boto3, "client", recording)
    boto3_call(DYNAMODB)
    (config,) = configs
    assert config.retries == {"mode": "standard", "total_max_attempts": BOTO3_ATTEMPTS}
    for timeout in (config.connect_timeout, config.read_timeout):
        assert timeout * BOTO3_ATTEMPTS + 1 <= BUDGET_SECONDS

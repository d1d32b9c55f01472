"""The queue of connection refreshes in SQS."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from publishing.connections.pending_operation import DueConnection
from publishing.repositories.json_api import JsonApi
from publishing.repositories.messaging import SqsRefreshQueue
from tests.adapters.conftest import CONNECTION_QUEUE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def test_a_refresh_message_names_the_connection(
    sqs: "SQSClient", readiness: Mapping[str, str], sqs_api: JsonApi
) -> None:
    """It holds team and user only: the worker itself reads what is to be done."""
    url = readiness[CONNECTION_QUEUE]
    queue = SqsRefreshQueue(sqs_api.call, url)
    for unfinished in (True, False):
        queue.send(DueConnection("t#1", "ü 1", unfinished=unfinished))
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == {"team_id": "t#1", "user_id": "ü 1"}
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

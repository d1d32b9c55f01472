"""What happens on a deployed stack without an HTTP call: sweeps, events to and from other services, passing time."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.console import StackError
from local.ministack.deployment import Deployment
from local.ministack.emulator import Emulator

Item = Mapping[str, Any]
"""An item in DynamoDB's JSON, where each value has a type."""

FAST: Mapping[str, str] = {
    "ReadinessSchedule": "rate(1 minute)",
    "ActiveEvery": "1 minute",
    "IdleEvery": "10 minutes",
    "ConfirmAfter": "1 second",
}
"""Template parameters that shorten hours to minutes."""


@dataclass
class Background:
    """Starts the functions of one deployment that have no route, and listens to its event bus."""

    aws: Emulator
    deployment: Deployment

    def sweep(self, scheduled_for: datetime | None = None) -> None:
        """Run the sweep as its schedule does, and wait until it has queued the due checks.

        `scheduled_for` is the time of the schedule, by default now.
        """
        moment = scheduled_for or datetime.now(UTC)
        event = {
            "version": "0",
            "id": f"sweep-{moment.timestamp():.0f}",
            "source": "aws.scheduler",
            "detail-type": "Scheduled Event",
            "time": moment.isoformat(timespec="milliseconds"),
            "detail": "{}",
        }
        answer = self.aws.client("lambda").invoke(
            FunctionName=self._function("ReadinessSweepFunction"), Qualifier="live", Payload=json.dumps(event)
        )
        if "FunctionError" in answer:
            raise StackError(f"the sweep failed: {answer['Payload'].read().decode()}")

    def make_due(self, team_id: str) -> None:
        """Make all advertisers of a team due for a check now."""
        for item in self._items(f"READINESS#{team_id}"):
            self._update(item, "SET due_at = :past ADD revision :one", {":past": {"N": "0"}, ":one": {"N": "1"}})

    def make_connections_due(self, team_id: str) -> None:
        """Make the team's connections due for a refresh now, and end the leases of their pending operations."""
        for item in self._items(f"CONNECTIONS#{team_id}", FilterExpression="attribute_exists(due_shard)"):
            lease = ", lease_until = :past" if "lease_until" in item else ""
            self._update(item, f"SET due_at = :past{lease}", {":past": {"N": "0"}})

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put an event of another service on the event bus."""
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "EventBusName": self.deployment.outputs["EventBusName"],
        }
        answer = self.aws.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise StackError(f"the event bus rejected the event: {answer['Entries']}")

    @contextmanager
    def listener(self, name: str = "listener") -> Iterator["Listener"]:
        """Receive the events on the bus: a rule and its target, a queue, which exist inside the `with` block.

        `name` is part of the names of both; listeners at the same time need different names.
        """
        sqs, events = self.aws.client("sqs"), self.aws.client("events")
        bus = self.deployment.outputs["EventBusName"]
        queue = sqs.create_queue(QueueName=f"{bus}-{name}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["wevion.tiktok"], "detail": {"id": [{"exists": True}]}}
        rule = {"Name": f"{bus}-{name}", "EventBusName": bus}
        rule_arn = events.put_rule(**rule, EventPattern=json.dumps(pattern))["RuleArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        events.put_targets(Rule=rule["Name"], EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        try:
            yield Listener(sqs, queue)
        finally:
            events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=["queue"])
            events.delete_rule(**rule)
            sqs.delete_queue(QueueUrl=queue)

    def _items(self, partition: str, **options: str) -> list[Item]:
        found: list[Item] = self.aws.client("dynamodb").query(
            TableName=self.deployment.table_name,
            KeyConditionExpression="pk = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
            **options,
        )["Items"]
        return found

    def _update(self, item: Item, expression: str, values: Item) -> None:
        self.aws.client("dynamodb").update_item(
            TableName=self.deployment.table_name,
            Key={name: item[name] for name in ("pk", "sk")},
            UpdateExpression=expression,
            ExpressionAttributeValues=values,
        )

    def _function(self, logical_id: str) -> str:
        resource = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.deployment.stack_name, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])


@dataclass
class Listener:
    """The queue of a listener and the events received from it."""

    sqs: Any
    queue: str
    heard: list[Mapping[str, Any]] = field(default_factory=list)
    """All events so far, in order of arrival."""

    def listen(self) -> list[Mapping[str, Any]]:
        """Receive new events, and return all events so far."""
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return self.heard
            for message in messages:
                self.heard.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])

    def of(self, detail_type: str, advertiser_id: str) -> list[Mapping[str, Any]]:
        """The `detail` of each event of one type about one advertiser."""
        return [
            event["detail"]
            for event in self.listen()
            if event["detail-type"] == detail_type and event["detail"].get("advertiser_id") == advertiser_id
        ]

"""Intents in DynamoDB: conditional writes decide who goes first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from publishing.aws.json_api import AwsError
from publishing.aws.table import NOT_MET, Item, Table
from publishing.intents import LEASE, Begun, Intent, OtherIntentError, Replay, State, StillRunningError
from publishing.log_events import LogEvent

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class DynamoDBIntents:
    """Intents in the product's table: ``INTENT#<team>#<user>`` / ``<action>#<digest>``, removed by time to live."""

    table: Table

    def begin(self, intent: Intent, now: datetime) -> Begun | Replay:
        """Claim the intent with one conditional write, so that of many at once exactly one gets it.

        Raises:
            StillRunningError: an attempt is running and has not outlived its lease.
            OtherIntentError: the key stands for another fingerprint.
        """
        seconds = now.timestamp()
        try:
            before = self.table.do(
                "PutItem",
                Item={
                    **_item_key(intent),
                    "state": {"S": State.RUNNING},
                    "fingerprint": {"S": intent.fingerprint},
                    "attempt": {"S": intent.attempt},
                    "lease_until": {"N": str(seconds + LEASE.total_seconds())},
                    "expires_at": {"N": str(int(seconds + intent.keep.total_seconds()))},
                },
                ConditionExpression=(
                    "attribute_not_exists(pk) OR expires_at <= :now OR (fingerprint = :fingerprint"
                    " AND (#state = :uncertain OR (#state = :running AND lease_until <= :now)))"
                ),
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":now": {"N": str(seconds)},
                    ":fingerprint": {"S": intent.fingerprint},
                    ":uncertain": {"S": State.UNCERTAIN},
                    ":running": {"S": State.RUNNING},
                },
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            ).get("Attributes")
        except AwsError as error:
            if error.code != NOT_MET:
                raise
            return _standing(intent, error.item)
        if before and before["state"]["S"] != State.DONE and before["fingerprint"]["S"] == intent.fingerprint:
            return Begun.AGAIN
        return Begun.FIRST

    def done(self, intent: Intent, answer: str, now: datetime) -> None:
        """Keep the answer for as long as the intent says, counted from now.

        What is done stays done where the answer cannot be kept: the next attempt will look before it acts.
        """
        try:
            self._update(
                intent,
                "SET #state = :state, answer = :answer, expires_at = :expires_at",
                {
                    ":state": {"S": State.DONE},
                    ":answer": {"S": answer},
                    ":expires_at": {"N": str(int((now + intent.keep).timestamp()))},
                },
            )
        except AwsError:
            logger.exception(LogEvent.INTENT_NOT_STORED)

    def uncertain(self, intent: Intent) -> None:
        """Note that TikTok may have acted."""
        self._update(intent, "SET #state = :state", {":state": {"S": State.UNCERTAIN}})

    def forget(self, intent: Intent) -> None:
        """Delete the item, if it is still this attempt's."""
        self.table.write(
            "DeleteItem",
            Key=_item_key(intent),
            ConditionExpression="attempt = :attempt",
            ExpressionAttributeValues={":attempt": {"S": intent.attempt}},
        )

    def _update(self, intent: Intent, expression: str, values: Item) -> None:
        self.table.write(
            "UpdateItem",
            Key=_item_key(intent),
            UpdateExpression=expression,
            ConditionExpression="attempt = :attempt",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={**values, ":attempt": {"S": intent.attempt}},
        )


def _standing(intent: Intent, item: Mapping[str, Any]) -> Begun | Replay:
    """What stands in the way of beginning: this very attempt, an answer to replay, or an error."""
    if item.get("attempt", {}).get("S") == intent.attempt:
        return Begun.AGAIN  # the claim was sent twice; what stood there before its first try is not known any more
    if item.get("fingerprint", {}).get("S", intent.fingerprint) != intent.fingerprint:
        raise OtherIntentError
    if item.get("state", {}).get("S") == State.DONE:
        return Replay(item["answer"]["S"])
    raise StillRunningError


def _item_key(intent: Intent) -> Item:
    caller = intent.caller
    return {"pk": {"S": f"INTENT#{caller.team_id}#{caller.user_id}"}, "sk": {"S": intent.key}}

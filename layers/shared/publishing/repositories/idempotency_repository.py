"""Idempotency records in DynamoDB: a conditional write decides which attempt may act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishing.identities.idempotency import (
    LEASE,
    ClaimResult,
    IdempotencyRecord,
    IdempotencyState,
    KeyReusedError,
    Replay,
    StillRunningError,
)
from publishing.repositories.json_api import AwsError
from publishing.repositories.table import CONDITION_FAILED, Item, Table


@dataclass(frozen=True, slots=True)
class DynamoDBIdempotencyRepository:
    """One item for each record: ``INTENT#<team>#<user>`` / ``<action>#<digest>``, removed by time to live."""

    table: Table

    def claim(self, record: IdempotencyRecord, now: datetime) -> ClaimResult | Replay:
        """Claim with one conditional write, so that exactly one of many concurrent attempts succeeds.

        Raises:
            StillRunningError: another attempt holds the lease, or DynamoDB did not take the claim this time: claimed
                again, the record shows whether it did.
            KeyReusedError: the key belongs to another fingerprint.
            AwsError: DynamoDB refused for good.
        """
        seconds = now.timestamp()
        try:
            before = (
                self.table.do(
                    "PutItem",
                    Item={
                        **_item_key(record),
                        "state": {"S": IdempotencyState.RUNNING},
                        "fingerprint": {"S": record.fingerprint},
                        "attempt": {"S": record.attempt},
                        "lease_until": {"N": str(seconds + LEASE.total_seconds())},
                        "expires_at": {"N": str(int(seconds + record.keep.total_seconds()))},
                    },
                    ConditionExpression=(
                        "attribute_not_exists(pk) OR expires_at <= :now OR (fingerprint = :fingerprint"
                        " AND (#state = :uncertain OR (#state = :running AND lease_until <= :now)))"
                    ),
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={
                        ":now": {"N": str(seconds)},
                        ":fingerprint": {"S": record.fingerprint},
                        ":uncertain": {"S": IdempotencyState.UNCERTAIN},
                        ":running": {"S": IdempotencyState.RUNNING},
                    },
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ).get("Attributes")
                or None
            )
        except AwsError as error:
            if error.transient:
                raise StillRunningError from None
            if error.code != CONDITION_FAILED:
                raise
            return _existing(record, error.item)
        if before is None or before["state"]["S"] == IdempotencyState.DONE:
            return ClaimResult.NEW
        same = before["fingerprint"]["S"] == record.fingerprint
        return ClaimResult.RESUMED if same else ClaimResult.NEW

    def complete(self, record: IdempotencyRecord, response: str, now: datetime) -> None:
        """Store the response for ``record.keep`` from now on."""
        self._update(
            record,
            "SET #state = :state, answer = :answer, expires_at = :expires_at",
            {
                ":state": {"S": IdempotencyState.DONE},
                ":answer": {"S": response},
                ":expires_at": {"N": str(int((now + record.keep).timestamp()))},
            },
        )

    def mark_uncertain(self, record: IdempotencyRecord) -> None:
        """Record that TikTok may have created the identity."""
        self._update(record, "SET #state = :state", {":state": {"S": IdempotencyState.UNCERTAIN}})

    def release(self, record: IdempotencyRecord) -> None:
        """Delete the item, if it still belongs to this attempt."""
        self.table.write(
            "DeleteItem",
            Key=_item_key(record),
            ConditionExpression="attempt = :attempt",
            ExpressionAttributeValues={":attempt": {"S": record.attempt}},
        )

    def _update(self, record: IdempotencyRecord, expression: str, values: Item) -> None:
        self.table.write(
            "UpdateItem",
            Key=_item_key(record),
            UpdateExpression=expression,
            ConditionExpression="attempt = :attempt",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={**values, ":attempt": {"S": record.attempt}},
        )


def _existing(record: IdempotencyRecord, item: Mapping[str, Any]) -> ClaimResult | Replay:
    """Return what the stored item means for the claim: this very attempt, or a response to replay.

    Raises:
        StillRunningError, KeyReusedError: as :meth:`DynamoDBIdempotencyRepository.claim`.
    """
    if item.get("attempt", {}).get("S") == record.attempt:
        return ClaimResult.RESUMED  # the claim was sent twice; what stood there before is no longer known
    if item.get("fingerprint", {}).get("S", record.fingerprint) != record.fingerprint:
        raise KeyReusedError
    if item.get("state", {}).get("S") == IdempotencyState.DONE:
        return Replay(item["answer"]["S"])
    raise StillRunningError


def _item_key(record: IdempotencyRecord) -> Item:
    principal = record.principal
    return {"pk": {"S": f"INTENT#{principal.team_id}#{principal.user_id}"}, "sk": {"S": record.key}}

"""What came of each readiness sweep, in DynamoDB."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from publishing.aws.table import Table
from publishing.readiness.stores import Run

RUNS_KEPT = timedelta(days=7)

_RUNS = "SWEEP"


@dataclass(frozen=True, slots=True)
class DynamoDBRuns:
    """Accounts in the product's table: ``SWEEP`` / ``RUN#<moment>``, removed by time to live."""

    table: Table

    def before(self, name: str) -> Run | None:
        """The last account before this one."""
        pages = self.table.pages(
            KeyConditionExpression="pk = :runs AND sk < :name",
            ExpressionAttributeValues={":runs": {"S": _RUNS}, ":name": {"S": f"RUN#{name}"}},
            ScanIndexForward=False,
            Limit=1,
        )
        for item in next(pages):
            numbers = {one: int(item[one]["N"]) for one in ("queued", "verified", "unverified") if one in item}
            return Run(item["sk"]["S"].removeprefix("RUN#"), **numbers)
        return None

    def count(self, run: Run) -> None:
        """Add to the account."""
        keep_until = datetime.fromisoformat(run.name) + RUNS_KEPT
        self.table.do(
            "UpdateItem",
            Key={"pk": {"S": _RUNS}, "sk": {"S": f"RUN#{run.name}"}},
            UpdateExpression="SET expires_at = :end ADD queued :queued, verified :verified, unverified :unverified",
            ExpressionAttributeValues={
                ":end": {"N": str(int(keep_until.timestamp()))},
                ":queued": {"N": str(run.queued)},
                ":verified": {"N": str(run.verified)},
                ":unverified": {"N": str(run.unverified)},
            },
        )

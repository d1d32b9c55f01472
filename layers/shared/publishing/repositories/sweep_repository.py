"""Statistics of readiness sweeps, in DynamoDB."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from publishing.readiness.check_job import SweepStatistics
from publishing.repositories.table import Table

STATISTICS_KEPT = timedelta(days=7)

_PARTITION = "SWEEP"


@dataclass(frozen=True, slots=True)
class DynamoDBSweepRepository:
    """One item for each sweep: ``SWEEP`` / ``RUN#<moment>``, removed by time to live."""

    table: Table

    def previous(self, run: str) -> SweepStatistics | None:
        """Read the item before this one."""
        pages = self.table.pages(
            KeyConditionExpression="pk = :runs AND sk < :name",
            ExpressionAttributeValues={":runs": {"S": _PARTITION}, ":name": {"S": f"RUN#{run}"}},
            ScanIndexForward=False,
            Limit=1,
        )
        for item in next(pages):
            numbers = {one: int(item[one]["N"]) for one in ("queued", "verified", "unverified") if one in item}
            return SweepStatistics(item["sk"]["S"].removeprefix("RUN#"), **numbers)
        return None

    def add(self, statistics: SweepStatistics) -> None:
        """Add with one atomic update."""
        keep_until = datetime.fromisoformat(statistics.run) + STATISTICS_KEPT
        self.table.do(
            "UpdateItem",
            Key={"pk": {"S": _PARTITION}, "sk": {"S": f"RUN#{statistics.run}"}},
            UpdateExpression="SET expires_at = :end ADD queued :queued, verified :verified, unverified :unverified",
            ExpressionAttributeValues={
                ":end": {"N": str(int(keep_until.timestamp()))},
                ":queued": {"N": str(statistics.queued)},
                ":verified": {"N": str(statistics.verified)},
                ":unverified": {"N": str(statistics.unverified)},
            },
        )

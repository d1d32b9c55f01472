"""What is counted while the simulation runs, from the end of its warm-up on."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from publishing.aws.records import DynamoDBRecords
from publishing.aws.table import Table
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import OutgoingEvent, Record
from tools.in_memory_readiness import InMemoryBus
from tools.simulation.engine import SimulatedQueue, SimulatedRecords

if TYPE_CHECKING:
    from publishing.readiness.looks import Outcome

Change = tuple[int, Requirement]


@dataclass(slots=True)
class Tally:
    """Counts, waits and sizes."""

    outcomes: "Counter[Outcome]" = field(default_factory=Counter)
    refused_looks: int = 0
    preflights: int = 0
    refused_preflights: int = 0
    busy: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    """Seconds of workers, by whether they are the urgent ones."""
    batches: int = 0
    sweep_seconds: list[float] = field(default_factory=list)
    """Of each sweep, all its parts."""
    sweeps_handed_on: int = 0
    request_waits: list[float] = field(default_factory=list)
    """From an event that asks for a look to the look."""
    told_after: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """From a true change to its event, by whether the advertiser is in use."""
    false_events: int = 0
    """Changes that were told and had not happened."""
    events: "Counter[str]" = field(default_factory=Counter)
    bytes_of_records: list[int] = field(default_factory=list)
    began: "Counter[str]" = field(default_factory=Counter)
    """What the stores' own counters were at the end of the warm-up."""

    def begin(self, records: SimulatedRecords, queue: SimulatedQueue) -> None:
        """From here on it counts."""
        self.__init__()  # type: ignore[misc] # all counters anew, in the same place
        self.began = counted(records, queue)


def counted(records: SimulatedRecords, queue: SimulatedQueue) -> "Counter[str]":
    """What the stores have counted."""
    return Counter(
        reads=records.reads,
        writes=records.writes,
        moves=records.moves,
        sent=queue.sent,
        urgent=queue.urgent_sent,
        visibility_changes=queue.visibility_changes,
        dead=len(queue.dead),
    )


@dataclass
class CountingBus(InMemoryBus):
    """The bus; it keeps nothing but tells of what comes."""

    heard: Callable[[OutgoingEvent], None] = lambda _event: None

    def send(self, events: object) -> None:
        """Tell of events."""
        for event in events:  # type: ignore[attr-defined]
            self.heard(event)


def item_bytes(record: Record) -> int:
    """The size of a record's item, as DynamoDB counts it: names and values."""
    items: list[dict[str, dict[str, str]]] = []

    def call(_operation: str, **request: object) -> dict[str, object]:
        items.append(request["Item"])  # type: ignore[arg-type] # PutItem is all that a write calls
        return {}

    DynamoDBRecords(Table(call, "table")).write(record)
    return sum(
        len(name) + (len(value["S"].encode()) if "S" in value else len(value["N"]) // 2 + 1)
        for name, value in items[0].items()
    )

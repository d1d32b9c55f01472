"""The sweep over connections: those that are due go to the queue of their worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from publishing.connecting.stores import DueConnections
from publishing.connecting.times import LIST_AGAIN_AFTER

PAGE = 100


@dataclass(frozen=True, slots=True)
class ConnectionSweep:
    """Puts what is due into the queue."""

    due_connections: DueConnections
    clock: Callable[[], datetime]

    def run(self, *, out_of_time: Callable[[], bool]) -> int:
        """Ask for a refresh of each connection that is due, and return for how many.

        Each is put off for an hour first: what comes of it decides anew, and where nothing does, it is due again then.
        What there is no time for is found by the next sweep.
        """
        asked = 0
        for page in self.due_connections.pages(self.clock(), PAGE):
            for due in page:
                if out_of_time():
                    return asked
                now = self.clock()
                if self.due_connections.claim(due, now, now + LIST_AGAIN_AFTER):
                    self.due_connections.send(due)
                    asked += 1
        return asked

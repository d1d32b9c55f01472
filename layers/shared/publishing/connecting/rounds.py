"""The sweep's part: which connections are to be seen to now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from publishing.connecting.stores import Duties
from publishing.connecting.times import LIST_AGAIN_AFTER

PAGE = 100


@dataclass(frozen=True, slots=True)
class Rounds:
    """Puts what is due into the queue."""

    duties: Duties
    clock: Callable[[], datetime]

    def go(self, *, out_of_time: Callable[[], bool]) -> int:
        """Ask for each connection that is due to be seen to; how many.

        Each is put off for an hour first: what comes of it decides anew, and where nothing does, it is due again then.
        What there is no time for is found by the next sweep.
        """
        asked = 0
        for page in self.duties.due(self.clock(), PAGE):
            for duty in page:
                if out_of_time():
                    return asked
                now = self.clock()
                if self.duties.claim(duty, now, now + LIST_AGAIN_AFTER):
                    self.duties.send(duty)
                    asked += 1
        return asked

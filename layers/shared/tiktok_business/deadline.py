"""The point in time that limits every wait of a request."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on a monotonic clock, in seconds."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """Return the moment ``seconds`` from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Return the seconds left, never negative."""
        return max(0.0, self.at - self.clock())

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.remaining() == 0.0

    def within(self, seconds: float) -> "Deadline":
        """Return the earlier of this moment and ``seconds`` from now."""
        return Deadline(min(self.at, self.clock() + seconds), self.clock)

    def reserve(self, seconds: float) -> "Deadline":
        """Return the moment ``seconds`` before this one: reserves time for what must follow."""
        return Deadline(self.at - seconds, self.clock)


request_deadline: ContextVar[Deadline | None] = ContextVar("request_deadline", default=None)
"""The deadline of the request that this thread works for, for calls to AWS, which are not given one; None: no request,
as in Init and in background functions. Threads inherit it (:func:`publishing.concurrency.start`)."""

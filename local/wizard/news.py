"""What is told on the event bus, for as many open pages as there are."""

import threading
from collections.abc import Mapping
from typing import Any, Protocol


class Listens(Protocol):
    """Hears the bus: `local.ministack.background.Listener`."""

    def listen(self) -> list[Mapping[str, Any]]:
        """Every event until now, in the order in which they came."""
        ...


class News:
    """One listener that several pages share. Nothing is asked of the bus while no page is open."""

    def __init__(self, listener: Listens) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def count(self) -> int:
        """How much was told until now."""
        with self._lock:
            return len(self._listener.listen())

    def since(self, count: int) -> list[Mapping[str, Any]]:
        """What was told after the first ``count`` events."""
        with self._lock:
            return list(self._listener.listen()[count:])

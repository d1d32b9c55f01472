"""TikTok's rate limit: so many requests a second, counted per developer app and per endpoint."""

import threading
import time
from collections import defaultdict, deque


class RateLimit:
    """Allows `qps` requests within any one second on each path; None allows everything."""

    def __init__(self, qps: int | None) -> None:
        if qps is not None and qps < 1:
            raise ValueError(f"rate_limit_qps must be 1 or more, not {qps}")
        self._qps = qps
        self._allowed: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def allows(self, path: str) -> bool:
        """Whether one more request is allowed now; if so it is counted."""
        if self._qps is None:
            return True
        now = time.monotonic()
        with self._lock:
            times = self._allowed[path]
            while times and times[0] <= now - 1:
                times.popleft()
            if len(times) >= self._qps:
                return False
            times.append(now)
            return True

"""A simulated TikTok: what it allows an app, how long it takes, and when it is silent."""

import math
from array import array
from dataclasses import dataclass, field
from random import Random

from publishing.preflight.objectives import Requirement
from publishing.readiness.pacing import Level
from publishing.readiness.worker import BUDGET_SECONDS
from tiktok_business.client import MAX_ATTEMPTS, RATE_BACKOFF_SECONDS
from tools.simulation import assumptions
from tools.simulation.profiles import ENDPOINTS, NAMES, Profile

RECOVERY_SECONDS = 300.0
"""After the limit of a minute is passed an endpoint refuses for so long (EVA rate-limits)."""
DAY = 86_400
_REQUIREMENTS = tuple(ENDPOINTS.values())
_LATENCIES = 4_096


@dataclass(slots=True)
class Asked:
    """What a check's or a preflight's calls came to."""

    seconds: float
    refused: frozenset[Requirement] = frozenset()
    silent: bool = False
    """Nothing was answered at all."""


_NONE_REFUSED = frozenset[Requirement]()


@dataclass(slots=True)
class Endpoint:
    """One endpoint's limits and what was asked of it. Calls may come a little out of order."""

    level: Level
    seconds: int
    """Of the whole simulation."""
    per_second: "array[int]" = field(init=False)
    per_minute: "array[int]" = field(init=False)
    background: "array[int]" = field(init=False)
    """The part of `per_minute` that checks asked."""
    per_day: "array[int]" = field(init=False)
    closed_until: float = 0.0
    refused: int = 0
    """From `counted_from` on."""
    counted_from: float = 0.0

    def __post_init__(self) -> None:
        spare = DAY  # what is begun at the end may end later
        self.per_second = array("H", bytes(2 * (self.seconds + spare)))
        self.per_minute = array("L", [0]) * ((self.seconds + spare) // 60)
        self.background = array("L", [0]) * ((self.seconds + spare) // 60)
        self.per_day = array("L", [0]) * ((self.seconds + spare) // DAY)

    def allows(self, at: float, *, background: bool) -> bool:
        """Count one more call, or refuse it."""
        second = int(at)
        if at < self.closed_until or self.per_second[second] >= self.level.per_second:
            self.refused += at >= self.counted_from
            return False
        minute = second // 60
        if self.per_minute[minute] >= self.level.per_minute:
            self.closed_until = at + RECOVERY_SECONDS
        elif self.per_day[second // DAY] >= self.level.per_day:
            self.closed_until = (second // DAY + 1.0) * DAY
        else:
            self.per_second[second] += 1
            self.per_minute[minute] += 1
            self.per_day[second // DAY] += 1
            self.background[minute] += background
            return True
        self.refused += at >= self.counted_from
        return False


@dataclass(slots=True)
class SimulatedTikTok:
    """All endpoints that a check asks."""

    level: Level
    seconds: int
    random: Random
    measured_from: float = 0.0
    outage_at: float | None = None
    endpoints: list[Endpoint] = field(init=False)
    _latencies: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.endpoints = [Endpoint(self.level, self.seconds, counted_from=self.measured_from) for _ in NAMES]
        middle, spread = math.log(assumptions.LATENCY_SECONDS), assumptions.LATENCY_SPREAD
        self._latencies = [self.random.lognormvariate(middle, spread) for _ in range(_LATENCIES)]

    def silent(self, at: float) -> bool:
        """Whether TikTok answers nothing at the moment."""
        return self.outage_at is not None and 0 <= at - self.outage_at < assumptions.OUTAGE_SECONDS

    def check(self, profile: Profile, at: float) -> Asked:
        """All calls of a check."""
        return self._asked(profile.calls, profile.chain, at, background=True)

    def preflight(self, profile: Profile, requirement: Requirement, at: float) -> Asked:
        """Those of a live preflight: identity and one other prerequisite, with the advice."""
        wanted = {Requirement.IDENTITY, requirement, None}
        calls = tuple(call for call in profile.calls if _REQUIREMENTS[call[0]] in wanted)
        return self._asked(calls, profile.chain, at, background=False)

    def _asked(self, calls: tuple[tuple[int, int], ...], chain: int, at: float, *, background: bool) -> Asked:
        if self.silent(at):
            return Asked(BUDGET_SECONDS, silent=True)
        random = self.random.random
        latency = self._latencies[int(random() * _LATENCIES)]
        end = at + chain * latency
        refused: set[Requirement] = set()
        for number, position in calls:
            endpoint = self.endpoints[number]
            moment = at + position * latency
            if endpoint.allows(moment, background=background):
                continue
            for attempt in range(1, MAX_ATTEMPTS):  # as the client does, which waits longer each time
                moment += latency + random() * RATE_BACKOFF_SECONDS * 2 ** (attempt - 1)
                if endpoint.allows(moment, background=background):
                    break
            else:
                requirement = _REQUIREMENTS[number]
                if requirement is not None:
                    refused.add(requirement)
            end = max(end, moment + latency)
        return Asked(min(end - at, BUDGET_SECONDS), frozenset(refused) if refused else _NONE_REFUSED)

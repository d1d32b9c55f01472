"""TikTok: which endpoints a check calls (counted with the real check), and a TikTok that limits, delays and fails."""

import math
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, Simulator, World, demo_world
from publishing.preflight.evidence import gather
from publishing.preflight.objectives import Requirement
from publishing.readiness.pacing import Level
from publishing.readiness.worker import BUDGET_SECONDS
from tiktok_business.client import MAX_ATTEMPTS, RATE_BACKOFF_SECONDS, TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType
from tiktok_business.transport import RequestsTransport
from tools.simulation import assumptions

ENDPOINTS = {
    "identity/get/": Requirement.IDENTITY,
    "pixel/list/": Requirement.PIXEL,
    "bc/get/": Requirement.CATALOG,
    "catalog/get/": Requirement.CATALOG,
    "app/list/": Requirement.APP,
    "page/get/": Requirement.LEAD_FORM,
    "page/library/get/": Requirement.LEAD_FORM,
    "advertiser/info/": None,
    "term/check/": None,
}
"""The endpoints that a check calls, and what a refusal makes unknown; the last two are for warnings."""
NAMES = tuple(ENDPOINTS)
STEP_SECONDS = 0.25
"""The duration of each call while calls are counted: it shows which calls follow one another."""
RECOVERY_SECONDS = 300.0
"""How long an endpoint refuses after its per-minute limit is exceeded (EVA rate-limits)."""
DAY = 86_400

_REQUIREMENTS = tuple(ENDPOINTS.values())
_LATENCIES = 4_096
_NONE_REFUSED = frozenset[Requirement]()


@dataclass(frozen=True, slots=True)
class Profile:
    """The calls of one check."""

    name: str
    calls: tuple[tuple[int, int], ...]
    """Endpoint, as its place in `NAMES`, and how many calls must have ended before."""

    @property
    def chain(self) -> int:
        """How many calls follow one another."""
        return max(position for _, position in self.calls) + 1

    def count(self, endpoint: str) -> int:
        """Return how often an endpoint is called."""
        return sum(1 for number, _ in self.calls if NAMES[number] == endpoint)


def measured(advertisers: Sequence[DemoAdvertiser] = tuple(DemoAdvertiser)) -> tuple[Profile, ...]:
    """Check demo advertisers with the product's own code; return the calls of each check."""
    world = demo_world()
    with Simulator(world, latency=STEP_SECONDS) as tiktok:
        transport = RequestsTransport(tiktok.base_url)
        _check(transport, world, advertisers[0])  # opens the connections
        found = []
        for advertiser in advertisers:
            tiktok.requests.clear()
            started = time.time()
            _check(transport, world, advertiser)
            calls = tuple(
                (NAMES.index(one.path), round((datetime.fromisoformat(one.time).timestamp() - started) / STEP_SECONDS))
                for one in tiktok.requests
            )
            found.append(Profile(advertiser.name, tuple(sorted(calls, key=lambda call: (call[1], call[0])))))
    return tuple(found)


def averages(profiles: Sequence[Profile]) -> dict[str, float]:
    """Return the average calls of one check, by endpoint."""
    counted = Counter(NAMES[number] for one in profiles for number, _ in one.calls)
    return {name: counted[name] / len(profiles) for name in NAMES}


def _check(transport: RequestsTransport, world: World, advertiser: DemoAdvertiser) -> None:
    deadline = Deadline.after(BUDGET_SECONDS)
    token = next(
        one
        for one in world.tokens.values()
        if advertiser in one.advertiser_ids and not one.revoked and not one.missing_scopes
    )
    api = TikTokBusinessApi(TikTokClient(transport, SecretStr(token.value), deadline))
    types = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
    with suppress(TikTokError):  # one demo advertiser is deleted at TikTok
        gather(api, advertiser, tuple(Requirement), accepted_types=types, strict=False, deadline=deadline)


@dataclass(slots=True)
class CallResult:
    """The result of all calls of a check or a preflight."""

    seconds: float
    refused: frozenset[Requirement] = frozenset()
    """What was refused for rate."""
    no_response: bool = False
    """TikTok did not respond at all."""


@dataclass(slots=True)
class Endpoint:
    """One endpoint's limits and its calls, which may arrive slightly out of order."""

    level: Level
    seconds: int
    """The length of the whole simulation."""
    per_second: "array[int]" = field(init=False)
    per_minute: "array[int]" = field(init=False)
    background: "array[int]" = field(init=False)
    """The part of `per_minute` that checks called."""
    per_day: "array[int]" = field(init=False)
    closed_until: float = 0.0
    refused: int = 0
    """From `counted_from` on."""
    counted_from: float = 0.0

    def __post_init__(self) -> None:
        spare = DAY  # calls that start at the end may end later
        self.per_second = array("H", bytes(2 * (self.seconds + spare)))
        self.per_minute = array("L", [0]) * ((self.seconds + spare) // 60)
        self.background = array("L", [0]) * ((self.seconds + spare) // 60)
        self.per_day = array("L", [0]) * ((self.seconds + spare) // DAY)

    def allows(self, at: float, *, background: bool) -> bool:
        """Count one more call; False if a limit refuses it."""
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
    """All endpoints that a check calls."""

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

    def is_down(self, at: float) -> bool:
        """Whether TikTok does not respond at this time."""
        return self.outage_at is not None and 0 <= at - self.outage_at < assumptions.OUTAGE_SECONDS

    def check(self, profile: Profile, at: float) -> CallResult:
        """Make all calls of a check."""
        return self._call(profile.calls, profile.chain, at, background=True)

    def preflight(self, profile: Profile, requirement: Requirement, at: float) -> CallResult:
        """Make the calls of a preflight: for the identity, one other prerequisite, and the warnings."""
        wanted = {Requirement.IDENTITY, requirement, None}
        calls = tuple(call for call in profile.calls if _REQUIREMENTS[call[0]] in wanted)
        return self._call(calls, profile.chain, at, background=False)

    def _call(self, calls: tuple[tuple[int, int], ...], chain: int, at: float, *, background: bool) -> CallResult:
        if self.is_down(at):
            return CallResult(BUDGET_SECONDS, no_response=True)
        random = self.random.random
        latency = self._latencies[int(random() * _LATENCIES)]
        end = at + chain * latency
        refused: set[Requirement] = set()
        for number, position in calls:
            endpoint = self.endpoints[number]
            moment = at + position * latency
            if endpoint.allows(moment, background=background):
                continue
            for attempt in range(1, MAX_ATTEMPTS):  # as the client retries, which waits longer each time
                moment += latency + random() * RATE_BACKOFF_SECONDS * 2 ** (attempt - 1)
                if endpoint.allows(moment, background=background):
                    break
            else:
                requirement = _REQUIREMENTS[number]
                if requirement is not None:
                    refused.add(requirement)
            end = max(end, moment + latency)
        return CallResult(min(end - at, BUDGET_SECONDS), frozenset(refused) if refused else _NONE_REFUSED)

"""What people and TikTok do meanwhile: live preflights, drafts, campaigns that are scheduled, and true changes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import ACTIVE_AFTER_LAUNCH, LAUNCH_NEAR
from publishing.readiness.record import OutgoingEvent
from publishing.readiness.request import Requests
from publishing.teams import Connection, Team
from tools.simulation import assumptions
from tools.simulation.population import REQUIREMENTS, advertiser_id, number_of, team_id
from tools.simulation.tally import Change
from tools.simulation.workers import World

DAY = 86_400.0
_PEAK_HOUR = 14


class NoTeams:
    """Nothing is known of any team: every event names its advertiser."""

    def read(self, team_id: str) -> Team:
        """A team without members and connections."""
        return Team(team_id)


class NoLists:
    """Nor of any connection."""

    def schedule(self, connection: Connection, due_at: datetime) -> None:
        """There is no connection to keep."""
        raise AssertionError((connection, due_at))


@dataclass(slots=True)
class Traffic:
    """Streams of events, at random moments."""

    world: World
    requests: Requests
    requested: dict[int, float] = field(default_factory=dict)
    """When a look was asked for that has not been made."""
    changed: dict[Change, float] = field(default_factory=dict)
    """When a prerequisite changed that nobody was told of."""
    _made: int = 0

    def begin(self) -> None:
        """Begin every stream."""
        used = len(self.world.population.in_use)
        urgent_for = (LAUNCH_NEAR + ACTIVE_AFTER_LAUNCH).total_seconds() / DAY
        self._stream(used * assumptions.PREFLIGHTS_A_DAY, self._preflight, daylight=True)
        self._stream(used * assumptions.DRAFTS_A_DAY, self._draft, daylight=True)
        self._stream(used * assumptions.LAUNCH_NEAR / urgent_for, self._scheduled, daylight=True)
        self._stream(self.world.population.case.advertisers * assumptions.CHANGES_A_DAY, self._change, daylight=False)

    def looked(self, number: int) -> None:
        """A look was made; what was asked for is done."""
        asked = self.requested.pop(number, None)
        if asked is not None:
            self.world.tally.request_waits.append(self.world.engine.seconds - asked)

    def told(self, event: OutgoingEvent) -> None:
        """An event is out."""
        tally = self.world.tally
        tally.events[event.detail_type] += 1
        if event.detail_type != "TikTok Readiness Changed":
            return
        number = number_of(event.detail["advertiser_id"])
        names = [one["requirement"] for one in event.detail["added"]] + list(event.detail["resolved"])
        for name in names:
            since = self.changed.pop((number, Requirement(name)), None)
            if since is None:
                tally.false_events += 1
            else:
                tally.told_after[bool(self.world.population.used[number])].append(self.world.engine.seconds - since)

    def _stream(self, a_day: float, action: Callable[[], None], *, daylight: bool) -> None:
        """So many a day, at random; of those by daylight more are at the peak and fewer at night."""
        if a_day <= 0:
            return
        engine, random = self.world.engine, self.world.population.random
        often = a_day / DAY * (1 + assumptions.DAYLIGHT * daylight)

        def next_one() -> None:
            engine.at(engine.seconds + random.expovariate(often), next_one)
            if not daylight or random.random() * (1 + assumptions.DAYLIGHT) < light(engine.seconds):
                action()

        engine.at(engine.seconds + random.expovariate(often), next_one)

    def _preflight(self) -> None:
        world = self.world
        population, now = world.population, world.engine.seconds
        number = population.random.choice(population.in_use)
        other = population.random.choice(REQUIREMENTS[1:])
        asked = world.tiktok.preflight(population.profile(number), other, now)
        world.tally.preflights += 1
        world.tally.refused_preflights += bool(asked.refused)
        look = population.look(number, asked, world.engine.clock(), (Requirement.IDENTITY, other))
        team, advertiser = team_id(number), advertiser_id(number)
        world.live.refresh(world.live.records.read(team, advertiser), team, advertiser, look)

    def _draft(self) -> None:
        self._ask({}, rested=True)

    def _scheduled(self) -> None:
        self._ask({"launch_at": (self.world.engine.clock() + LAUNCH_NEAR).isoformat()}, rested=False)

    def _ask(self, detail: dict[str, str], *, rested: bool) -> None:
        number = self.world.population.random.choice(self.world.population.in_use)
        self.requested.setdefault(number, self.world.engine.seconds)
        self._made += 1
        names = {"team_id": team_id(number), "advertiser_id": advertiser_id(number)}
        self.requests.take(f"{self._made:036d}", names | detail, rested=rested)

    def _change(self) -> None:
        population = self.world.population
        number = population.random.randrange(population.case.advertisers)
        requirement = population.random.choice(REQUIREMENTS)
        population.change(number, requirement)
        if self.changed.pop((number, requirement), None) is None:  # else it is as it was, and nobody needs to know
            self.changed[number, requirement] = self.world.engine.seconds


def light(seconds: float) -> float:
    """How much more happens at this time of the day than on average."""
    hour = seconds / 3_600 - _PEAK_HOUR
    return 1 + assumptions.DAYLIGHT * math.cos(hour / 24 * 2 * math.pi)

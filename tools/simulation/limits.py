"""How near each limit is: what breaks first, and the parameter that moves it."""

from dataclasses import dataclass

from publishing.readiness.pacing import URGENT_SHARE
from tools.simulation.assumptions import LAUNCH_NEAR
from tools.simulation.cases import Case

LOOKS = "looks that the app's level allows"


@dataclass(frozen=True)
class Limit:
    """`load` 1.0 is as much as there is."""

    what: str
    load: float
    moved_by: str


def limits(case: Case, wanted: float, longest_sweep: float, busiest_minute: int, busiest: str) -> list[Limit]:
    """Every limit, the nearest first. `wanted` are looks a day."""
    checks = case.pace.checks_per_minute * 1_440
    urgent = case.advertisers * case.in_use * LAUNCH_NEAR * 24 / (case.active_every.total_seconds() / 3_600)
    found = [
        Limit(
            LOOKS,
            (wanted - urgent) / (checks * (1 - URGENT_SHARE)),
            "TikTokAppLevel, ReadinessSharePercent, ActiveEvery, IdleEvery",
        ),
        Limit(
            "looks before launches",
            urgent / (checks * URGENT_SHARE),
            "TikTokAppLevel, ReadinessSharePercent, ActiveEvery",
        ),
        Limit(
            f"TikTok's limit of a minute, {busiest}",
            busiest_minute / case.pace.level.per_minute,
            "TikTokAppLevel, ReadinessSharePercent",
        ),
        Limit(
            "a sweep's time until the next sweep",
            longest_sweep / case.schedule.total_seconds(),
            "ReadinessSchedule, ActiveEvery",
        ),
    ]
    return sorted(found, key=lambda one: -one.load)

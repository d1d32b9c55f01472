"""The advertisers: which are in use, what each of them truly has, and what is known of them when the simulation begins.

It begins in the state in which the schedule would have brought it, as far as capacity goes: the warm-up does the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import Requirement
from publishing.readiness.cadence import ACTIVE_FOR, JITTER, LAUNCH_NEAR
from publishing.readiness.pacing import URGENT_SHARE
from publishing.readiness.record import Record
from publishing.readiness.snapshot import Known, Look, Snapshot
from tools.in_memory_readiness import InMemoryRecords
from tools.simulation import assumptions
from tools.simulation.cases import Case
from tools.simulation.profiles import Profile
from tools.simulation.tiktok import Asked

REQUIREMENTS = tuple(Requirement)
WITNESS = "user-00000001"
_ABSENT = {
    Requirement.IDENTITY: ("no_identity", "tt_user_unavailable"),
    Requirement.PIXEL: ("no_pixel", "pixel_unbound"),
    Requirement.CATALOG: ("no_catalog", "catalog_not_eligible"),
    Requirement.APP: ("no_app", "no_app"),
    Requirement.LEAD_FORM: ("no_lead_form", "lead_form_not_published"),
}
"""What TikTok shows where a prerequisite is not there: nothing, or an asset with something wrong."""
_SATISFIED = Finding(Status.SATISFIED)
_MISSING = {
    requirement: tuple(Finding(Status.MISSING, reason) for reason in reasons)
    for requirement, reasons in _ABSENT.items()
}
_REFUSED = Finding(Status.UNKNOWN, Unverified.RATE_LIMITED)
_UNANSWERED = Finding(Status.UNKNOWN, Unverified.TIMEOUT)

State = tuple[int, ...]
"""Of each prerequisite: 0 there, 1 nothing there, 2 there and unusable."""


@lru_cache(maxsize=1_024)
def _findings(state: State) -> Mapping[Requirement, Finding]:
    return {one: _MISSING[one][how - 1] if how else _SATISFIED for one, how in zip(REQUIREMENTS, state, strict=True)}


def advertiser_id(number: int) -> str:
    """The id, as long as TikTok's are."""
    return f"73{number:017d}"


def number_of(advertiser: str) -> int:
    """The number that an id was made of."""
    return int(advertiser[2:])


def team_id(number: int) -> str:
    """The team, with an id as long as such ids are."""
    return f"team-{number // assumptions.ADVERTISERS_PER_TEAM:012d}"


@dataclass(slots=True)
class Population:
    """Everybody, by number."""

    case: Case
    profiles: Sequence[Profile]
    random: Random
    in_use: list[int] = field(init=False)
    """Their numbers."""
    states: list[State] = field(init=False)
    profile_of: bytes = field(init=False)
    used: bytes = field(init=False)

    def __post_init__(self) -> None:
        size, random = self.case.advertisers, self.random
        used = bytearray(size)
        for number in random.sample(range(size), round(size * self.case.in_use)):
            used[number] = 1
        self.used = bytes(used)
        self.in_use = [number for number in range(size) if used[number]]
        self.profile_of = bytes(random.randrange(len(self.profiles)) for _ in range(size))
        intern: dict[State, State] = {}
        self.states = []
        for _ in range(size):
            state = tuple(self._absent() if random.random() > assumptions.READY else 0 for _ in REQUIREMENTS)
            self.states.append(intern.setdefault(state, state))

    def profile(self, number: int) -> Profile:
        """The calls that a check of this advertiser makes."""
        return self.profiles[self.profile_of[number]]

    def change(self, number: int, requirement: Requirement) -> None:
        """A prerequisite appears, or disappears."""
        state = list(self.states[number])
        place = REQUIREMENTS.index(requirement)
        state[place] = 0 if state[place] else self._absent()
        self.states[number] = tuple(state)

    def look(self, number: int, asked: Asked, at: datetime, only: Sequence[Requirement] = REQUIREMENTS) -> Look:
        """What such a look finds, TikTok's moods included."""
        if asked.silent:
            return Look(at, dict.fromkeys(only, _UNANSWERED), WITNESS)
        findings = _findings(self.states[number])
        mood = self.random.random()
        if mood < assumptions.FALSE_EMPTY + assumptions.TROUBLE:
            wrong = self.random.choice(REQUIREMENTS)
            found = _UNANSWERED if mood < assumptions.TROUBLE else _MISSING[wrong][0]
            findings = {**findings, wrong: found}
        if asked.refused:
            findings = {**findings, **dict.fromkeys(asked.refused, _REFUSED)}
        if only is not REQUIREMENTS:
            findings = {one: findings[one] for one in only}
        return Look(at, findings, WITNESS, warnings=() if only is REQUIREMENTS else None)

    def store(self, records: InMemoryRecords, start: datetime) -> None:
        """Write what is known at the start: looks spread over each interval, and over what capacity adds to it."""
        cadence, behind = self.case.cadence, wait_for_capacity(self.case)
        known_of = lru_cache(maxsize=200_000)(_known)
        for number in range(self.case.advertisers):
            active = bool(self.used[number])
            age = self.random.random() * (cadence.every(active=active) * (1 - JITTER / 2) + behind)
            looked_at = start - timedelta(seconds=round(age.total_seconds()))
            near = active and self.random.random() < assumptions.LAUNCH_NEAR
            team, advertiser = team_id(number), advertiser_id(number)
            records.write(
                Record(
                    team,
                    advertiser,
                    due_at=cadence.next_due(f"{team}/{advertiser}", looked_at, looked_at, active=active),
                    snapshot=known_of(self.states[number], looked_at),
                    active_until=start + ACTIVE_FOR if active else None,
                    launch_at=start + LAUNCH_NEAR * (2 * self.random.random() - 1) if near else None,
                )
            )

    def _absent(self) -> int:
        return 2 if self.random.random() < assumptions.AUTHORITATIVE else 1


def _known(state: State, at: datetime) -> Snapshot:
    found = _findings(state)
    return Snapshot(
        {
            one: Known(finding.status is Status.SATISFIED, finding.reason, since=at, checked_at=at)
            for one, finding in found.items()
        },
        generation=1,
        witness=WITNESS,
    )


def wanted_per_hour(case: Case, behind: timedelta = timedelta()) -> float:
    """Looks that the schedule asks for, if each comes so much later than it should."""
    hour = timedelta(hours=1)
    early = 1 - JITTER / 2
    used = case.advertisers * case.in_use
    return used / ((case.active_every * early + behind) / hour) + (case.advertisers - used) / (
        (case.idle_every * early + behind) / hour
    )


def wait_for_capacity(case: Case) -> timedelta:
    """By how much looks come later, in the long run, where capacity does not do for all: the oldest come first."""
    capacity = case.pace.checks_per_minute * (1 - URGENT_SHARE) * 60
    low, high = timedelta(), timedelta(days=365)
    while high - low > timedelta(seconds=1):
        middle = (low + high) / 2
        low, high = (middle, high) if wanted_per_hour(case, middle) > capacity else (low, middle)
    return high if wanted_per_hour(case) > capacity else timedelta()

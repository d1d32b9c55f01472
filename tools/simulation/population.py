"""The advertisers: which are active, which assets each has, and what is known of them when the simulation starts.

It starts in the state that the schedule would have produced, as far as capacity allows; the warm-up does the rest.
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
from publishing.readiness.snapshot import CheckResult, PrerequisiteState, Snapshot
from tools.in_memory_readiness import InMemoryReadiness
from tools.simulation import assumptions
from tools.simulation.cases import Case
from tools.simulation.tiktok import CallResult, Profile

REQUIREMENTS = tuple(Requirement)
VERIFIED_BY = "user-00000001"
_REASONS = {
    Requirement.IDENTITY: ("no_identity", "tt_user_unavailable"),
    Requirement.PIXEL: ("no_pixel", "pixel_unbound"),
    Requirement.CATALOG: ("no_catalog", "catalog_not_eligible"),
    Requirement.APP: ("no_app", "no_app"),
    Requirement.LEAD_FORM: ("no_lead_form", "lead_form_not_published"),
}
"""The two reasons for which a prerequisite is missing: TikTok returns no asset, or an unusable one."""
_SATISFIED = Finding(Status.SATISFIED)
_MISSING = {
    requirement: tuple(Finding(Status.MISSING, reason) for reason in reasons)
    for requirement, reasons in _REASONS.items()
}
_REFUSED = Finding(Status.UNKNOWN, Unverified.RATE_LIMITED)
_UNANSWERED = Finding(Status.UNKNOWN, Unverified.TIMEOUT)

State = tuple[int, ...]
"""For each prerequisite: 0 satisfied, 1 no asset, 2 an unusable asset."""


@lru_cache(maxsize=1_024)
def _findings(state: State) -> Mapping[Requirement, Finding]:
    return {one: _MISSING[one][how - 1] if how else _SATISFIED for one, how in zip(REQUIREMENTS, state, strict=True)}


def advertiser_id(number: int) -> str:
    """Return the id, as long as TikTok's are."""
    return f"73{number:017d}"


def number_of(advertiser: str) -> int:
    """Return the number that an id was made of."""
    return int(advertiser[2:])


def team_id(number: int) -> str:
    """Return the advertiser's team, with an id as long as such ids are."""
    return f"team-{number // assumptions.ADVERTISERS_PER_TEAM:012d}"


@dataclass(slots=True)
class Population:
    """All advertisers, by number."""

    case: Case
    profiles: Sequence[Profile]
    random: Random
    active: list[int] = field(init=False)
    """The numbers of the active ones."""
    states: list[State] = field(init=False)
    profile_of: bytes = field(init=False)
    is_active: bytes = field(init=False)
    """For each advertiser 1 or 0."""

    def __post_init__(self) -> None:
        size, random = self.case.advertisers, self.random
        is_active = bytearray(size)
        for number in random.sample(range(size), round(size * self.case.active_share)):
            is_active[number] = 1
        self.is_active = bytes(is_active)
        self.active = [number for number in range(size) if is_active[number]]
        self.profile_of = bytes(random.randrange(len(self.profiles)) for _ in range(size))
        intern: dict[State, State] = {}
        self.states = []
        for _ in range(size):
            state = tuple(self._absent() if random.random() > assumptions.SATISFIED else 0 for _ in REQUIREMENTS)
            self.states.append(intern.setdefault(state, state))

    def profile(self, number: int) -> Profile:
        """Return the calls of a check of this advertiser."""
        return self.profiles[self.profile_of[number]]

    def change(self, number: int, requirement: Requirement) -> None:
        """Let a prerequisite appear or disappear."""
        state = list(self.states[number])
        place = REQUIREMENTS.index(requirement)
        state[place] = 0 if state[place] else self._absent()
        self.states[number] = tuple(state)

    def check(
        self, number: int, calls: CallResult, at: datetime, only: Sequence[Requirement] = REQUIREMENTS
    ) -> CheckResult:
        """Return what a check with these calls finds, random TikTok failures included."""
        if calls.no_response:
            return CheckResult(at, dict.fromkeys(only, _UNANSWERED), VERIFIED_BY)
        findings = _findings(self.states[number])
        drawn = self.random.random()
        if drawn < assumptions.FALSE_EMPTY + assumptions.UNANSWERED:
            wrong = self.random.choice(REQUIREMENTS)
            found = _UNANSWERED if drawn < assumptions.UNANSWERED else _MISSING[wrong][0]
            findings = {**findings, wrong: found}
        if calls.refused:
            findings = {**findings, **dict.fromkeys(calls.refused, _REFUSED)}
        if only is not REQUIREMENTS:
            findings = {one: findings[one] for one in only}
        return CheckResult(at, findings, VERIFIED_BY, warnings=() if only is REQUIREMENTS else None)

    def store(self, records: InMemoryReadiness, start: datetime) -> None:
        """Write what is known at the start: checks are spread over each interval, and what capacity adds to it."""
        cadence, delay = self.case.cadence, delay_by_capacity(self.case)
        known_of = lru_cache(maxsize=200_000)(_known)
        for number in range(self.case.advertisers):
            active = bool(self.is_active[number])
            age = self.random.random() * (cadence.every(active=active) * (1 - JITTER / 2) + delay)
            last_check_at = start - timedelta(seconds=round(age.total_seconds()))
            near = active and self.random.random() < assumptions.LAUNCH_NEAR
            team, advertiser = team_id(number), advertiser_id(number)
            records.write(
                Record(
                    team,
                    advertiser,
                    due_at=cadence.next_due(f"{team}/{advertiser}", last_check_at, last_check_at, active=active),
                    snapshot=known_of(self.states[number], last_check_at),
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
            one: PrerequisiteState(finding.status is Status.SATISFIED, finding.reason, since=at, checked_at=at)
            for one, finding in found.items()
        },
        generation=1,
        verified_by=VERIFIED_BY,
    )


def wanted_per_hour(case: Case, delay: timedelta = timedelta()) -> float:
    """Return how many checks the schedule wants, if each is made with this delay."""
    hour = timedelta(hours=1)
    early = 1 - JITTER / 2
    active = case.advertisers * case.active_share
    return active / ((case.active_every * early + delay) / hour) + (case.advertisers - active) / (
        (case.idle_every * early + delay) / hour
    )


def delay_by_capacity(case: Case) -> timedelta:
    """Return the delay of checks in the long run if capacity is not sufficient for all: the oldest come first."""
    capacity = case.pace.checks_per_minute * (1 - URGENT_SHARE) * 60
    low, high = timedelta(), timedelta(days=365)
    while high - low > timedelta(seconds=1):
        middle = (low + high) / 2
        low, high = (middle, high) if wanted_per_hour(case, middle) > capacity else (low, middle)
    return high if wanted_per_hour(case) > capacity else timedelta()

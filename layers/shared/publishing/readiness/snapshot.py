"""What is known of an advertiser, and what one more check changes (pure).

What a check could not verify never replaces what was verified before: that stays, as stale. If something that was
satisfied is absent, that is an unconfirmed absence first; it counts only when a confirmation check says the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from publishing.preflight.findings import Finding, Status
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, verdict

AUTHORITATIVE = frozenset({"catalog_not_eligible", "lead_form_not_published", "pixel_unbound", "tt_user_unavailable"})
"""Reasons that rest on what TikTok says of an asset that it returns. The others rest on an empty listing, which a short
outage at TikTok can cause too."""

TOKEN_DEPENDENT = frozenset({Requirement.IDENTITY, Requirement.CATALOG, Requirement.LEAD_FORM})
"""What one person's token sees and another's does not: linked accounts, and what Business Centers hold."""


class UnconfirmedAbsence(NamedTuple):
    """A check did not find what had been there."""

    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class PrerequisiteState:
    """The last verified state of one prerequisite."""

    satisfied: bool
    reason: str | None
    since: datetime
    """When it became so; after the first check, that check."""
    checked_at: datetime
    """When TikTok last said so."""
    stale_since: datetime | None = None
    """The first check since then that could not verify it."""
    unconfirmed_absence: UnconfirmedAbsence | None = None
    verified_by: str | None = None
    """The user with whose token TikTok said so."""
    stale_notified: bool = False
    """Whether an event said that it can no longer be verified."""


@dataclass(frozen=True, slots=True)
class ObjectiveState:
    """What the snapshot says of one objective."""

    missing: tuple[Requirement, ...]
    unknown: tuple[Requirement, ...]
    """What was never verified."""
    stale: bool
    checked_at: datetime | None
    """The oldest evidence that it rests on."""
    last_transition_at: datetime | None

    @property
    def ready(self) -> bool:
        """Nothing is missing and nothing is unknown."""
        return not self.missing and not self.unknown


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of one advertiser; objectives are derived from it, so that they cannot disagree."""

    known: Mapping[Requirement, PrerequisiteState] = field(default_factory=dict)
    generation: int = 0
    """0: nothing was verified yet. Rises with the baseline and with every event; see :func:`next_generation`."""
    at_risk: bool = False
    """Whether the identity is expected to fail."""
    warnings: tuple[str, ...] = ()
    verified_by: str | None = None
    """The user with whose token the last check was made."""
    provisional: bool = False
    """Whether it rests on preflights only, with whichever person's token."""

    @property
    def checked_at(self) -> datetime | None:
        """The oldest evidence that anything here rests on."""
        return min((one.checked_at for one in self.known.values()), default=None)

    @property
    def stale_since(self) -> datetime | None:
        """Since when a part of it could not be verified."""
        return min((one.stale_since for one in self.known.values() if one.stale_since), default=None)

    @property
    def unconfirmed_since(self) -> datetime | None:
        """Since when the latest unconfirmed absence waits for its confirmation check."""
        absences = (one.unconfirmed_absence for one in self.known.values())
        return max((absence.since for absence in absences if absence), default=None)

    def objective(self, name: str) -> ObjectiveState:
        """Return what is known of an objective."""
        required = OBJECTIVES[name]
        known = [self.known[one] for one in required if one in self.known]
        return ObjectiveState(
            missing=tuple(one for one in required if one in self.known and not self.known[one].satisfied),
            unknown=tuple(one for one in required if one not in self.known),
            stale=any(one.stale_since for one in known),
            checked_at=min((one.checked_at for one in known), default=None),
            last_transition_at=max((one.since for one in known), default=None),
        )


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found at TikTok."""

    at: datetime
    findings: Mapping[Requirement, Finding]
    """Of the prerequisites that were checked."""
    verified_by: str | None
    """The user with whose token it was made; None if there was no token to ask with."""
    at_risk: bool = False
    warnings: tuple[str, ...] | None = None
    """None: not all prerequisites were checked, so the known warnings stay."""

    @classmethod
    def of(cls, evidence: Evidence, objectives: Iterable[str], at: datetime, verified_by: str) -> "CheckResult":
        """Return the result whose verdicts are those of the publish check, for these objectives."""
        objectives = tuple(objectives)
        verdicts = [verdict(objective, evidence, strict=False) for objective in objectives]
        findings = {
            requirement: finding
            for one in verdicts
            for requirement, finding in one.findings.items()
            if finding.status is not Status.NOT_REQUIRED
        }
        warnings = tuple(dict.fromkeys(code for one in verdicts for code in one.warnings))
        return cls(
            at=at,
            findings={requirement: findings[requirement] for requirement in Requirement if requirement in findings},
            verified_by=verified_by,
            at_risk=Requirement.IDENTITY in verdicts[0].at_risk,
            warnings=warnings if len(findings) == len(Requirement) else None,
        )

    @classmethod
    def nothing_verified(cls, at: datetime, finding: Finding) -> "CheckResult":
        """Return the result of a check that could not be made, for the reason in ``finding``."""
        return cls(at=at, findings=dict.fromkeys(Requirement, finding), verified_by=None)

    def only(self, requirements: Iterable[Requirement]) -> "CheckResult":
        """Return the part of it about these prerequisites."""
        kept = set(requirements)
        return replace(self, findings={one: found for one, found in self.findings.items() if one in kept})


@dataclass(frozen=True, slots=True)
class PrerequisiteChange:
    """A prerequisite whose verified state has changed."""

    requirement: Requirement
    satisfied: bool
    """Now."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class Observation:
    """A snapshot after a check, and what has changed."""

    snapshot: Snapshot
    changes: tuple[PrerequisiteChange, ...] = ()


def observe(before: Snapshot, result: CheckResult, confirm_after: timedelta) -> Observation:
    """Return what is known after a check, and what has changed.

    The first verified state is a baseline, not a change. An unconfirmed absence becomes a change with a check that is
    at least ``confirm_after`` later, or at once if its reason is authoritative; for what depends on the token, at once
    only with the token that saw it before. Results of a later check stay: a preflight and a check may run at the same
    time, and the one that started first may end last.
    """
    result = result.only(one for one in result.findings if not _overtaken(before.known.get(one), result.at))
    known = dict(before.known)
    changes: list[PrerequisiteChange] = []
    for requirement, finding in result.findings.items():
        was = before.known.get(requirement)
        now = _state_after(requirement, was, finding, result, confirm_after)
        if now is None:
            continue
        known[requirement] = now
        if was is not None and was.satisfied != now.satisfied:
            changes.append(PrerequisiteChange(requirement, now.satisfied, now.reason))
    asked = result.verified_by is not None
    identity = result.findings.get(Requirement.IDENTITY)
    knows_risk = identity is not None and identity.status is not Status.UNKNOWN
    first = known and not before.generation
    after = replace(
        before,
        known={one: known[one] for one in Requirement if one in known},
        generation=next_generation(before.generation, result.at) if changes or first else before.generation,
        at_risk=result.at_risk if knows_risk else before.at_risk,
        warnings=result.warnings if asked and result.warnings is not None else before.warnings,
        verified_by=result.verified_by or before.verified_by,
    )
    return Observation(after, tuple(changes))


def next_generation(before: int, at: datetime) -> int:
    """Return the generation after ``before`` that a check at ``at`` begins: that time, in milliseconds since the epoch.

    A counter would repeat its numbers once the record was deleted or restored (decision 42). If a check ends after one
    that started later, its generation is one more than ``before``.
    """
    return max(before + 1, int(at.timestamp() * 1000))


def settle_provisional(before: Snapshot, result: CheckResult) -> Snapshot:
    """Return ``before`` as the baseline of the first scheduled check.

    What a preflight saw with another person's token is no baseline if it depends on the token: that this check does not
    see it is no change.
    """
    if not before.provisional or result.verified_by is None:
        return before
    doubtful = TOKEN_DEPENDENT & contradicted(before, result)
    known = {
        one: state
        for one, state in before.known.items()
        if one not in doubtful or result.verified_by == (state.verified_by or before.verified_by)
    }
    return replace(before, known=known, provisional=False)


def contradicted(before: Snapshot, result: CheckResult) -> frozenset[Requirement]:
    """Return the prerequisites of which ``result`` says the opposite of what is known."""
    return frozenset(
        requirement
        for requirement, finding in result.findings.items()
        if requirement in before.known
        and finding.status in {Status.SATISFIED, Status.MISSING}
        and before.known[requirement].satisfied != (finding.status is Status.SATISFIED)
    )


def _overtaken(state: PrerequisiteState | None, at: datetime) -> bool:
    """Whether the state rests on a check that started after ``at``."""
    if state is None:
        return False
    return at < (state.unconfirmed_absence.since if state.unconfirmed_absence else state.checked_at)


def _state_after(
    requirement: Requirement,
    was: PrerequisiteState | None,
    finding: Finding,
    result: CheckResult,
    confirm_after: timedelta,
) -> PrerequisiteState | None:
    at = result.at
    if finding.status is Status.UNKNOWN:
        return replace(was, stale_since=was.stale_since or at) if was else None
    satisfied = finding.status is Status.SATISFIED
    verified = PrerequisiteState(satisfied, finding.reason, since=at, checked_at=at, verified_by=result.verified_by)
    if was is None or (satisfied and not was.satisfied):
        return verified
    if satisfied == was.satisfied:
        return replace(verified, since=was.since)
    same_token = requirement not in TOKEN_DEPENDENT or result.verified_by == was.verified_by
    stated = finding.reason in AUTHORITATIVE and same_token
    absence = was.unconfirmed_absence
    if absence is None and not stated:
        unconfirmed = UnconfirmedAbsence(finding.reason, at)
        return replace(was, unconfirmed_absence=unconfirmed, stale_since=None, stale_notified=False)
    confirmed = absence is not None and at - absence.since >= confirm_after
    return verified if confirmed or stated else was

"""What is known of an advertiser, and what one more look makes of it: pure rules.

What a look could not verify never replaces what was verified before: that stays, as stale. What was satisfied and is
not there any more is a suspicion first, and a fact only when a second look says the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from publishing.preflight.findings import Finding, Status
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, verdict

AUTHORITATIVE = frozenset({"catalog_not_eligible", "lead_form_not_published", "pixel_unbound", "tt_user_unavailable"})
"""Reasons that rest on what TikTok says of an asset that it shows. The others rest on a listing that is empty, which a
moment's trouble at TikTok can be too."""

PERSONAL = frozenset({Requirement.IDENTITY, Requirement.CATALOG, Requirement.LEAD_FORM})
"""What one person's token sees and another's does not: linked accounts, and what Business Centers hold."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A look did not find any more what was there."""

    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """The last verified state of one prerequisite."""

    satisfied: bool
    reason: str | None
    since: datetime
    """When it became so; at the first look, that look."""
    checked_at: datetime
    """When TikTok said so last."""
    stale_since: datetime | None = None
    """The first look since then that could not verify it."""
    suspicion: Suspicion | None = None
    witness: str | None = None
    """The user with whose token TikTok said so."""


@dataclass(frozen=True, slots=True)
class ObjectiveState:
    """What the snapshot says of one objective."""

    missing: tuple[Requirement, ...]
    unknown: tuple[Requirement, ...]
    """What was never verified."""
    stale: bool
    last_transition_at: datetime | None

    @property
    def ready(self) -> bool:
        """Nothing is missing and nothing is unknown."""
        return not self.missing and not self.unknown


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of one advertiser; objectives are read from it, so that they cannot disagree."""

    known: Mapping[Requirement, Known] = field(default_factory=dict)
    generation: int = 0
    """0: nothing was verified yet. 1: the baseline. One more with every change."""
    at_risk: bool = False
    """Whether the identity is expected to fail."""
    warnings: tuple[str, ...] = ()
    witness: str | None = None
    """The user with whose token the last look was made."""
    stale_told: bool = False
    """Whether others were told that it cannot be verified any more."""
    provisional: bool = False
    """Whether only preflights have looked yet, with whichever person's token."""

    @property
    def checked_at(self) -> datetime | None:
        """The oldest evidence that anything here rests on."""
        return min((one.checked_at for one in self.known.values()), default=None)

    @property
    def stale_since(self) -> datetime | None:
        """Since when a part of it could not be verified."""
        return min((one.stale_since for one in self.known.values() if one.stale_since), default=None)

    @property
    def suspected_since(self) -> datetime | None:
        """Since when the youngest suspicion waits for a second look."""
        return max((one.suspicion.since for one in self.known.values() if one.suspicion), default=None)

    def objective(self, name: str) -> ObjectiveState:
        """What is known of an objective."""
        required = OBJECTIVES[name]
        known = [self.known[one] for one in required if one in self.known]
        return ObjectiveState(
            missing=tuple(one for one in required if one in self.known and not self.known[one].satisfied),
            unknown=tuple(one for one in required if one not in self.known),
            stale=any(one.stale_since for one in known),
            last_transition_at=max((one.since for one in known), default=None),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at TikTok found."""

    at: datetime
    findings: Mapping[Requirement, Finding]
    """Of the prerequisites that were looked at."""
    witness: str | None
    """The user with whose token it was made; None where there was none to ask with."""
    at_risk: bool = False
    warnings: tuple[str, ...] | None = None
    """None: not all was looked at, so what is known stays."""

    @classmethod
    def of(cls, evidence: Evidence, objectives: Iterable[str], at: datetime, witness: str) -> "Look":
        """The look whose verdicts are those of the publish check, for these objectives."""
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
            witness=witness,
            at_risk=Requirement.IDENTITY in verdicts[0].at_risk,
            warnings=warnings if len(findings) == len(Requirement) else None,
        )

    @classmethod
    def of_nothing(cls, at: datetime, finding: Finding) -> "Look":
        """The look that could not be made, because of what ``finding`` says."""
        return cls(at=at, findings=dict.fromkeys(Requirement, finding), witness=None)

    def only(self, requirements: Iterable[Requirement]) -> "Look":
        """The part of it that speaks of these prerequisites."""
        kept = set(requirements)
        return replace(self, findings={one: found for one, found in self.findings.items() if one in kept})


@dataclass(frozen=True, slots=True)
class Change:
    """A prerequisite whose verified state is another one now."""

    requirement: Requirement
    satisfied: bool
    """Now."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class Observed:
    """What a look came to."""

    snapshot: Snapshot
    changes: tuple[Change, ...] = ()


def observe(before: Snapshot, look: Look, confirm_after: timedelta) -> Observed:
    """What is known after ``look``, and what has changed by it.

    What is seen for the first time is a baseline and no change. A suspicion becomes a change at a look that is at
    least ``confirm_after`` younger, or at once where its reason is authoritative; of what one person's token sees and
    another's does not, it is so only with the token that saw it there. What a younger look has told meanwhile stands:
    a preflight and a look may be made at the same time, and the one that began first may end last.
    """
    look = look.only(one for one in look.findings if not _overtaken(before.known.get(one), look.at))
    known = dict(before.known)
    changes: list[Change] = []
    for requirement, finding in look.findings.items():
        was = before.known.get(requirement)
        now = _known(requirement, was, finding, look, confirm_after)
        if now is None:
            continue
        known[requirement] = now
        if was is not None and was.satisfied != now.satisfied:
            changes.append(Change(requirement, now.satisfied, now.reason))
    seen = look.witness is not None
    identity = look.findings.get(Requirement.IDENTITY)
    says_of_risk = identity is not None and identity.status is not Status.UNKNOWN
    after = replace(
        before,
        known={one: known[one] for one in Requirement if one in known},
        generation=before.generation + 1 if changes or (known and not before.generation) else before.generation,
        at_risk=look.at_risk if says_of_risk else before.at_risk,
        warnings=look.warnings if seen and look.warnings is not None else before.warnings,
        witness=look.witness or before.witness,
    )
    return Observed(replace(after, stale_told=after.stale_told and after.stale_since is not None), tuple(changes))


def settled(before: Snapshot, look: Look) -> Snapshot:
    """``before``, as the first scheduled look takes it.

    What a preflight saw before with another person's token is no baseline, where it depends on the person: that this
    look does not see it is no change.
    """
    if not before.provisional or look.witness is None:
        return before
    doubtful = PERSONAL & contradicted(before, look)
    known = {
        one: known
        for one, known in before.known.items()
        if one not in doubtful or look.witness == (known.witness or before.witness)
    }
    return replace(before, known=known, provisional=False)


def contradicted(before: Snapshot, look: Look) -> frozenset[Requirement]:
    """The prerequisites of which ``look`` says the opposite of what is known."""
    return frozenset(
        requirement
        for requirement, finding in look.findings.items()
        if requirement in before.known
        and finding.status in {Status.SATISFIED, Status.MISSING}
        and before.known[requirement].satisfied != (finding.status is Status.SATISFIED)
    )


def _overtaken(known: Known | None, at: datetime) -> bool:
    """Whether what is known rests on a look that was begun after ``at``."""
    return known is not None and at < (known.suspicion.since if known.suspicion else known.checked_at)


def _known(
    requirement: Requirement, was: Known | None, finding: Finding, look: Look, confirm_after: timedelta
) -> Known | None:
    at = look.at
    if finding.status is Status.UNKNOWN:
        return replace(was, stale_since=was.stale_since or at) if was else None
    satisfied = finding.status is Status.SATISFIED
    verified = Known(satisfied, finding.reason, since=at, checked_at=at, witness=look.witness)
    if was is None or (satisfied and not was.satisfied):
        return verified
    if satisfied == was.satisfied:
        return replace(verified, since=was.since)
    same_eyes = requirement not in PERSONAL or look.witness == was.witness
    stated = finding.reason in AUTHORITATIVE and same_eyes
    if was.suspicion is None and not stated:
        return replace(was, suspicion=Suspicion(finding.reason, at), stale_since=None)
    confirmed = was.suspicion is not None and at - was.suspicion.since >= confirm_after
    return verified if confirmed or stated else was

"""Hypothesis strategies for readiness records: every value that the types allow.

That is more than the rules ever produce (an unconfirmed absence of what is missing, for example): a repository returns
what was stored, whatever it means.
"""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from publishing.events.schemas import OutboxEvent
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import Lease, Record
from publishing.readiness.snapshot import PrerequisiteState, Snapshot, UnconfirmedAbsence

moments: st.SearchStrategy[datetime] = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]),
)
"""To the microsecond, in several time zones. A float holds microseconds until the year 2242."""
names: st.SearchStrategy[str] = st.text(min_size=1, max_size=40)
"""Ids, claims, reasons: any text."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
absences = st.builds(UnconfirmedAbsence, reason=st.none() | names, since=moments)
prerequisite_states = st.builds(
    PrerequisiteState,
    satisfied=st.booleans(),
    reason=st.none() | names,
    since=moments,
    checked_at=moments,
    stale_since=st.none() | moments,
    unconfirmed_absence=st.none() | absences,
    verified_by=st.none() | names,
    stale_notified=st.booleans(),
)
snapshots = st.builds(
    Snapshot,
    known=st.dictionaries(st.sampled_from(Requirement), prerequisite_states),
    generation=st.integers(0, 10**13),
    at_risk=st.booleans(),
    warnings=st.lists(names, max_size=3).map(tuple),
    verified_by=st.none() | names,
    provisional=st.booleans(),
)
outbox_events = st.builds(
    OutboxEvent, id=names, detail_type=names, detail=st.dictionaries(names, json_values, max_size=4)
)
records = st.builds(
    Record,
    team_id=names,
    advertiser_id=names,
    due_at=moments,
    snapshot=snapshots,
    claim=st.none() | names,
    claimed_at=st.none() | moments,
    lease=st.none() | st.builds(Lease, claim=names, until=moments),
    active_until=st.none() | moments,
    launch_at=st.none() | moments,
    later_launches=st.lists(moments, max_size=3).map(tuple),
    last_check_at=st.none() | moments,
    requests=st.lists(names, max_size=3).map(tuple),
    outbox=st.lists(outbox_events, max_size=3).map(tuple),
    revision=st.integers(0, 10**6),
)

"""Hypothesis strategies of what readiness knows of an advertiser: anything that a record can hold.

More than the rules ever make of it (a suspicion of what is missing, say), since what is kept is read back as it is.
"""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from publishing.preflight.objectives import Requirement
from publishing.readiness.record import Lease, OutgoingEvent, Record
from publishing.readiness.snapshot import Known, Snapshot, Suspicion

moments: st.SearchStrategy[datetime] = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]),
)
"""To the microsecond, in whichever zone."""
names: st.SearchStrategy[str] = st.text(min_size=1, max_size=40)
"""Ids, claims, reasons: texts of others."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
suspicions = st.builds(Suspicion, reason=st.none() | names, since=moments)
knowns = st.builds(
    Known,
    satisfied=st.booleans(),
    reason=st.none() | names,
    since=moments,
    checked_at=moments,
    stale_since=st.none() | moments,
    suspicion=st.none() | suspicions,
    witness=st.none() | names,
)
snapshots = st.builds(
    Snapshot,
    known=st.dictionaries(st.sampled_from(Requirement), knowns),
    generation=st.integers(0, 10**6),
    at_risk=st.booleans(),
    warnings=st.lists(names, max_size=3).map(tuple),
    witness=st.none() | names,
    stale_told=st.booleans(),
    provisional=st.booleans(),
)
outgoing_events = st.builds(
    OutgoingEvent, id=names, detail_type=names, detail=st.dictionaries(names, json_values, max_size=4)
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
    looked_at=st.none() | moments,
    outbox=st.lists(outgoing_events, max_size=3).map(tuple),
    revision=st.integers(0, 10**6),
)

"""Readiness: what is known of each advertiser, kept up to date by scheduled checks.

To read in order, rules first (all pure): ``snapshot`` (what is known and what a check changes), ``record`` (a snapshot
with its place in the schedule), ``cadence`` and ``pacing`` (when to check, and how fast), ``decision`` (what follows
from a check). Then what the functions do: ``sweep`` and ``check_request`` (queue jobs), ``worker`` and ``check``
(process them), ``snapshot_refresher`` (what a preflight contributes), ``list_readiness`` (what callers see).
"""

"""Readiness that watches itself: what is known of each advertiser, kept true by looks that nobody has to ask for.

To read it in order: ``snapshot`` (what is known, and what a look changes), ``record`` (a snapshot with its place in
the schedule), ``cadence`` and ``pacing`` (when to look, and how fast), ``events`` (what others are told), ``decision``
(what follows from a look) and ``codec`` (a record as text) are pure; ``stores`` is what is outside the process.
``sweep``, ``request``, ``looks`` with ``check`` and ``worker``, ``live`` and ``board`` are what the functions do,
``expiry`` and ``metrics`` what is told on the way.
"""

"""Time limits of tests: wide enough that a busy machine does not fail them, narrow enough that a hang does."""

GENEROUS_SECONDS = 5.0
"""Longer than anything here takes that does not hang, and much shorter than :data:`FOREVER`."""
FOREVER = 60.0
"""Seconds for which a simulated call hangs; no test waits that long."""

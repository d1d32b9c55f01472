"""How long a test waits for what should come at once: its outcome does not depend on how busy the machine is."""

GENEROUS_SECONDS = 5.0
"""More than anything here takes that does not hang. What hangs, hangs for much longer: see :data:`FOREVER`."""
FOREVER = 60.0
"""Seconds that something hangs which nobody may wait for."""

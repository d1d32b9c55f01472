"""Loads a function's modules without the garbage collector: import this module before all others.

Nothing that Init loads becomes garbage, yet the collector would scan all of it repeatedly: 4 to 7 % of a cold start
(docs/performance.md).
"""

import gc

gc.disable()


def finish() -> None:
    """End Init: what is loaded is never scanned again; what requests leave behind is collected as usual."""
    gc.freeze()
    gc.enable()

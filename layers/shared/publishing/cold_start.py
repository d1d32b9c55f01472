"""A function's modules are loaded without the garbage collector: import this one before all others.

Nothing that Init loads becomes garbage, yet the collector would look through all of it again and again: 4 to 7 % of a
cold start (docs/performance.md).
"""

import gc

gc.disable()


def over() -> None:
    """End Init: what is there stays and is not looked at again; what requests leave behind is collected as ever."""
    gc.freeze()
    gc.enable()

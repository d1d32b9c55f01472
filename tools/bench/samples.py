"""Figures of several samples: the median and the quartiles."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Figure:
    """A median with the first and third quartile; in milliseconds, or a ratio."""

    median: float
    low: float
    high: float
    samples: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return the figure of some samples, or of a single one."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))

    def over(self, reference: float) -> "Figure":
        """Return the figure as a ratio to a reference."""
        return Figure(self.median / reference, self.low / reference, self.high / reference, self.samples)


def milliseconds(seconds: Sequence[float]) -> Figure:
    """Return the figure of durations in seconds, in milliseconds."""
    return Figure.of([1_000 * one for one in seconds])

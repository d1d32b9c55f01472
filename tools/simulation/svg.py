"""Plots as SVG, readable on light and on dark ground: lines over numbers, and groups of bars."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 20, 48, 86
_COLOURS = ("#0b84d8", "#e0662b", "#159a6c", "#a45bc9", "#c2931b")
"""In this order; each stands out from white and from black."""
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .limit { stroke-dasharray: 6 4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .grid { stroke: #30363d; }
    .axis { stroke: #8b949e; }
  }"""


@dataclass(frozen=True, slots=True)
class Line:
    """Points, left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    limit: bool = False
    """Drawn in dashes."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What a plot says around its figures."""

    title: str
    across: str
    up: str
    logarithmic: bool = False


def lines(axes: Axes, drawn: Sequence[Line]) -> str:
    """A plot of lines."""
    every = [point for line in drawn for point in line.points]
    left, right = min(x for x, _ in every), max(x for x, _ in every)
    scale = _Scale.over((y for _, y in every), logarithmic=axes.logarithmic)
    across = _steps(left, right)

    def place(x: float) -> float:
        return _LEFT + (x - left) / ((right - left) or 1) * (WIDTH - _LEFT - _RIGHT)

    parts = [_frame(axes, scale), *(_tick(place(x), f"{x:g}") for x in across)]
    for number, line in enumerate(drawn):
        path = " ".join(f"{place(x):.1f},{scale.place(y):.1f}" for x, y in line.points)
        kind = "line limit" if line.limit else "line"
        parts.append(f'<polyline class="{kind}" stroke="{_COLOURS[number % len(_COLOURS)]}" points="{path}"/>')
    return _document(axes, parts, [line.name for line in drawn])


def bars(axes: Axes, groups: Sequence[tuple[str, Sequence[float]]], names: Sequence[str]) -> str:
    """A plot of groups of bars; `names` say what each bar of a group is."""
    scale = _Scale.over((value for _, values in groups for value in values), logarithmic=axes.logarithmic)
    width = (WIDTH - _LEFT - _RIGHT) / len(groups)
    bar = width * 0.8 / len(names)
    parts = [_frame(axes, scale)]
    for place, (label, values) in enumerate(groups):
        left = _LEFT + width * (place + 0.1)
        for number, value in enumerate(values):
            top = scale.place(value)
            parts.append(
                f'<rect x="{left + number * bar:.1f}" y="{top:.1f}" width="{bar * 0.92:.1f}"'
                f' height="{max(0.0, HEIGHT - _BOTTOM - top):.1f}" fill="{_COLOURS[number % len(_COLOURS)]}"/>'
            )
        parts.append(_tick(left + width * 0.4, label))
    return _document(axes, parts, names)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    marks: Sequence[float]
    logarithmic: bool

    @classmethod
    def over(cls, values: Iterable[float], *, logarithmic: bool) -> "_Scale":
        known = [value for value in values if value > 0 or not logarithmic]
        if logarithmic:
            low = 10 ** math.floor(math.log10(min(known)))
            high = 10 ** math.ceil(math.log10(max(known)))
            marks = [low * 10**power for power in range(round(math.log10(high / low)) + 1)]
            return cls(low, max(high, 10 * low), marks, logarithmic=True)
        marks = _steps(0.0, max(*known, 0.001))
        return cls(0.0, max(marks[-1], *known) * 1.05, marks, logarithmic=False)

    def place(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        if self.logarithmic:
            part = math.log10(max(value, self.low) / self.low) / math.log10(self.high / self.low)
        return HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM)


def _steps(low: float, high: float) -> list[float]:
    """Round numbers from one end to the other, some six of them."""
    rough = (high - low) / 6 or 1
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * by for by in (1, 2, 3, 5, 10) if unit * by >= rough)
    return [round(step * number, 10) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _tick(x: float, label: str) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle">{escape(label)}</text>'


def _frame(axes: Axes, scale: _Scale) -> str:
    floor, middle = HEIGHT - _BOTTOM, (HEIGHT - _BOTTOM + _TOP) / 2
    parts = [f'<text class="title" x="{_LEFT}" y="24">{escape(axes.title)}</text>']
    for mark in scale.marks:
        y = scale.place(mark)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
    parts += [
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>',
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{floor + 42}" text-anchor="middle">{escape(axes.across)}</text>',
        f'<text transform="translate(18 {middle}) rotate(-90)" text-anchor="middle">{escape(axes.up)}</text>',
    ]
    return "\n".join(parts)


def _document(axes: Axes, parts: Sequence[str], names: Sequence[str]) -> str:
    legend = []
    wide = (WIDTH - _LEFT - _RIGHT) / len(names)
    for number, name in enumerate(names):
        x = _LEFT + number * wide
        colour = _COLOURS[number % len(_COLOURS)]
        legend.append(f'<rect x="{x:.1f}" y="{HEIGHT - 24}" width="14" height="10" fill="{colour}"/>')
        legend.append(f'<text x="{x + 20:.1f}" y="{HEIGHT - 14}">{escape(name)}</text>')
    body = "\n".join((*parts, *legend))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(axes.title)}">\n<style>{_STYLE}\n</style>\n{body}\n</svg>\n'
    )

"""The plots of docs/scaling.md, drawn as SVG from the figures of docs/scaling.json, for light and dark backgrounds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from publishing.readiness.pacing import LEVELS
from tools.simulation.cases import Case
from tools.simulation.figures import ACTIVE, CURVE_MINUTES, IDLE, LAUNCH, SAMPLE_SECONDS

WIDTH, HEIGHT = 760, 380
_HOURS_BEFORE, _HOURS_AFTER = 2, 12
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 20, 48, 86
_COLOURS = ("#0b84d8", "#e0662b", "#159a6c", "#a45bc9", "#c2931b")
"""Used in this order; each has enough contrast with white and with black."""
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


def plots(report: Mapping[str, Any]) -> dict[str, str]:
    """Return each plot by the name of its file."""
    sizes = report["sizes"]
    largest = max((one for one in sizes if one["outage"]), key=lambda one: one["case"]["advertisers"])
    return {
        "freshness-active.svg": _freshness("Age of snapshots of active advertisers", sizes, (ACTIVE, LAUNCH)),
        "freshness-idle.svg": _freshness("Age of snapshots of idle advertisers", sizes, (IDLE,)),
        "calls.svg": _calls(largest),
        "queue.svg": _queue(sizes),
    }


def name_of(case: Mapping[str, Any]) -> str:
    """Return a case's size and level."""
    return Case(case["advertisers"], case["level"]).name


def _freshness(title: str, sizes: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> str:
    groups = [
        (name_of(one["case"]), [one["ages"][kind][part] / 3_600 for kind in kinds for part in ("p50", "p99")])
        for one in sizes
    ]
    names = [f"{kind}, {part}" for kind in kinds for part in ("p50", "p99")]
    axes = Axes(title, "advertisers and level of the app", "hours", logarithmic=True)
    return bars(axes, groups, names)


def _calls(one: Mapping[str, Any]) -> str:
    case, level = one["case"], LEVELS[one["case"]["level"]]
    hours = [place * CURVE_MINUTES / 60 for place in range(len(one["curve"]))]
    limit = level.per_minute / 60
    share = limit * case["share_percent"] / 100
    drawn = [
        Line("checks", list(zip(hours, one["background_curve"], strict=True))),
        Line("with preflights", list(zip(hours, one["curve"], strict=True))),
        Line("share of checks", [(0, share), (24, share)], limit=True),
        Line("TikTok's limit", [(0, limit), (24, limit)], limit=True),
    ]
    title = f"Calls to the busiest endpoint on one day, {name_of(case)}"
    return lines(Axes(title, "hour of the day, UTC", "calls per second"), drawn)


def _queue(sizes: Sequence[Mapping[str, Any]]) -> str:
    drawn = []
    for one in sizes:
        case = one["case"]
        outage = Case(case["advertisers"], hours=case["hours"], warm_up_hours=0).outage_at or 0.0
        begins = int(outage) // SAMPLE_SECONDS
        hour = 3_600 // SAMPLE_SECONDS
        first = begins - _HOURS_BEFORE * hour
        depths = one["depths"][first : begins + _HOURS_AFTER * hour]
        drawn.append(Line(name_of(case), [((first + at - begins) / hour, depth) for at, depth in enumerate(depths)]))
    axes = Axes("Messages in the queues during an outage of one hour (0 to 1) and after it", "hours", "messages")
    return lines(axes, drawn)


@dataclass(frozen=True, slots=True)
class Line:
    """Points, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    limit: bool = False
    """Drawn dashed."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The title and the labels of a plot."""

    title: str
    across: str
    up: str
    logarithmic: bool = False


def lines(axes: Axes, drawn: Sequence[Line]) -> str:
    """Return a plot of lines."""
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
    """Return a plot of groups of bars; `names` are those of the bars in a group."""
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
    """Return about six round numbers from ``low`` to ``high``."""
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

"""The plots of docs/scaling.md, from the figures of docs/scaling.json."""

from collections.abc import Mapping, Sequence
from typing import Any

from publishing.readiness.pacing import LEVELS
from tools.simulation.cases import Case
from tools.simulation.figures import CURVE_MINUTES
from tools.simulation.run import IDLE, IN_USE, LAUNCH, SAMPLE_SECONDS
from tools.simulation.svg import Axes, Line, bars, lines

_HOURS_BEFORE, _HOURS_AFTER = 2, 12


def plots(report: Mapping[str, Any]) -> dict[str, str]:
    """Each plot by the name of its file."""
    sizes = report["sizes"]
    largest = max((one for one in sizes if one["outage"]), key=lambda one: one["case"]["advertisers"])
    return {
        "freshness-in-use.svg": _freshness(
            "What is known of those in use: half of it, and 99 %, is younger than this", sizes, (IN_USE, LAUNCH)
        ),
        "freshness-idle.svg": _freshness(
            "What is known of the idle: half of it, and 99 %, is younger than this", sizes, (IDLE,)
        ),
        "calls.svg": _calls(largest),
        "queue.svg": _queue(sizes),
    }


def named(case: Mapping[str, Any]) -> str:
    """A case in a few words."""
    return Case(case["advertisers"], case["level"]).name


def _freshness(title: str, sizes: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> str:
    groups = [
        (named(one["case"]), [one["ages"][kind][part] / 3_600 for kind in kinds for part in ("p50", "p99")])
        for one in sizes
    ]
    names = [f"{kind}, {part}" for kind in kinds for part in ("half", "99 %")]
    axes = Axes(title, "advertisers and level of the app", "hours", logarithmic=True)
    return bars(axes, groups, names)


def _calls(one: Mapping[str, Any]) -> str:
    case, level = one["case"], LEVELS[one["case"]["level"]]
    hours = [place * CURVE_MINUTES / 60 for place in range(len(one["curve"]))]
    limit = level.per_minute / 60
    share = limit * case["share_percent"] / 100
    drawn = [
        Line("checks", list(zip(hours, one["background_curve"], strict=True))),
        Line("and preflights", list(zip(hours, one["curve"], strict=True))),
        Line("the checks' share", [(0, share), (24, share)], limit=True),
        Line("TikTok's limit", [(0, limit), (24, limit)], limit=True),
    ]
    title = f"Calls of the busiest endpoint on a day, {named(case)}"
    return lines(Axes(title, "hour of the day, UTC", "calls a second"), drawn)


def _queue(sizes: Sequence[Mapping[str, Any]]) -> str:
    drawn = []
    for one in sizes:
        case = one["case"]
        outage = Case(case["advertisers"], hours=case["hours"], warm_up_hours=0).outage_at or 0.0
        begins = int(outage) // SAMPLE_SECONDS
        hour = 3_600 // SAMPLE_SECONDS
        first = begins - _HOURS_BEFORE * hour
        depths = one["depths"][first : begins + _HOURS_AFTER * hour]
        drawn.append(Line(named(case), [((first + at - begins) / hour, depth) for at, depth in enumerate(depths)]))
    axes = Axes("Messages in the queues while TikTok is silent for an hour (0 to 1), and after", "hours", "messages")
    return lines(axes, drawn)

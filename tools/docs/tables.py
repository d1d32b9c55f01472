"""Tables of docs/ made from the tables of the code, and the way they get onto their pages."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from local.paths import ROOT
from publishing import calls, inputs, intents, problems, upstream_problems
from publishing.connecting import advertisers, changes, states, times
from publishing.connecting.permissions import NEEDED, SCOPES
from publishing.connecting.refusals import MEANINGS, Refusal
from publishing.identities import avatars, display_name, images
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness import cadence
from tiktok_business.return_codes import RETURN_CODES
from tools.docs.advice import PROBLEM_ADVICE, REFUSAL_ADVICE
from tools.markdown import places, table, with_parts

PLACES = "code"
"""The kind of their places."""


def with_tables(page: str) -> str:
    """A page with every table of ours in it written anew.

    Raises:
        KeyError: the page has a place for a table that there is not.
    """
    return with_parts(page, PLACES, {name: TABLES[name]() for name in places(page, PLACES)})


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _problems() -> str:
    return table(
        ("status", "`code`", "what it means", "what to do"),
        (
            (str(int(kind.status)), f"`{code}`", kind.detail, PROBLEM_ADVICE[code])
            for code, kind in sorted(problems.PROBLEMS.items(), key=lambda one: int(one[1].status))
        ),
    )


def _refusals() -> str:
    return table(
        ("`code`", "sentence to show", "what to do"),
        ((f"`{one}`", MEANINGS[one], REFUSAL_ADVICE[one]) for one in Refusal),
    )


def _objectives() -> str:
    needed: dict[tuple[Requirement, ...], list[str]] = {}
    for objective, requirements in OBJECTIVES.items():
        needed.setdefault(requirements, []).append(objective)
    return table(("prerequisites", "objectives"), ((_codes(all_), _codes(of)) for all_, of in needed.items()))


def _unverified() -> str:
    rows = []
    for reason in Unverified:
        message, fix = text_of(Requirement.PIXEL, Finding(Status.UNKNOWN, reason))
        rows.append((f"`{reason}`", message, *((f"`{fix.who}`: {fix.label}", f"`{fix.action}`") if fix else ("", ""))))
    return table(("`reason`", "sentence, here of the pixel", "who must act, and how", "`fix.action`"), rows)


def _scopes() -> str:
    rows = []
    for scope in SCOPES:
        suffers = [check for check, needed in NEEDED.items() if scope in needed]
        rows.append((scope.id, scope.parent, scope.name, _codes(suffers)))
    return table(("permission", "parent", "in words", "what suffers without it"), rows)


def _return_codes() -> str:
    rows = []
    for row in RETURN_CODES:
        code = str(row.first) if row.first == row.last else f"{row.first} to {row.last}"
        said = f", message like `{row.pattern.pattern}`" if row.pattern else ""
        rows.append((f"{code}{said}", f"`{row.meaning}`", row.note, row.source))
    return table(("code", "taken as", "because TikTok says", "source"), rows)


def _limits() -> str:
    spans: tuple[tuple[str, float | int | timedelta, str], ...] = (
        ("a check, a list or a creation answers within", calls.BUDGET_SECONDS + calls.MARGIN_SECONDS, "s"),
        ("an upload of a picture answers within", images.BUDGET_SECONDS + calls.MARGIN_SECONDS, "s"),
        ("a link to TikTok's consent page is good for", states.LIFE, ""),
        ("a creation with an `Idempotency-Key` is answered again for", intents.KEEP_WITH_KEY, ""),
        ("the same creation without a key is answered again for", intents.KEEP_WITHOUT_KEY, ""),
        ("an `Idempotency-Key` has at most", inputs.MAX_IDEMPOTENCY_KEY, "characters"),
        ("`Retry-After` of `tiktok_rate_limited` says", upstream_problems.RETRY_AFTER_SECONDS, "s"),
        ("a display name is cut after", display_name.MAX_CODE_POINTS, "code points"),
        ("a picture that is sent has at most", avatars.MAX_BYTES, "bytes"),
        ("a picture without `crop` has at most", avatars.MAX_PIXELS, "pixels"),
        ("a picture with `crop=center` has at most", avatars.MAX_DECODED_PIXELS, "pixels"),
        ("the list of ad accounts is read again every", times.LIST_EVERY, ""),
        ("ad accounts that are kept of a connection", advertisers.MAX_LISTED, ""),
        ("the same with name and state", advertisers.MAX_NAMED, ""),
        ("`in_progress` of a connection lasts at most", changes.LEASE, ""),
        ("an advertiser is in use after a preflight or draft for", cadence.ACTIVE_FOR, ""),
        ("a launch is near", cadence.LAUNCH_NEAR, ""),
    )
    return table(("what", "how much"), ((what, f"{_amount(value)} {unit}".strip()) for what, value, unit in spans))


def _amount(value: float | timedelta) -> str:
    if not isinstance(value, timedelta):
        return f"{value:_g}".replace("_", " ") if isinstance(value, float) else f"{value:_}".replace("_", " ")
    seconds = int(value.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    raise ValueError(f"{value} is no whole number of seconds")


_SOURCES = ("layers/shared/tiktok_business", "layers/shared/publishing", "functions")


def _modules() -> str:
    return table(("file", "what it holds"), (row for folder in _SOURCES for row in _described(folder)))


def _described(folder: str) -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / folder).rglob("*.py"), key=lambda one: (one.parent, one.stem != "__init__", one.stem)):
        if file.parts[-2:-1] == ("build",):
            continue
        first = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
        words = re.sub(r":\w+:`~?([\w.]+)`", r"`\1`", first.replace("``", "`").replace("\n", " "))
        yield f"`{file.relative_to(ROOT).as_posix().removeprefix('layers/shared/')}`", words


def _decisions() -> str:
    rows = []
    for file in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        number, _, title = file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(". ")
        rows.append((number, f"[{title}]({file.name})"))
    return table(("number", "decision"), rows)


TABLES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "problems": _problems,
        "refusals": _refusals,
        "objectives": _objectives,
        "unverified": _unverified,
        "limits": _limits,
        "scopes": _scopes,
        "return-codes": _return_codes,
        "modules": _modules,
        "decisions": _decisions,
    }
)
"""Every table, by the name of its places."""

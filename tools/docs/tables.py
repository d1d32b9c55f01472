"""The generated tables of docs/, and how they are put into their pages."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from local.paths import ROOT
from local.tiktok_simulator.publishing_rules import RULES
from publishing import teams
from publishing.connections import advertiser_list, authorize, connect, pending_operation
from publishing.connections.callback import CALLBACK_MESSAGES, CallbackErrorCode
from publishing.http import problems, request_context, request_schemas
from publishing.identities import avatars, display_name, idempotency, images
from publishing.permissions import NEEDED, SCOPES
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.messages import text_of
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.readiness import cadence
from tiktok_business.return_codes import RETURN_CODES
from tools.docs.advice import CALLBACK_ADVICE, PROBLEM_ADVICE
from tools.markdown import places, table, with_parts

PLACES = "code"
"""The kind of these places."""


def with_tables(page: str) -> str:
    """Return the page with all of its tables generated anew.

    Raises:
        KeyError: the page has a place for an unknown table.
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


def _callback_codes() -> str:
    return table(
        ("`code`", "message to show", "what to do"),
        ((f"`{one}`", CALLBACK_MESSAGES[one], CALLBACK_ADVICE[one]) for one in CallbackErrorCode),
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
    return table(("`reason`", "message, here of the pixel", "who must act, and how", "`fix.action`"), rows)


def _scopes() -> str:
    rows = []
    for scope in SCOPES:
        affected = [check for check, needed in NEEDED.items() if scope in needed]
        rows.append((scope.id, scope.parent, scope.name, _codes(affected)))
    return table(("permission", "parent", "name", "affected without it"), rows)


def _return_codes() -> str:
    rows = []
    for row in RETURN_CODES:
        code = str(row.first) if row.first == row.last else f"{row.first} to {row.last}"
        message = f", message like `{row.pattern.pattern}`" if row.pattern else ""
        rows.append((f"{code}{message}", f"`{row.category}`", row.note, row.source))
    return table(("code", "category", "meaning", "source"), rows)


def _simulated_refusals() -> str:
    rows = []
    for rule in RULES:
        cause = f"`{rule.cause}`" if rule.settled else f"`{rule.cause}`, not settled"
        answer = f"{rule.code}, {rule.answer}"
        rows.append((cause, "all" if len(rule.levels) > 1 else rule.levels[0], rule.sentence, answer, rule.source))
    return table(("cause", "level", "TikTok refuses because", "answer", "source"), rows)


def _limits() -> str:
    spans: tuple[tuple[str, float | int | timedelta, str], ...] = (
        (
            "response time of a check, a list or a create",
            request_context.BUDGET_SECONDS + request_context.MARGIN_SECONDS,
            "s",
        ),
        ("response time of a picture upload", images.BUDGET_SECONDS + request_context.MARGIN_SECONDS, "s"),
        ("response time of completing a connection", connect.BUDGET_SECONDS + request_context.MARGIN_SECONDS, "s"),
        ("validity of a link to TikTok's consent page", authorize.STATE_LIFETIME, ""),
        ("validity of a handle, and replay of its completion", authorize.HANDLE_LIFETIME, ""),
        ("replay of a create with an `Idempotency-Key`", idempotency.KEEP_WITH_KEY, ""),
        ("replay of the same create without a key", idempotency.KEEP_WITHOUT_KEY, ""),
        ("maximum length of an `Idempotency-Key`", request_schemas.MAX_IDEMPOTENCY_KEY, "characters"),
        ("`Retry-After` of `tiktok_rate_limited`", problems.RETRY_AFTER_SECONDS, "s"),
        ("maximum length of a display name", display_name.MAX_CODE_POINTS, "code points"),
        ("maximum size of a sent picture", avatars.MAX_BYTES, "bytes"),
        ("maximum size of a picture without `crop`", avatars.MAX_PIXELS, "pixels"),
        ("maximum size of a picture with `crop=center`", avatars.MAX_DECODED_PIXELS, "pixels"),
        ("refresh interval of the list of ad accounts", advertiser_list.REFRESH_INTERVAL, ""),
        ("maximum number of stored ad accounts of a connection", teams.MAX_LISTED, ""),
        ("of these with status", advertiser_list.MAX_STATUSES, ""),
        ("maximum duration of `in_progress` of a connection", pending_operation.LEASE, ""),
        ("an advertiser stays active after a preflight or draft for", cadence.ACTIVE_FOR, ""),
        ("a launch is near from", cadence.LAUNCH_NEAR, ""),
    )
    return table(("limit", "value"), ((what, f"{_amount(value)} {unit}".strip()) for what, value, unit in spans))


def _amount(value: float | timedelta) -> str:
    if not isinstance(value, timedelta):
        return f"{value:_g}".replace("_", " ") if isinstance(value, float) else f"{value:_}".replace("_", " ")
    seconds = int(value.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    raise ValueError(f"{value} is not a whole number of seconds")


_SOURCES = ("layers/shared/tiktok_business", "layers/shared/publishing", "functions")


def _modules() -> str:
    return table(("file", "content"), (row for folder in _SOURCES for row in _described(folder)))


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
        "refusals": _callback_codes,
        "objectives": _objectives,
        "unverified": _unverified,
        "limits": _limits,
        "scopes": _scopes,
        "return-codes": _return_codes,
        "simulated-refusals": _simulated_refusals,
        "modules": _modules,
        "decisions": _decisions,
    }
)
"""Every table, by the name of its places."""

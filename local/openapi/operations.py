"""Every operation of the API: what it reads, what it answers, and which problems it can have."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

from pydantic import BaseModel

from local.openapi import examples
from local.openapi.examples import Example
from local.paths import ROOT
from publishing.answers.identities import CreatedIdentityAnswer, IdentityCheck, IdentityList
from publishing.answers.publish_check import PublishCheck, Rules
from publishing.answers.readiness import Readiness
from publishing.inputs import AdvertiserQuery, CreateIdentityBody, NoInput, PublishCheckQuery, ReadinessQuery

_FIRST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S+): (?P<summary>.+)")

_ALWAYS = ("invalid_request", "unauthorized", "not_a_member", "too_many_requests", "internal_error")
_TIKTOK = ("tiktok_error", "tiktok_rate_limited", "tiktok_timeout")


@dataclass(frozen=True)
class Operation:
    """One row. Method, path and summary are what the function's own docstring begins with."""

    function: str
    """The folder below functions/; the operation's id too."""
    description: str
    reads: type[BaseModel]
    """The query of a GET, the body of a POST."""
    answers: type[BaseModel]
    examples: Mapping[str, Example]
    """Of the answer."""
    problems: tuple[str, ...]
    sent: Mapping[str, Example] = field(default_factory=dict)
    """Examples of the body."""

    @property
    def method(self) -> str:
        """In lower case, as OpenAPI writes it."""
        return self._first_line["method"].lower()

    @property
    def path(self) -> str:
        """From the root of the API's stage."""
        return self._first_line["path"]

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        text = self._first_line["summary"]
        return text[0].upper() + text[1:]

    @property
    def writes(self) -> bool:
        """Whether it reads a body and makes something."""
        return self.method == "post"

    @property
    def success(self) -> HTTPStatus:
        """The status of the answer."""
        return HTTPStatus.CREATED if self.writes else HTTPStatus.OK

    @cached_property
    def _first_line(self) -> re.Match[str]:
        source = ROOT / "functions" / self.function / "app.py"
        found = _FIRST_LINE.match(ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "")
        if found is None:
            raise ValueError(f"{source.relative_to(ROOT)} does not begin with METHOD, path, colon and a sentence")
        return found


OPERATIONS = (
    Operation(
        function="check_identity",
        description="Asks TikTok, and answers 200 whatever TikTok says: what could not be asked is `api_error`.",
        reads=AdvertiserQuery,
        answers=IdentityCheck,
        examples=examples.IDENTITY_CHECKS,
        problems=(*_ALWAYS, "advertiser_not_accessible"),
    ),
    Operation(
        function="list_identities",
        description=(
            "All pages of both types. Where one type cannot be read `complete` is false; where neither can, "
            "the answer is a problem."
        ),
        reads=AdvertiserQuery,
        answers=IdentityList,
        examples=examples.IDENTITY_LISTS,
        problems=(*_ALWAYS, *_TIKTOK, "advertiser_not_accessible", "no_token"),
    ),
    Operation(
        function="create_identity",
        description=(
            "Needs an active subscription and the caller's own TikTok connection. Makes exactly one identity for each "
            "intent: the same request again (of the same `Idempotency-Key`, or without one the same caller, "
            "advertiser, name and image within ten minutes) gets the first answer. Only successes are replayed; "
            "a refused request may be sent again at once."
        ),
        reads=CreateIdentityBody,
        answers=CreatedIdentityAnswer,
        examples=examples.CREATED_IDENTITIES,
        problems=(
            *_ALWAYS,
            *_TIKTOK,
            "subscription_required",
            "advertiser_not_accessible",
            "no_token",
            "in_progress",
            "tiktok_rejected",
            "idempotency_key_reused",
        ),
        sent=examples.NEW_IDENTITIES,
    ),
    Operation(
        function="publish_check",
        description=(
            "Asks TikTok for all that the objective requires, side by side, and answers within 8 seconds. "
            "`ready` is true exactly when `missing` and `unknown` are empty: nothing is called missing that TikTok "
            "did not say is missing."
        ),
        reads=PublishCheckQuery,
        answers=PublishCheck,
        examples=examples.PUBLISH_CHECKS,
        problems=(*_ALWAYS, "unknown_objective", "advertiser_not_accessible"),
    ),
    Operation(
        function="publish_check_rules",
        description="The table that the publish check goes by, as data. TikTok is not asked.",
        reads=NoInput,
        answers=Rules,
        examples=examples.RULES,
        problems=_ALWAYS,
    ),
    Operation(
        function="readiness",
        description=(
            "What the scheduled checks and the preflights of the team found last, by advertiser; TikTok is not asked. "
            "An owner or manager sees the advertisers of all members' connections, anybody else those of the own one. "
            "What could not be verified again stays, as `stale`. An advertiser that was never looked at is not there."
        ),
        reads=ReadinessQuery,
        answers=Readiness,
        examples=examples.READINESS,
        problems=(*_ALWAYS, "advertiser_not_accessible"),
    ),
)

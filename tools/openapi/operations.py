"""Every operation of the API: what it reads, what it answers, and which problems it can have."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

from pydantic import BaseModel

from local.paths import ROOT
from publishing.answers.connections import ConnectionList, ConsentAsked, Disconnected
from publishing.answers.identities import CreatedIdentityAnswer, IdentityCheck, IdentityList
from publishing.answers.identity_images import IdentityImage
from publishing.answers.publish_check import PublishCheck, Rules
from publishing.answers.readiness import Readiness
from publishing.connecting.refusals import MEANINGS
from publishing.endpoint import MAX_BODY_BYTES
from publishing.identities.images import MAX_REQUEST_BYTES
from publishing.inputs import (
    AdvertiserQuery,
    ConnectionPath,
    CreateIdentityBody,
    CreateIdentityImageBody,
    NoInput,
    PublishCheckQuery,
    ReadinessQuery,
)
from tools.openapi import connection_examples, examples
from tools.openapi.examples import Example

_FIRST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S+): (?P<summary>.+)")

_ALWAYS = ("invalid_request", "unauthorized", "not_a_member", "too_many_requests", "internal_error")
_TIKTOK = ("tiktok_error", "tiktok_rate_limited", "tiktok_timeout")


class ConsentReturn(BaseModel):
    """What TikTok sends a person back with."""

    state: str
    """As it was in the consent page's address."""
    auth_code: str | None = None
    """TikTok's code, to be exchanged once for a token. Without it the access was denied."""


@dataclass(frozen=True)
class Operation:
    """One row. Method, path and summary are what the function's own docstring begins with."""

    function: str
    """The folder below functions/; the operation's id too."""
    description: str
    reads: type[BaseModel]
    """The query of a GET, the body of a POST, the path's parameters of a DELETE."""
    answers: type[BaseModel] | None
    """None: it redirects."""
    examples: Mapping[str, Example]
    """Of the answer."""
    problems: tuple[str, ...]
    sent: Mapping[str, Example] = field(default_factory=dict)
    """Examples of the body."""
    max_body_bytes: int = MAX_BODY_BYTES
    takes_key: bool = False
    """Whether an ``Idempotency-Key`` names the intent."""

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
    def reads_path(self) -> bool:
        """Whether what it reads is in its path."""
        return "{" in self.path

    @property
    def secured(self) -> bool:
        """Whether it needs a bearer token."""
        return "unauthorized" in self.problems

    @property
    def success(self) -> HTTPStatus:
        """The status of the answer."""
        if self.answers is None:
            return HTTPStatus.SEE_OTHER
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
        takes_key=True,
    ),
    Operation(
        function="create_identity_image",
        description=(
            "Needs an active subscription and the caller's own TikTok connection. The picture is either fetched by "
            "TikTok from `image_url`, never by this API, or sent as `image_base64`. It must be square; a file is made "
            "so with `crop`. Its `image_uri` goes into the creation of an identity. Each request makes a picture of "
            "its own in the ad account's library."
        ),
        reads=CreateIdentityImageBody,
        answers=IdentityImage,
        examples=connection_examples.CREATED_IMAGES,
        problems=(
            *_ALWAYS,
            *_TIKTOK,
            "subscription_required",
            "advertiser_not_accessible",
            "no_token",
            "tiktok_rejected",
            "image_too_large",
            "image_unusable",
            "image_not_square",
        ),
        sent=connection_examples.NEW_IMAGES,
        max_body_bytes=MAX_REQUEST_BYTES,
    ),
    Operation(
        function="create_connection",
        description=(
            "Needs an active subscription. Send the caller's browser to `authorize_url`; there TikTok asks them what "
            "they allow, and sends them back to `/connections/callback`, from where they come to the wizard. The "
            "address connects the caller and nobody else, once, until `expires_at`. Whoever has connected TikTok "
            "already may do so again: the new token takes the place of the old one."
        ),
        reads=NoInput,
        answers=ConsentAsked,
        examples=connection_examples.CONSENTS,
        problems=(*_ALWAYS, "subscription_required", "connect_not_set_up"),
        sent=connection_examples.NO_BODY,
    ),
    Operation(
        function="connection_callback",
        description=(
            "For TikTok, which sends browsers here; there is no bearer token, the state is the proof of who asked. "
            "Whatever comes of it, the browser goes on to the wizard (the parameter `WizardUrl` of the deployment) "
            "with `tiktok=connected`, or with `tiktok=error` and a `code`. Further parameters are not looked at. The "
            "same return again ends what the first one began, or is refused as used.\n\n"
            "The codes are an open set: treat one that you do not know as `internal_error`.\n\n"
            "| code | what is wrong, and what to do |\n|---|---|\n"
            + "\n".join(f"| `{refusal}` | {meaning} |" for refusal, meaning in MEANINGS.items())
            + "\n"
        ),
        reads=ConsentReturn,
        answers=None,
        examples={},
        problems=("too_many_requests", "internal_error", "connect_not_set_up"),
    ),
    Operation(
        function="list_connections",
        description=(
            "The caller's own connection and, for an owner or manager, those of the whole team; TikTok is not asked. "
            "`missing` says what a check or an action lacks: it is granted by connecting again."
        ),
        reads=NoInput,
        answers=ConnectionList,
        examples=connection_examples.CONNECTIONS,
        problems=_ALWAYS,
    ),
    Operation(
        function="delete_connection",
        description=(
            "The caller's own connection or, for an owner, anybody's in the team; no subscription is needed. It is "
            "not used any more from the start; then it is revoked at TikTok, where a token that is dead already "
            "counts as revoked, and its secret is removed. The same request again answers the same; where TikTok "
            "could not be told, it has to be repeated, by the caller or, within the hour, by the service itself. "
            "Identities and campaigns at TikTok are not touched."
        ),
        reads=ConnectionPath,
        answers=Disconnected,
        examples=connection_examples.DISCONNECTED,
        problems=(*_ALWAYS, *_TIKTOK, "owner_only", "no_connection", "in_progress", "connect_not_set_up"),
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

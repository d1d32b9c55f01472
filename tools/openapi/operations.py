"""Every operation of the API: its request, response, problems and examples."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

from pydantic import BaseModel

from local.paths import ROOT
from publishing.connections.callback import CALLBACK_MESSAGES
from publishing.http.check_schemas import (
    CreatedIdentityAnswer,
    IdentityCheck,
    IdentityList,
    PublishCheck,
    Readiness,
    Rules,
)
from publishing.http.endpoint import MAX_BODY_BYTES
from publishing.http.request_schemas import (
    AdvertiserQuery,
    CompleteConnectionBody,
    ConnectionAdvertisersQuery,
    ConnectionPath,
    CreateIdentityBody,
    CreateIdentityImageBody,
    NoInput,
    PageQuery,
    PublishCheckQuery,
    ReadinessQuery,
)
from publishing.http.response_schemas import (
    ConnectionAdvertisers,
    ConnectionList,
    ConnectionSeen,
    ConsentAsked,
    Disconnected,
    IdentityImage,
)
from publishing.identities.images import MAX_REQUEST_BYTES
from tools.openapi import examples
from tools.openapi.examples import Example

_FIRST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S+): (?P<summary>.+)")

_ALWAYS = ("invalid_request", "unauthorized", "not_a_member", "forbidden", "too_many_requests", "internal_error")
_TIKTOK = ("tiktok_error", "tiktok_rate_limited", "tiktok_timeout")


class ConsentReturn(BaseModel):
    """The query parameters that TikTok redirects a person back with."""

    state: str
    """The state from the consent page's URL."""
    auth_code: str | None = None
    """TikTok's code, which is kept until the connection is completed. Without it access was denied."""


@dataclass(frozen=True)
class Operation:
    """One row. Method, path and summary come from the function's docstring."""

    function: str
    """The folder below functions/, and the operation's id."""
    description: str
    reads: type[BaseModel]
    """The query of a GET, the body of a POST; parameters of the path are among them."""
    response: type[BaseModel] | None
    """None: a redirect."""
    examples: Mapping[str, Example]
    """Examples of the response."""
    problems: tuple[str, ...]
    body_examples: Mapping[str, Example] = field(default_factory=dict)
    """Examples of the body."""
    max_body_bytes: int = MAX_BODY_BYTES
    takes_key: bool = False
    """Whether it accepts an ``Idempotency-Key``."""

    @property
    def method(self) -> str:
        """The method in lower case, as in OpenAPI."""
        return self._first_line["method"].lower()

    @property
    def path(self) -> str:
        """The path below the API's stage."""
        return self._first_line["path"]

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        text = self._first_line["summary"]
        return text[0].upper() + text[1:]

    @property
    def writes(self) -> bool:
        """Whether it has a body and creates something."""
        return self.method == "post"

    @property
    def secured(self) -> bool:
        """Whether it needs a bearer token."""
        return "unauthorized" in self.problems

    @property
    def success(self) -> HTTPStatus:
        """The status of a successful response."""
        if self.response is None:
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
        description="Calls TikTok and returns 200 whatever TikTok answers: what could not be verified is `api_error`.",
        reads=AdvertiserQuery,
        response=IdentityCheck,
        examples=examples.IDENTITY_CHECKS,
        problems=(*_ALWAYS, "advertiser_not_accessible"),
    ),
    Operation(
        function="list_identities",
        description=(
            "All pages of both types. If one type cannot be read, `complete` is false; if neither can, the response "
            "is a problem."
        ),
        reads=AdvertiserQuery,
        response=IdentityList,
        examples=examples.IDENTITY_LISTS,
        problems=(*_ALWAYS, *_TIKTOK, "advertiser_not_accessible", "missing_scope", "no_token"),
    ),
    Operation(
        function="create_identity",
        description=(
            "Needs an active subscription and the caller's own TikTok connection. Creates exactly one identity: a "
            "duplicate (with the same `Idempotency-Key`, or without a key of the same caller, advertiser, name and "
            "image within ten minutes) replays the first response. Only successes are replayed; a rejected request may "
            "be sent again at once."
        ),
        reads=CreateIdentityBody,
        response=CreatedIdentityAnswer,
        examples=examples.CREATED_IDENTITIES,
        problems=(
            *_ALWAYS,
            *_TIKTOK,
            "subscription_required",
            "advertiser_not_accessible",
            "missing_scope",
            "no_token",
            "in_progress",
            "tiktok_rejected",
            "idempotency_key_reused",
        ),
        body_examples=examples.NEW_IDENTITIES,
        takes_key=True,
    ),
    Operation(
        function="create_identity_image",
        description=(
            "Needs an active subscription and the caller's own TikTok connection. The picture is either fetched from "
            "`image_url` by TikTok, never by this API, or sent as `image_base64`. It must be square; `crop` makes a "
            "sent file square. The returned `image_uri` is used to create an identity. Each request adds another "
            "picture to the ad account's library."
        ),
        reads=CreateIdentityImageBody,
        response=IdentityImage,
        examples=examples.CREATED_IMAGES,
        problems=(
            *_ALWAYS,
            *_TIKTOK,
            "subscription_required",
            "advertiser_not_accessible",
            "missing_scope",
            "no_token",
            "tiktok_rejected",
            "image_too_large",
            "image_unusable",
            "image_not_square",
        ),
        body_examples=examples.NEW_IMAGES,
        max_body_bytes=MAX_REQUEST_BYTES,
    ),
    Operation(
        function="create_connection",
        description=(
            "Needs an active subscription. Send the caller's browser to `authorize_url`, TikTok's consent page. TikTok "
            "redirects to `/connections/callback`, which redirects to the wizard, which completes the connection with "
            "`POST /connections/complete`. Only the caller can complete it, once; the person may return until "
            "`expires_at`. A person who has connected TikTok already may connect again: the new token "
            "replaces the old one."
        ),
        reads=NoInput,
        response=ConsentAsked,
        examples=examples.CONSENTS,
        problems=(*_ALWAYS, "subscription_required", "connect_not_set_up"),
        body_examples=examples.NO_BODY,
    ),
    Operation(
        function="connection_callback",
        description=(
            "TikTok redirects browsers here, without a bearer token; nothing is exchanged or connected. In every case "
            "the browser is redirected to the wizard (the deployment's parameter `WizardUrl`) with `tiktok=confirm` "
            "and a `handle` for `POST /connections/complete`, or with `tiktok=error` and a `code`. Other parameters "
            "are ignored. The same request again gets another handle, of which the last one is valid, until the "
            "connection is completed.\n\n"
            "The codes are an open set: treat an unknown one as `internal_error`.\n\n"
            "| code | what is wrong, and what to do |\n|---|---|\n"
            + "\n".join(f"| `{code}` | {message} |" for code, message in CALLBACK_MESSAGES.items())
            + "\n"
        ),
        reads=ConsentReturn,
        response=None,
        examples={},
        problems=("too_many_requests", "internal_error", "connect_not_set_up"),
    ),
    Operation(
        function="complete_connection",
        description=(
            "Needs an active subscription, and the bearer token of the person who sent `POST /connections`, for the "
            "same team: anybody else gets `not_your_connection`, and the handle is discarded. A caller who is denied "
            "before, as `not_a_member` or with `subscription_required`, leaves it valid. Send the `handle` with which "
            "the browser was redirected to the wizard, and remove it from the page's address. It is valid for "
            "ten minutes; until then the same request again returns the same response, so it may be repeated after a "
            "lost one, after `in_progress` and after TikTok's errors. After `tiktok_rejected` begin again with "
            "`POST /connections`. If TikTok does not return the ad accounts, the response is the connection without "
            "them; they are read later."
        ),
        reads=CompleteConnectionBody,
        response=ConnectionSeen,
        examples=examples.COMPLETED,
        problems=(
            *_ALWAYS,
            *_TIKTOK,
            "subscription_required",
            "not_your_connection",
            "in_progress",
            "tiktok_rejected",
            "connect_not_set_up",
        ),
        body_examples=examples.HANDLES,
    ),
    Operation(
        function="list_connections",
        description=(
            "The caller's own connection and, for an owner or manager, those of the whole team; TikTok is not called. "
            "`missing` lists the permissions that a check or an action lacks: connect again to grant them. Of each "
            "connection the first hundred ad accounts are listed."
        ),
        reads=PageQuery,
        response=ConnectionList,
        examples=examples.CONNECTIONS,
        problems=_ALWAYS,
    ),
    Operation(
        function="list_connection_advertisers",
        description=(
            "The ad accounts that a connection reaches, in TikTok's order; TikTok is not called. The caller's own "
            "connection or, for an owner or manager, any connection of the team."
        ),
        reads=ConnectionAdvertisersQuery,
        response=ConnectionAdvertisers,
        examples=examples.CONNECTION_ADVERTISERS,
        problems=(*_ALWAYS, "no_connection"),
    ),
    Operation(
        function="delete_connection",
        description=(
            "The caller's own connection or, for an owner, any connection of the team; no subscription is needed. The "
            "connection is no longer used from the beginning; then its token is revoked at TikTok (an invalid token "
            "counts as revoked) and its secret is removed. The same request again returns the same response. If "
            "TikTok could not be called, the request must be repeated by the caller; within an hour the service "
            "repeats it itself. Identities and campaigns at TikTok are not changed."
        ),
        reads=ConnectionPath,
        response=Disconnected,
        examples=examples.DISCONNECTED,
        problems=(*_ALWAYS, *_TIKTOK, "owner_only", "no_connection", "in_progress", "connect_not_set_up"),
    ),
    Operation(
        function="publish_check",
        description=(
            "Checks everything that the objective requires at TikTok concurrently, and responds within 8 seconds. "
            "`ready` is true exactly when `missing` and `unknown` are empty: nothing is reported missing unless "
            "TikTok said so."
        ),
        reads=PublishCheckQuery,
        response=PublishCheck,
        examples=examples.PUBLISH_CHECKS,
        problems=(*_ALWAYS, "unknown_objective", "advertiser_not_accessible"),
    ),
    Operation(
        function="publish_check_rules",
        description="The table that the publish check uses, as data. TikTok is not called.",
        reads=NoInput,
        response=Rules,
        examples=examples.RULES,
        problems=_ALWAYS,
    ),
    Operation(
        function="readiness",
        description=(
            "The latest results of the team's scheduled checks and preflights, by advertiser; TikTok is not called. "
            "An owner or manager sees the advertisers of all members' connections, other members those of their own. "
            "A result that could not be verified again is kept as `stale`. Advertisers that were never checked are "
            "absent."
        ),
        reads=ReadinessQuery,
        response=Readiness,
        examples=examples.READINESS,
        problems=(*_ALWAYS, "advertiser_not_accessible"),
    ),
)

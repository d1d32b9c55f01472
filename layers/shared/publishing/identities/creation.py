"""POST /identities: creates a custom identity, exactly one at TikTok for each create."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from aws_lambda_powertools import Logger

from publishing.concurrency import best_effort, outcome, outcome_or_error, start
from publishing.http.check_schemas import CreatedIdentityAnswer
from publishing.http.problems import Problem, rejection
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import CreateIdentityBody
from publishing.identities.display_name import normalised_display_name
from publishing.identities.idempotency import (
    ClaimResult,
    IdempotencyRecord,
    KeyReusedError,
    Replay,
    StillRunningError,
)
from publishing.log_events import LogEvent
from publishing.ports import IdempotencyRepository
from publishing.preflight.messages import warning
from publishing.tokens import Purpose, TokenFailover
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import RequestRejectedError, TikTokError, TokenInvalidError

LOOKUP_SECONDS = 2.5
"""Of the request's time, reserved for finding out whether TikTok acted when its answer did not arrive."""
POLL_SECONDS = 0.25
"""Between two attempts at a claim while the same create is running."""
RECORD_SECONDS = 0.4
"""Time for writing how the create ended, also at the end of the request's time."""
WARNING_GRACE_SECONDS = 0.5
"""How much longer than the creation its warnings may take."""

logger = Logger(service="publishing", child=True)


def create_identity(
    tokens: TokenFailover,
    idempotency: IdempotencyRepository,
    context: RequestContext,
    body: CreateIdentityBody,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Create a CUSTOMIZED_USER identity and return the response's JSON; for a duplicate the first response's.

    Raises:
        Problem: ``in_progress``, ``idempotency_key_reused``, ``tiktok_rejected``.
        NoTokenError, AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection of the caller's reaches
            the advertiser.
        TikTokError: TikTok refused it for another reason than the input, or whether TikTok acted is unknown.
    """
    name, truncated = normalised_display_name(body.display_name)
    requested = {"advertiser_id": body.advertiser_id, "display_name": name, "image_uri": body.image_uri}
    record = IdempotencyRecord.of(context.principal, "CREATE_IDENTITY", requested, context.idempotency_key)
    claimed = _claim(idempotency, context, record, sleep)
    if isinstance(claimed, Replay):
        return claimed.response
    earlier = _EarlierAttempt(claimed is ClaimResult.RESUMED)

    def work(api: TikTokBusinessApi, advertiser_id: str) -> tuple[str, bool | None]:
        flag = start(partial(api.can_use_custom_identity, advertiser_id))
        creation = start(partial(_create_once, api, context.deadline, name, body, earlier))
        identity_id = outcome(creation, context.deadline)
        allowed = outcome_or_error(flag, context.deadline.within(WARNING_GRACE_SECONDS))
        return identity_id, allowed if isinstance(allowed, bool) else None

    try:
        identity_id, allowed = tokens.answer_request(context, body.advertiser_id, work, Purpose.WRITE).result
    except Exception as error:
        if earlier.may_have_created or (isinstance(error, TikTokError) and error.outcome_unknown):
            # Only TikTok's errors are known to hold no secret in their text.
            why = str(error) if isinstance(error, TikTokError) else type(error).__name__
            logger.warning(LogEvent.CREATE_OUTCOME_UNKNOWN, why=why)
            _record(idempotency.mark_uncertain, record, context.deadline)
        else:
            _record(idempotency.release, record, context.deadline)
        if isinstance(error, RequestRejectedError):
            raise rejection(error) from None
        raise
    response = CreatedIdentityAnswer(
        identity_id=identity_id,
        identity_type="CUSTOMIZED_USER",
        display_name=name,
        advertiser_id=body.advertiser_id,
        display_name_truncated=truncated,
        warnings=(warning("custom_identity_restricted"),) if allowed is False else (),
    ).model_dump_json()
    _record(partial(idempotency.complete, response=response, now=context.now), record, context.deadline)
    return response


def _record(write: Callable[[IdempotencyRecord], None], record: IdempotencyRecord, deadline: Deadline) -> None:
    """Write how the create ended. Without it the next attempt, once the lease has expired, looks for the identity."""
    ends = max(deadline.at, Deadline.after(RECORD_SECONDS, deadline.clock).at)
    best_effort("idempotency_record", partial(write, record), replace(deadline, at=ends))


def _claim(
    idempotency: IdempotencyRepository,
    context: RequestContext,
    record: IdempotencyRecord,
    sleep: Callable[[float], None],
) -> ClaimResult | Replay:
    """Claim the record; while the same create is running, wait for its response as long as there is time."""
    while True:
        try:
            return idempotency.claim(record, context.now)
        except KeyReusedError:
            raise Problem("idempotency_key_reused") from None
        except StillRunningError:
            if context.deadline.remaining() <= POLL_SECONDS:
                raise Problem("in_progress") from None
            sleep(POLL_SECONDS)


@dataclass(slots=True)
class _EarlierAttempt:
    """What an earlier attempt, of this request or before it, may have left at TikTok."""

    may_have_created: bool
    failure: TikTokError | None = None
    """How this request's own write ended, if that is the cause."""


def _create_once(
    api: TikTokBusinessApi, deadline: Deadline, name: str, body: CreateIdentityBody, earlier: _EarlierAttempt
) -> str:
    """Create, unless an earlier attempt whose outcome is unknown has created an identity of that name."""
    if earlier.may_have_created and (existing := _existing(api, body.advertiser_id, name)):
        return existing
    if earlier.failure is not None:  # with another token now, but this request has had its one write
        raise earlier.failure
    limited = api.with_deadline(deadline.reserve(LOOKUP_SECONDS))
    try:
        return limited.create_identity(body.advertiser_id, name, body.image_uri)
    except TikTokError as error:
        if not error.outcome_unknown:
            raise
        earlier.may_have_created, earlier.failure = True, error
    try:
        existing = _existing(api, body.advertiser_id, name)
    except TokenInvalidError:
        raise  # the connection must be marked; the outcome stays unknown
    except TikTokError:
        existing = None
    if existing is None:
        raise earlier.failure
    return existing


def _existing(api: TikTokBusinessApi, advertiser_id: str, name: str) -> str | None:
    found = next(api.custom_identities_named(advertiser_id, name), None)
    return found.identity_id if found else None

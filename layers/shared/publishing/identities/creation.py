"""Creating a custom identity: exactly one at TikTok for each intent."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aws_lambda_powertools import Logger

from publishing.answers.identities import CreatedIdentityAnswer
from publishing.calls import Call
from publishing.identities.display_name import normalised_display_name
from publishing.inputs import CreateIdentityBody
from publishing.intents import Begun, Intent, OtherIntentError, Replay, StillRunningError
from publishing.log_events import LogEvent
from publishing.preflight.messages import warning
from publishing.problems import Problem
from publishing.services import Services
from publishing.side_by_side import outcome, outcome_or_error, start
from publishing.token_choice import Purpose
from publishing.upstream_problems import REFUSALS, rejection
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TokenRejectedError

LOOK_SECONDS = 2.5
"""Of the request's time, kept to look whether TikTok acted where its answer did not come."""
WAIT_SECONDS = 0.25
"""Between two looks at an equal request that is still running."""
WARNING_GRACE_SECONDS = 0.5
"""How much longer than the creation its warnings may take."""

logger = Logger(service="publishing", child=True)


def create_identity(
    services: Services, call: Call, body: CreateIdentityBody, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Create a CUSTOMIZED_USER identity and return the answer's JSON; for a repeated request the first answer's.

    Raises:
        Problem: ``in_progress``, ``idempotency_key_reused``, ``tiktok_rejected``.
        NoTokenError, AdvertiserNotConnectedError, AdvertiserNotAccessibleError: no connection of the caller's reaches
            the advertiser.
        TikTokError: TikTok refused it for rate, or it is not known whether TikTok acted.
    """
    name, truncated = normalised_display_name(body.display_name)
    wanted = {"advertiser_id": body.advertiser_id, "display_name": name, "image_uri": body.image_uri}
    intent = Intent.to(call.caller, "CREATE_IDENTITY", wanted, call.idempotency_key)
    begun = _begin(services, call, intent, sleep)
    if isinstance(begun, Replay):
        return begun.answer
    doubt = _Doubt(begun is Begun.AGAIN)

    def work(api: TikTokBusinessApi, advertiser_id: str) -> tuple[str, bool | None]:
        flag = start(partial(api.can_use_custom_identity, advertiser_id))
        creation = start(partial(_create_once, api, call.deadline, name, body, doubt))
        identity_id = outcome(creation, call.deadline)
        allowed = outcome_or_error(flag, call.deadline.within(WARNING_GRACE_SECONDS))
        return identity_id, allowed if isinstance(allowed, bool) else None

    try:
        identity_id, allowed = services.first_answer(call, body.advertiser_id, work, Purpose.WRITE).result
    except Exception as error:
        if doubt.stands or (isinstance(error, TikTokError) and error.may_have_happened):
            # Only TikTok's errors are known to hold no secret in their text.
            why = str(error) if isinstance(error, TikTokError) else type(error).__name__
            logger.warning(LogEvent.CREATE_UNCERTAIN, why=why)
            services.intents.uncertain(intent)
        else:
            services.intents.forget(intent)
        if isinstance(error, REFUSALS):
            raise rejection(error) from None
        raise
    answer = CreatedIdentityAnswer(
        identity_id=identity_id,
        identity_type="CUSTOMIZED_USER",
        display_name=name,
        advertiser_id=body.advertiser_id,
        display_name_truncated=truncated,
        warnings=(warning("custom_identity_restricted"),) if allowed is False else (),
    ).model_dump_json()
    services.intents.done(intent, answer, call.now)
    return answer


def _begin(services: Services, call: Call, intent: Intent, sleep: Callable[[float], None]) -> Begun | Replay:
    """Claim the intent; where an equal request is running, wait for its answer as long as there is time."""
    while True:
        try:
            return services.intents.begin(intent, call.now)
        except OtherIntentError:
            raise Problem("idempotency_key_reused") from None
        except StillRunningError:
            if call.deadline.remaining() <= WAIT_SECONDS:
                raise Problem("in_progress") from None
            sleep(WAIT_SECONDS)


@dataclass(slots=True)
class _Doubt:
    """Whether TikTok may have created the identity already."""

    stands: bool
    failure: TikTokError | None = None
    """How this request's own write ended, where it is the cause."""


def _create_once(api: TikTokBusinessApi, deadline: Deadline, name: str, body: CreateIdentityBody, doubt: _Doubt) -> str:
    """Create, unless an identity of that name is there already because of a creation whose end was not heard."""
    if doubt.stands and (existing := _existing(api, body.advertiser_id, name)):
        return existing
    if doubt.failure is not None:  # with another token now, but this request has had its one write
        raise doubt.failure
    try:
        return api.until(deadline.keeping(LOOK_SECONDS)).create_identity(body.advertiser_id, name, body.image_uri)
    except TikTokError as error:
        if not error.may_have_happened:
            raise
        doubt.stands, doubt.failure = True, error
    try:
        existing = _existing(api, body.advertiser_id, name)
    except TokenRejectedError:
        raise  # the connection's end must be known; the doubt stays
    except TikTokError:
        existing = None
    if existing is None:
        raise doubt.failure
    return existing


def _existing(api: TikTokBusinessApi, advertiser_id: str, name: str) -> str | None:
    found = next(api.custom_identities_named(advertiser_id, name), None)
    return found.identity_id if found else None

"""Can the ad be published? Token, evidence, verdict, answer."""

from collections.abc import Mapping
from concurrent.futures import wait

from publishing import answers
from publishing.answers.publish_check import AssetSeen, CheckDone, CheckNotRequired, PublishCheck, UsedIdentity
from publishing.calls import Call
from publishing.inputs import PublishCheckQuery
from publishing.preflight.evidence import gather
from publishing.preflight.findings import Asset, Finding, Status
from publishing.preflight.messages import text_of, warning, without_own_token
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, Verdict, not_accessible, nothing_connected, verdict
from publishing.readiness.live import GRACE_SECONDS, Live, Reading
from publishing.readiness.snapshot import Look
from publishing.services import Services
from publishing.token_choice import NoTokenError
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError

ASSETS_SHOWN = 5


def publish_check(services: Services, live: Live, call: Call, query: PublishCheckQuery) -> PublishCheck:
    """The preflight of one advertiser and objective; what it finds refreshes what ``live`` keeps.

    Raises:
        AdvertiserNotConnectedError: none of the usable connections has the advertiser.
    """

    def work(api: TikTokBusinessApi, advertiser_id: str) -> tuple[Evidence, Reading]:
        reading = live.read(call.caller.team_id, advertiser_id)
        evidence = gather(
            api,
            advertiser_id,
            OBJECTIVES[query.objective],
            accepted_types=services.settings.accepted_identity_types,
            strict=query.strict,
            deadline=call.deadline,
        )
        return evidence, reading

    try:
        answered = services.first_answer(call, query.advertiser_id, work)
    except NoTokenError as error:
        return _answer(
            nothing_connected(query.objective, error.detail), query, answers.about_nobody(query.advertiser_id, call.now)
        )
    except AdvertiserNotAccessibleError as error:
        return _answer(
            not_accessible(query.objective, error), query, answers.about_nobody(query.advertiser_id, call.now)
        )
    evidence, reading = answered.result
    candidate = answered.candidate
    look = Look.of(evidence, [query.objective], call.now, candidate.connection.user_id)
    writing = live.write(reading, call.caller.team_id, candidate.advertiser_id, look)
    answer = _answer(
        verdict(query.objective, evidence, strict=query.strict),
        query,
        answers.about(candidate, given=query.advertiser_id is not None, now=call.now),
    )
    wait([writing], timeout=call.deadline.within(GRACE_SECONDS).remaining())
    return answer


def _answer(judged: Verdict, query: PublishCheckQuery, about: Mapping[str, object]) -> PublishCheck:
    token = about["token"]
    borrowed = isinstance(token, answers.TokenUsed) and token.source == "teammate"
    return PublishCheck.model_validate(
        {
            **about,
            "ready": judged.ready,
            "missing": judged.missing,
            "unknown": judged.unknown,
            "at_risk": judged.at_risk,
            "reason": judged.reason,
            "detail": judged.detail,
            "identity": _used(judged.identity),
            "objective": query.objective,
            "checks": tuple(
                _check(requirement, finding, borrowed=borrowed) for requirement, finding in judged.findings.items()
            ),
            "warnings": tuple(warning(code) for code in judged.warnings),
        }
    )


def _check(requirement: Requirement, finding: Finding, *, borrowed: bool) -> CheckDone | CheckNotRequired:
    if finding.status is Status.NOT_REQUIRED:
        return CheckNotRequired(requirement=requirement)
    message, fix = text_of(requirement, finding)
    shown = sorted(finding.assets, key=lambda asset: not asset.usable)[:ASSETS_SHOWN]
    return CheckDone(
        requirement=requirement,
        status=finding.status,
        reason=finding.reason,
        message=message,
        fix=without_own_token(fix) if borrowed else fix,
        count=len(finding.assets),
        assets=tuple(
            AssetSeen(id=one.id, name=one.name, type=one.type, usable=one.usable, why_not=one.why_not) for one in shown
        ),
    )


def _used(asset: Asset | None) -> UsedIdentity | None:
    if asset is None:
        return None
    return UsedIdentity(identity_id=asset.id, identity_type=asset.type, display_name=asset.name, image=asset.image)

"""GET /publish-check: can the ad be published? Token, evidence, verdict, response."""

from concurrent.futures import wait
from dataclasses import replace

from publishing.http.check_schemas import (
    AssetSeen,
    CheckDone,
    CheckNotRequired,
    PublishCheck,
    UsedIdentity,
    advertiser_id_source,
    token_used,
)
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import PublishCheckQuery
from publishing.preflight.evidence import gather
from publishing.preflight.findings import Asset, Finding, Status
from publishing.preflight.messages import text_of, warning, without_own_token
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence, Verdict, not_accessible, nothing_connected, verdict
from publishing.readiness.snapshot import CheckResult
from publishing.readiness.snapshot_refresher import GRACE_SECONDS, RecordRead, SnapshotRefresher
from publishing.tokens import Candidate, NoTokenError, TokenFailover
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.models import IdentityType

ASSETS_SHOWN = 5


def publish_check(
    tokens: TokenFailover,
    refresher: SnapshotRefresher,
    accepted_types: tuple[IdentityType, ...],
    context: RequestContext,
    query: PublishCheckQuery,
) -> PublishCheck:
    """Return the preflight of one advertiser and objective; what it finds refreshes the readiness snapshot.

    Raises:
        AdvertiserNotConnectedError: none of the usable connections has the advertiser.
    """
    team_id = context.principal.team_id

    def work(api: TikTokBusinessApi, advertiser_id: str) -> tuple[Evidence, RecordRead]:
        read = refresher.read(team_id, advertiser_id)
        evidence = gather(
            api,
            advertiser_id,
            OBJECTIVES[query.objective],
            accepted_types=accepted_types,
            strict=query.strict,
            deadline=context.deadline,
        )
        return evidence, read

    try:
        answered = tokens.answer_request(context, query.advertiser_id, work)
    except NoTokenError as error:
        return _response(nothing_connected(query.objective, error.detail), context, query, None)
    except TikTokError as error:  # no token could answer
        return _response(not_accessible(query.objective, error), context, query, None)
    candidate = answered.candidate
    evidence, read = answered.result
    evidence = replace(evidence, scopes=candidate.connection.scopes)
    result = CheckResult.of(evidence, [query.objective], context.now, candidate.connection.user_id)
    writing = refresher.write(read, team_id, candidate.advertiser_id, result)
    response = _response(verdict(query.objective, evidence, strict=query.strict), context, query, candidate)
    wait([writing], timeout=context.deadline.within(GRACE_SECONDS).remaining())
    return response


def _response(
    judged: Verdict, context: RequestContext, query: PublishCheckQuery, candidate: Candidate | None
) -> PublishCheck:
    """Return the verdict as a response; ``candidate`` is None if nobody's token answered."""
    borrowed = candidate is not None and not candidate.own
    return PublishCheck(
        ready=judged.ready,
        missing=judged.missing,
        unknown=judged.unknown,
        at_risk=judged.at_risk,
        reason=judged.reason,
        detail=judged.detail,
        identity=_used(judged.identity),
        objective=query.objective,
        advertiser_id=candidate.advertiser_id if candidate else query.advertiser_id,
        advertiser_id_source=advertiser_id_source(query.advertiser_id, candidate),
        checks=tuple(
            _check(requirement, finding, borrowed=borrowed) for requirement, finding in judged.findings.items()
        ),
        warnings=tuple(warning(code) for code in judged.warnings),
        token=token_used(candidate) if candidate else None,
        checked_at=context.now,
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

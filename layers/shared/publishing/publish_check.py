"""GET /publish-check: can the ad be published? Token, evidence, verdict, outlook, response."""

from concurrent.futures import wait
from dataclasses import replace

from publishing.http import check_schemas
from publishing.http.check_schemas import (
    AssetSeen,
    CheckDone,
    CheckNotRequired,
    NotChecked,
    PublishCheck,
    UsedIdentity,
    advertiser_id_source,
    token_used,
)
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import PublishCheckQuery
from publishing.preflight.blockers import Obstacle, Outlook, outlook, outlook_unasked
from publishing.preflight.evidence import gather
from publishing.preflight.findings import Asset, Finding, Status
from publishing.preflight.messages import dated, obstacle_text, text_of, upcoming, warning, without_own_token
from publishing.preflight.objectives import Requirement
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
    team_id, ad = context.principal.team_id, query.ad

    def work(api: TikTokBusinessApi, advertiser_id: str) -> tuple[Evidence, RecordRead]:
        read = refresher.read(team_id, advertiser_id)
        evidence = gather(
            api, advertiser_id, ad, accepted_types=accepted_types, strict=query.strict, deadline=context.deadline
        )
        return evidence, read

    try:
        answered = tokens.answer_request(context, query.advertiser_id, work)
    except NoTokenError as error:
        return _unasked(nothing_connected(ad, error.detail), None, context, query)
    except TikTokError as error:  # no token could answer
        return _unasked(not_accessible(ad, error), error, context, query)
    candidate = answered.candidate
    evidence, read = answered.result
    evidence = replace(evidence, scopes=candidate.connection.scopes)
    result = CheckResult.of(evidence, context.now, candidate.connection.user_id)
    writing = refresher.write(read, team_id, candidate.advertiser_id, result)
    judged = verdict(ad, evidence, strict=query.strict)
    response = _response(
        judged, outlook(ad, judged, evidence, context.now, strict=query.strict), context, query, candidate
    )
    wait([writing], timeout=context.deadline.within(GRACE_SECONDS).remaining())
    return response


def _unasked(
    judged: Verdict, error: TikTokError | None, context: RequestContext, query: PublishCheckQuery
) -> PublishCheck:
    """Return the response if no token answered."""
    unasked = outlook_unasked(query.ad, judged, error, context.now, strict=query.strict)
    return _response(judged, unasked, context, query, None)


def _response(
    judged: Verdict,
    prospects: Outlook,
    context: RequestContext,
    query: PublishCheckQuery,
    candidate: Candidate | None,
) -> PublishCheck:
    """Return the verdict as a response; ``candidate`` is None if nobody's token answered."""
    borrowed = candidate is not None and not candidate.own
    chosen = query.ad.chosen
    return PublishCheck(
        publishable=prospects.publishable,
        blockers=tuple(map(_obstacle, prospects.blockers)),
        risks=tuple(map(_obstacle, prospects.risks)),
        not_checked=tuple(NotChecked(code=code, reason=why) for code, why in prospects.not_checked.items()),
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
            _check(requirement, finding, chosen.get(requirement), borrowed=borrowed)
            for requirement, finding in judged.findings.items()
        ),
        warnings=(*map(warning, judged.warnings), *map(upcoming, prospects.upcoming)),
        token=token_used(candidate) if candidate else None,
        checked_at=context.now,
    )


def _obstacle(one: Obstacle) -> check_schemas.Obstacle:
    message, fix = obstacle_text(one.code, one.policy, one.countries)
    policy = dated(one.policy) if one.policy else None
    return check_schemas.Obstacle(code=one.code, message=message, fix=fix, policy=policy)


def _check(
    requirement: Requirement, finding: Finding, chosen_id: str | None, *, borrowed: bool
) -> CheckDone | CheckNotRequired:
    """Return one check; the chosen asset is shown first, then those that are usable."""
    if finding.status is Status.NOT_REQUIRED:
        return CheckNotRequired(requirement=requirement)
    message, fix = text_of(requirement, finding)
    shown = sorted(finding.assets, key=lambda asset: (asset.id != chosen_id, not asset.usable))[:ASSETS_SHOWN]
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

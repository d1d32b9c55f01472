"""From a consent to a token and back: endpoints for whoever has the app's secret.

Consents themselves are given on the page in `consent`. (Reference: TikTok's authentication guide.)
"""

from collections import defaultdict

from local.tiktok_simulator.answers import ApiError, JsonObject
from local.tiktok_simulator.call import Call
from local.tiktok_simulator.world import Scope


def oauth2_access_token(call: Call) -> JsonObject:
    """Give a new long-term token for the code of a consent, which is good for one exchange.

    Older tokens of the same user go on working: nothing says that they do not.
    """
    _expect_app(call, ApiError.wrong_secret())
    code = call.parameters.required_text("auth_code")
    with_advertisers = call.parameters.flag("return_advertiser_ids", default=True)
    try:
        token = call.world.redeem(code, call.now)
    except KeyError:
        raise ApiError.code_dead() from None
    return {
        "access_token": token.value,
        "advertiser_ids": list(token.advertiser_ids) if with_advertisers else [],
        "scope": granted_ids(frozenset(Scope) - token.missing_scopes),
    }


def oauth2_advertiser_get(call: Call) -> JsonObject:
    """List the advertisers that the token reaches, without pages (reference: portal doc 1738455508553729)."""
    _expect_app(call, ApiError.wrong_app())
    advertisers = [call.world.advertisers.get(advertiser_id) for advertiser_id in call.token.advertiser_ids]
    return {
        "list": [
            {"advertiser_id": advertiser.id, "advertiser_name": advertiser.name}
            for advertiser in advertisers
            if advertiser is not None and not advertiser.deleted
        ]
    }


def oauth2_revoke_token(call: Call) -> JsonObject:
    """End a token and say which advertisers it reached; one that is dead already is 40105.

    Sources differ on whether the header must hold it too; here it must.
    """
    _expect_app(call, ApiError.wrong_app())
    token = call.world.tokens.get(call.parameters.required_text("access_token"))
    if token is None or token.revoked:
        raise ApiError.token_dead()
    call.world.revoke(token.value)
    return {"app_id": call.world.app_id, "advertiser_ids": list(token.advertiser_ids)}


def granted_ids(granted: frozenset[Scope]) -> list[int]:
    """Scopes as TikTok names them: a group of which all is granted by its own id, else each by its id."""
    groups: defaultdict[int, set[Scope]] = defaultdict(set)
    for scope in Scope:
        groups[scope.parent].add(scope)
    ids: set[int] = set()
    for parent, scopes in groups.items():
        ids |= {parent} if scopes <= granted else {scope.value for scope in scopes & granted}
    return sorted(ids)


def _expect_app(call: Call, refusal: ApiError) -> None:
    """Refuse another app's id as told: where there is no token to compare it with, it is the secret that is wrong."""
    if call.parameters.required_text("app_id") != call.world.app_id:
        raise refusal
    if call.parameters.required_text("secret") != call.world.app_secret:
        raise ApiError.wrong_secret()

"""The expected result of each operation by conclusion. Written from the contract, not from results."""

from collections.abc import Callable, Mapping

from tests.deep.fault_matrix.faults import Conclusion

Summary = str
"""What the caller gets, in a few words."""
WithoutFault = Mapping[str, Summary]
Rule = Callable[[WithoutFault, Conclusion, str], Summary]
"""Arguments: the summaries without a fault by scene, the conclusion, and the scene."""

NO_TOKEN = "no_token"

_REASONS: Mapping[Conclusion, str] = {
    Conclusion.NO_ACCESS: "missing_scope",  # other endpoints answer about the advertiser: only this one is denied
    Conclusion.SCOPE_MISSING: "missing_scope",
    Conclusion.RATE_LIMITED: "rate_limited",
    Conclusion.REJECTED: "upstream_error",
    Conclusion.DEPLOYMENT_REFUSED: "upstream_error",
    Conclusion.NOT_APPLIED: "upstream_error",
    Conclusion.TRANSIENT: "upstream_error",
    Conclusion.UNEXPECTED: "unexpected_response",
    Conclusion.UNREADABLE_ROWS: "unexpected_response",
    Conclusion.ROWS_MISSING: "unexpected_response",
    Conclusion.TIMEOUT: "timeout",
}
"""Contract §5: why a prerequisite is unknown."""
_LIST_PROBLEMS: Mapping[Conclusion, str] = {
    Conclusion.TOKEN_INVALID: "409 no_token",
    Conclusion.NO_ACCESS: "403 advertiser_not_accessible",
    Conclusion.SCOPE_MISSING: "403 missing_scope",
    Conclusion.RATE_LIMITED: "503 tiktok_rate_limited",
    Conclusion.TIMEOUT: "504 tiktok_timeout",
}
"""Contract §4; everything else is tiktok_error."""
_CREATE_PROBLEMS: Mapping[Conclusion, str] = {
    Conclusion.TOKEN_INVALID: "409 no_token",
    Conclusion.NO_ACCESS: "403 advertiser_not_accessible",
    Conclusion.SCOPE_MISSING: "403 missing_scope",
    Conclusion.REJECTED: "422 tiktok_rejected",
    Conclusion.RATE_LIMITED: "503 tiktok_rate_limited",
    Conclusion.TIMEOUT: "504 tiktok_timeout",
}
TIKTOK_ERROR = "502 tiktok_error"
FOUND = "201 found by name"
EITHER = "502 tiktok_error or 504 tiktok_timeout"
"""A write and a lookup that failed for different reasons: both problems allow a retry."""


def is_unaffected(conclusion: Conclusion, scene: str) -> bool:
    """Return whether the result is the same as without the fault."""
    return conclusion is Conclusion.UNAFFECTED or (conclusion is Conclusion.UNREADABLE_ROWS and scene == "absent")


def required(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """A prerequisite: returned assets count; anything else is unknown, never missing."""
    if is_unaffected(conclusion, scene) or (conclusion is Conclusion.ROWS_MISSING and scene == "there"):
        return without_fault[scene]
    return NO_TOKEN if conclusion is Conclusion.TOKEN_INVALID else f"unknown: {_REASONS[conclusion]}"


def checked(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The identity check: like a prerequisite, but no other call tells access from scope."""
    if conclusion is Conclusion.NO_ACCESS:
        return "api_error: advertiser_not_accessible"
    return required(without_fault, conclusion, scene).replace("unknown: ", "api_error: ")


def listed(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The list: complete or a problem, since both types use the same endpoint."""
    if is_unaffected(conclusion, scene):
        return without_fault[scene]
    return _LIST_PROBLEMS.get(conclusion, TIKTOK_ERROR)


def partly_listed(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The list if one type fails: the other is listed, and the list is incomplete."""
    if is_unaffected(conclusion, scene):
        return without_fault[scene]
    if conclusion is Conclusion.TOKEN_INVALID:
        return _LIST_PROBLEMS[conclusion]
    return f"200, {1 if scene == 'there' else 0} listed, incomplete"


def created(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The write: rejected if TikTok says so; otherwise its outcome is looked up."""
    if conclusion is Conclusion.UNAFFECTED:
        return without_fault[scene]
    problem = _CREATE_PROBLEMS.get(conclusion, TIKTOK_ERROR)
    return FOUND if scene == "acted" else problem


def looked_up(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The lookup after a lost response: if it fails, the write's own failure is returned."""
    if conclusion in {Conclusion.UNAFFECTED, Conclusion.ROWS_MISSING}:
        return without_fault[scene]
    return {Conclusion.TOKEN_INVALID: "409 no_token", Conclusion.TIMEOUT: EITHER}.get(conclusion, TIKTOK_ERROR)


def strict(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The flag with ``strict``: any failure makes the identity unknown."""
    if conclusion is Conclusion.UNAFFECTED:
        return without_fault[scene]
    return NO_TOKEN if conclusion is Conclusion.TOKEN_INVALID else f"unknown: {_REASONS[conclusion]}"


def advice(lost: Summary) -> Rule:
    """Advice only warns: if unreadable it is left out, and the verdict is unchanged."""

    def rule(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
        if conclusion is Conclusion.UNAFFECTED:
            return without_fault[scene]
        return NO_TOKEN if conclusion is Conclusion.TOKEN_INVALID else lost

    return rule


def warned(lost: Summary) -> Rule:
    """The warning of a create: if unreadable it is left out; the identity exists anyway."""
    return lambda without_fault, conclusion, scene: (
        without_fault[scene] if conclusion is Conclusion.UNAFFECTED else lost
    )


_EXCHANGE: Mapping[Conclusion, str] = {
    Conclusion.APP_REJECTED: "503 connect_not_set_up",
    Conclusion.DEPLOYMENT_REFUSED: "503 connect_not_set_up",
    Conclusion.REJECTED: "422 tiktok_rejected",
    Conclusion.TOKEN_INVALID: "422 tiktok_rejected",
    Conclusion.RATE_LIMITED: "503 tiktok_rate_limited",
    Conclusion.TIMEOUT: "504 tiktok_timeout",
}
"""Completing a connection; everything else is tiktok_error."""
_REVOCATION: Mapping[Conclusion, str] = {
    Conclusion.RATE_LIMITED: "503 tiktok_rate_limited",
    Conclusion.TIMEOUT: "504 tiktok_timeout",
}
_REVOKED_HERE = frozenset(
    {
        Conclusion.UNAFFECTED,
        Conclusion.TOKEN_INVALID,
        Conclusion.REJECTED,
        Conclusion.SCOPE_MISSING,
        Conclusion.NO_ACCESS,
        Conclusion.DEPLOYMENT_REFUSED,
    }
)
NOT_LISTED = "connected, not listed"


def exchanged(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The code exchange: connected exactly if TikTok's response has a token."""
    return without_fault[scene] if conclusion is Conclusion.UNAFFECTED else _EXCHANGE.get(conclusion, TIKTOK_ERROR)


def listed_after_connecting(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The list of a new connection: if it cannot be read, the connection is made and the list is read later."""
    return without_fault[scene] if is_unaffected(conclusion, scene) else NOT_LISTED


def revoked(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """Revoking: a definitive refusal ends the connection here; any other failure must be retried."""
    if conclusion in _REVOKED_HERE:
        return without_fault[scene]
    return _REVOCATION.get(conclusion, TIKTOK_ERROR)


def refreshed(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The daily refresh: an unreadable list stays unchanged; an invalid token expires the connection."""
    if is_unaffected(conclusion, scene):
        return without_fault[scene]
    return "expired" if conclusion is Conclusion.TOKEN_INVALID else "as before"


def found_in_own_list(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """The preflight's refresh of the own list: if it fails, the list is unchanged."""
    if is_unaffected(conclusion, scene):
        return without_fault[scene]
    return NO_TOKEN if conclusion is Conclusion.TOKEN_INVALID else "403 advertiser_not_accessible"


def uploaded(without_fault: WithoutFault, conclusion: Conclusion, scene: str) -> Summary:
    """An upload: rejected if TikTok says so; if the outcome is unknown the caller may retry."""
    return (
        without_fault[scene] if conclusion is Conclusion.UNAFFECTED else _CREATE_PROBLEMS.get(conclusion, TIKTOK_ERROR)
    )

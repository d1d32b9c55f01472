"""The errors of calls to TikTok, named by what the caller can do.

* TikTokError
    * TokenInvalidError: use another token, and have its owner connect again
    * AdvertiserNotAccessibleError: another person's token may work
        * AdvertiserGoneError
    * ScopeMissingError: connect again and grant the permission
    * RateLimitedError: retry later, writes too
    * NotAppliedError: retry, writes too
    * RequestRejectedError: change the request
    * DeploymentRefusedError: have the operators act
    * UnavailableError: retry a read; check the outcome before retrying a write
        * NotSentError: retry, writes too
        * ConnectionLostError
        * TimedOutError
            * NoTimeLeftError
    * UnexpectedResponseError: conclude nothing
        * IncompleteListingError
"""

from tiktok_business.return_codes import ErrorCategory


class TikTokError(Exception):
    """A failed call.

    Has TikTok's ``code`` and ``request_id`` (None without a TikTok response), ``message`` and ``endpoint``. Never
    holds a token: the client removes it from TikTok's message.
    """

    outcome_unknown = False
    """For a write: whether TikTok may have applied it."""
    retryable = False
    """For a read: whether a retry may succeed."""

    def __init__(
        self, endpoint: str, message: str = "", *, code: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(endpoint, message, code, request_id)
        self.endpoint = endpoint
        self.message = message
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        code = f"code {self.code}" if self.code is not None else "no code"
        return f"{self.endpoint}: {code}, request {self.request_id or 'unknown'}: {self.message}"


class TokenInvalidError(TikTokError):
    """The access token is invalid: use another one, and have its owner connect again."""


class AdvertiserNotAccessibleError(TikTokError):
    """The token may not operate the advertiser: another person's token may."""


class AdvertiserGoneError(AdvertiserNotAccessibleError):
    """The advertiser does not exist or was deleted, according to TikTok's answer to this token."""


class ScopeMissingError(TikTokError):
    """The token lacks the permission for this endpoint: connect again and grant it."""


class RateLimitedError(TikTokError):
    """TikTok refused for rate before doing anything: retry later, writes too."""

    retryable = True


class NotAppliedError(TikTokError):
    """The write was not applied; safe to retry."""

    retryable = True


class RequestRejectedError(TikTokError):
    """TikTok rejects the contents of the request: change the request."""


class DeploymentRefusedError(TikTokError):
    """TikTok refuses this deployment's app, network, API version or environment: no caller can change that."""


class UnavailableError(TikTokError):
    """A transient failure of TikTok or the network: retry a read; check the outcome before retrying a write."""

    outcome_unknown = True
    retryable = True


class NotSentError(UnavailableError):
    """No connection to TikTok: the request was not sent, so even a write may be retried."""

    outcome_unknown = False


class ConnectionLostError(UnavailableError):
    """The connection broke during the request, as a pooled one does that was closed while the Lambda was frozen."""


class TimedOutError(UnavailableError):
    """No complete answer in time."""


class NoTimeLeftError(TimedOutError):
    """The deadline had passed before anything was sent."""

    outcome_unknown = False


class UnexpectedResponseError(TikTokError):
    """An answer of an undocumented shape or code: conclude nothing from it."""

    outcome_unknown = True


class IncompleteListingError(UnexpectedResponseError):
    """Not every row could be read, so the rows read prove no absence."""


ERROR_BY_CATEGORY: dict[ErrorCategory, type[TikTokError]] = {
    ErrorCategory.TOKEN_INVALID: TokenInvalidError,
    ErrorCategory.SCOPE_MISSING: ScopeMissingError,
    ErrorCategory.NO_ACCESS: AdvertiserNotAccessibleError,
    ErrorCategory.ADVERTISER_GONE: AdvertiserGoneError,
    ErrorCategory.RATE_LIMITED: RateLimitedError,
    ErrorCategory.NOT_APPLIED: NotAppliedError,
    ErrorCategory.TRANSIENT: UnavailableError,
    ErrorCategory.REJECTED: RequestRejectedError,
    ErrorCategory.DEPLOYMENT_REFUSED: DeploymentRefusedError,
    ErrorCategory.UNKNOWN: UnexpectedResponseError,
}
"""The error that each category is raised as; all but OK."""

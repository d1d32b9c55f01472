"""What can go wrong with a call to TikTok, each error named by what the caller can do about it."""

from tiktok_business.return_codes import Meaning


class TikTokError(Exception):
    """A call that brought no answer to rely on.

    Carries TikTok's ``code``, ``message`` and ``request_id`` (each None where TikTok did not get to speak) and the
    ``endpoint``. Never holds a token: the client removes it from TikTok's message.
    """

    may_have_happened = False
    """For a write: whether TikTok may have carried it out all the same."""
    worth_repeating = False
    """For a read: whether a second try may end better."""

    def __init__(
        self, endpoint: str, message: str = "", *, code: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(endpoint, message, code, request_id)
        self.endpoint = endpoint
        self.message = message
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        said = f"code {self.code}" if self.code is not None else "no code"
        return f"{self.endpoint}: {said}, request {self.request_id or 'unknown'}: {self.message}"


class TokenRejectedError(TikTokError):
    """The access token is dead: use another one, and have its owner connect again."""


class AdvertiserNotAccessibleError(TikTokError):
    """The token may not operate the advertiser: another person's token may."""


class AdvertiserGoneError(AdvertiserNotAccessibleError):
    """The advertiser does not exist (any more), as far as TikTok tells this token."""


class ScopeMissingError(TikTokError):
    """The token lacks the permission for this endpoint: connect again and grant it."""


class RateLimitedError(TikTokError):
    """Refused for rate before anything was done: repeat later, writes too."""

    worth_repeating = True


class RefusedForNowError(TikTokError):
    """TikTok could not carry a write out this time, and says so: it may be sent again."""

    worth_repeating = True


class RequestRejectedError(TikTokError):
    """TikTok refuses the request for what it says: change the request."""


class UnsupportedError(TikTokError):
    """The environment, app or region does not have the endpoint."""


class UnavailableError(TikTokError):
    """TikTok's own trouble or the network's: repeat a read; look before repeating a write."""

    may_have_happened = True
    worth_repeating = True


class NotSentError(UnavailableError):
    """No connection to TikTok: the request never left, so even a write may be repeated."""

    may_have_happened = False


class ConnectionLostError(UnavailableError):
    """The connection broke under the request, as a pooled one does that died while the Lambda was frozen."""


class TimedOutError(UnavailableError):
    """No whole answer in time."""


class NoTimeLeftError(TimedOutError):
    """The deadline had passed before anything was sent."""

    may_have_happened = False


class UnexpectedResponseError(TikTokError):
    """An answer, but not of the documented shape or code: conclude nothing from it."""

    may_have_happened = True


class IncompleteReadingError(UnexpectedResponseError):
    """Not every row could be read, so absence is not proven by what was read."""


ERROR_OF_MEANING: dict[Meaning, type[TikTokError]] = {
    Meaning.TOKEN_DEAD: TokenRejectedError,
    Meaning.SCOPE_MISSING: ScopeMissingError,
    Meaning.NO_ACCESS: AdvertiserNotAccessibleError,
    Meaning.ADVERTISER_GONE: AdvertiserGoneError,
    Meaning.RATE_LIMITED: RateLimitedError,
    Meaning.NOT_DONE: RefusedForNowError,
    Meaning.TRANSIENT: UnavailableError,
    Meaning.REJECTED: RequestRejectedError,
    Meaning.UNSUPPORTED: UnsupportedError,
    Meaning.UNKNOWN: UnexpectedResponseError,
}
"""The error each meaning is raised as; every meaning but OK is here."""

"""A TikTok session that moves on to the next person's token when TikTok refuses one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connections import Marks, Tokens, TokenUnavailableError
from publishing.log_events import LogEvent
from publishing.token_choice import Candidate, NoTokenError
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import AdvertiserNotAccessibleError, TokenRejectedError

MAX_CANDIDATES = 5
"""Persons' tokens tried for one request."""

logger = Logger(service="publishing", child=True)

Result = TypeVar("Result")
Work = Callable[[TikTokBusinessApi, str], Result]
"""What is asked of TikTok, given the endpoints and the advertiser; raises the errors that end this token's turn."""


@dataclass(frozen=True, slots=True)
class Answered(Generic[Result]):
    """A result, and the one candidate whose token it was made with."""

    candidate: Candidate
    result: Result


@dataclass(frozen=True, slots=True)
class Session:
    """Opens TikTok for one candidate after another."""

    tokens: Tokens
    marks: Marks
    open: Callable[[SecretStr], TikTokBusinessApi]

    def first_answer(self, candidates: tuple[Candidate, ...], work: Work[Result]) -> Answered[Result]:
        """Do ``work`` with the first candidate whose token TikTok accepts; the whole of it, never a part.

        A dead token's connection is marked ``expired``, after the secret was read once more in case it has been
        rotated. A token that may not operate the advertiser is passed over unmarked. No candidate is asked twice.

        Raises:
            AdvertiserNotAccessibleError: no candidate left, and one was refused the advertiser.
            NoTokenError: no candidate left, all dead or without a secret.
            TikTokError: any other failure of ``work``, which another token would not mend.
        """
        refused: AdvertiserNotAccessibleError | None = None
        for candidate in candidates[:MAX_CANDIDATES]:
            try:
                return Answered(candidate, self._with_rotation(candidate, work))
            except TokenUnavailableError:
                logger.warning(LogEvent.SECRET_UNUSABLE, user_id=candidate.connection.user_id)
            except TokenRejectedError as error:
                logger.warning(LogEvent.TOKEN_DEAD, user_id=candidate.connection.user_id, tiktok=str(error))
                self.marks.expired(candidate.connection)
            except AdvertiserNotAccessibleError as error:
                logger.info(LogEvent.TOKEN_REFUSED, user_id=candidate.connection.user_id, tiktok=str(error))
                refused = error
        if refused is not None:
            raise refused
        raise NoTokenError("token_expired")

    def _with_rotation(self, candidate: Candidate, work: Work[Result]) -> Result:
        token = self.tokens.read(candidate.connection)
        try:
            return work(self.open(token), candidate.advertiser_id)
        except TokenRejectedError:
            self.tokens.drop(candidate.connection)
            rotated = self.tokens.read(candidate.connection)
            if rotated == token:
                self.tokens.drop(candidate.connection)
                raise
        try:
            return work(self.open(rotated), candidate.advertiser_id)
        except TokenRejectedError:
            self.tokens.drop(candidate.connection)
            raise

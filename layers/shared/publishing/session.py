"""A TikTok session that moves on to the next person's token when TikTok refuses one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.log_events import LogEvent
from publishing.stores import Marks, Tokens, TokenUnavailableError
from publishing.teams import Connection
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
                return Answered(candidate, with_rotation(self.tokens, candidate.connection, self._of(candidate, work)))
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

    def _of(self, candidate: Candidate, work: Work[Result]) -> Callable[[SecretStr], Result]:
        return lambda token: work(self.open(token), candidate.advertiser_id)


def with_rotation(tokens: Tokens, connection: Connection, work: Callable[[SecretStr], Result]) -> Result:
    """Do ``work`` with the connection's token; where that is dead, with the one that the store has by now, if another.

    Raises:
        TokenUnavailableError: no such secret.
        TokenRejectedError: both are dead, or there is but one.
    """
    token = tokens.read(connection)
    try:
        return work(token)
    except TokenRejectedError:
        tokens.drop(connection)
        rotated = tokens.read(connection)
        if rotated == token:
            tokens.drop(connection)
            raise
    try:
        return work(rotated)
    except TokenRejectedError:
        tokens.drop(connection)
        raise

"""The caller's own list of advertisers, read again out of turn: an ad account that was added a moment ago."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from aws_lambda_powertools import Logger

from publishing.connecting.advertisers import listing
from publishing.connecting.services import OpenOAuth
from publishing.connecting.stores import AppCredentials, Connections, NotSetUpError
from publishing.connecting.times import LIST_EVERY
from publishing.log_events import LogEvent
from publishing.session import with_rotation
from publishing.stores import Marks, Tokens, TokenUnavailableError
from publishing.teams import Connection, ConnectionStatus
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TokenRejectedError

LISTING_SECONDS = 3.0
"""Of the request's time: the preflight itself comes after it."""

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class OwnList:
    """Reads the list again, at most once in five minutes for each connection."""

    connections: Connections
    tokens: Tokens
    marks: Marks
    app: AppCredentials
    open_oauth: OpenOAuth
    clock: Callable[[], datetime]

    def renewed(self, connection: Connection, now: datetime, deadline: Deadline) -> Connection | None:
        """The connection with its list as TikTok has it now, ``expired`` where TikTok calls its token dead."""
        if not self.connections.claim_refresh(connection, now):
            return None
        try:
            oauth = self.open_oauth(self.app.read(), deadline.within(LISTING_SECONDS))
            found = with_rotation(self.tokens, connection, partial(listing, oauth))
        except TokenRejectedError as error:
            logger.warning(LogEvent.TOKEN_DEAD, user_id=connection.user_id, tiktok=str(error))
            self.marks.expired(connection)
            return replace(connection, status=ConnectionStatus.EXPIRED)
        except (TokenUnavailableError, NotSetUpError, TikTokError) as error:
            why = str(error) if isinstance(error, TikTokError) else type(error).__name__
            logger.warning(LogEvent.ADVERTISERS_NOT_LISTED, user_id=connection.user_id, tiktok=why)
            return None
        renewed = found.of(connection, now)
        self.connections.listed(renewed, self.clock() + LIST_EVERY)
        logger.info(LogEvent.ADVERTISERS_LISTED, user_id=connection.user_id, advertisers=len(found.advertiser_ids))
        return renewed

"""What the sweep has seen to: lists of advertisers that are a day old, changes that nobody finished."""

from dataclasses import replace

from aws_lambda_powertools import Logger

from publishing.connecting.settling import settle
from publishing.connecting.stores import Duty, NotSetUpError
from publishing.connecting.times import LIST_EVERY
from publishing.connecting.tools import Tools
from publishing.connections import Marks
from publishing.log_events import LogEvent
from publishing.readiness.expiry import Expiry
from publishing.teams import Connection, ConnectionStatus
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TokenRejectedError

logger = Logger(service="publishing", child=True)


def see_to(tools: Tools, marks: Marks, expiry: Expiry, duty: Duty, deadline: Deadline) -> None:
    """See to one connection. What TikTok's trouble keeps from being done comes up again after an hour, or a day."""
    try:
        change = tools.changes.read(duty.team_id, duty.user_id)
        if change is not None:
            settle(tools, change, deadline)
            return
        connection = tools.teams.read(duty.team_id).connection_of(duty.user_id)
        if connection is None or connection.status != ConnectionStatus.ACTIVE:
            if connection is not None:
                tools.connections.let_go(connection)
            return
        _list(tools, marks, expiry, connection, deadline)
    except TikTokError as error:
        logger.warning(LogEvent.UPKEEP_LATER, user_id=duty.user_id, tiktok=str(error))
    except NotSetUpError:
        logger.error(LogEvent.APP_NOT_SET_UP)  # noqa: TRY400 - the text says all


def _list(tools: Tools, marks: Marks, expiry: Expiry, connection: Connection, deadline: Deadline) -> None:
    """Read the list of a connection's advertisers again; who is found dead is marked, and others are told."""
    token = tools.vault.current(connection.secret_id)
    if token is None:
        logger.warning(LogEvent.SECRET_UNUSABLE, user_id=connection.user_id)
        return
    try:
        found = tools.listing(token, deadline)
    except TokenRejectedError as error:
        logger.warning(LogEvent.TOKEN_DEAD, user_id=connection.user_id, tiktok=str(error))
        marks.expired(connection)
        expiry.tell(replace(connection, status=ConnectionStatus.EXPIRED))
        return
    except TikTokError as error:
        if not error.worth_repeating:  # a permission that was not granted, say: in an hour it is no other
            tools.connections.listed(connection, tools.clock() + LIST_EVERY)
        raise
    now = tools.clock()
    tools.connections.listed(found.of(connection, now), now + LIST_EVERY)
    logger.info(LogEvent.ADVERTISERS_LISTED, user_id=connection.user_id, advertisers=len(found.advertiser_ids))

"""What the sweep has seen to: lists of advertisers that are a day old, changes that nobody finished."""

from dataclasses import replace

from aws_lambda_powertools import Logger

from publishing.connecting.changes import Change, Kind
from publishing.connecting.completion import complete
from publishing.connecting.disconnect import end_connection
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
            _finish(tools, change, deadline)
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


def _finish(tools: Tools, left: Change, deadline: Deadline) -> None:
    """Finish what somebody began: a connection whose token is stored is made, any other leaves nothing behind."""
    now = tools.clock()
    change = left.again(now)
    if not left.is_alone(now) or not tools.changes.begin(change, now):
        return
    if change.kind is Kind.DISCONNECT:
        end_connection(tools, change, deadline)
        return
    secret_id = tools.vault.secret_id(change.team_id, change.user_id)
    token = tools.vault.version(secret_id, change.grant)
    if token is not None:
        complete(tools, change, token, deadline)
    else:
        standing = tools.teams.read(change.team_id).connection_of(change.user_id)
        if standing is None or standing.status == ConnectionStatus.REVOKED:
            tools.vault.remove(secret_id)  # made or restored for a token that never came
    tools.changes.end(change)
    logger.info(LogEvent.CHANGE_FINISHED, user_id=change.user_id, kind=change.kind, made=token is not None)

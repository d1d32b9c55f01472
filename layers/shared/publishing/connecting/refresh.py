"""Refreshing one connection: its list of advertisers is read again, or a change that nobody finished is recovered."""

from dataclasses import replace

from aws_lambda_powertools import Logger

from publishing.connecting.recovery import recover
from publishing.connecting.services import ConnectServices
from publishing.connecting.stores import DueConnection, NotSetUpError
from publishing.connecting.times import LIST_EVERY
from publishing.log_events import LogEvent
from publishing.readiness.expiry import Expiry
from publishing.stores import Marks
from publishing.teams import Connection, ConnectionStatus
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TokenRejectedError

logger = Logger(service="publishing", child=True)


def refresh(services: ConnectServices, marks: Marks, expiry: Expiry, due: DueConnection, deadline: Deadline) -> None:
    """Refresh one connection. Where TikTok's trouble prevents it, it is due again after an hour, or a day."""
    try:
        change = services.changes.read(due.team_id, due.user_id)
        if change is not None:
            recover(services, change, deadline)
            return
        team = services.teams.read(due.team_id)
        connection = team.connection_of(due.user_id)
        if connection is None or connection.status != ConnectionStatus.ACTIVE:
            if connection is not None:
                services.connections.unschedule(connection)
            return
        if connection.user_id not in team.roles:  # who has left: the token is nobody's to use, unless they return
            services.connections.put_off(connection, services.clock() + LIST_EVERY)
            return
        _list(services, marks, expiry, connection, deadline)
    except TikTokError as error:
        logger.warning(LogEvent.REFRESH_LATER, user_id=due.user_id, tiktok=str(error))
    except NotSetUpError:
        logger.error(LogEvent.APP_NOT_SET_UP)  # noqa: TRY400 - the text says all


def _list(services: ConnectServices, marks: Marks, expiry: Expiry, connection: Connection, deadline: Deadline) -> None:
    """Read the list of a connection's advertisers again; who is found dead is marked, and others are told."""
    token = services.vault.current(connection.secret_id) if connection.secret_id else None
    if token is None:
        logger.warning(LogEvent.SECRET_UNUSABLE, user_id=connection.user_id)
        return
    asked_at = services.clock()
    try:
        found = services.listing(token, deadline)
    except TokenRejectedError as error:
        logger.warning(LogEvent.TOKEN_DEAD, user_id=connection.user_id, tiktok=str(error))
        marks.expired(connection)
        expiry.tell(replace(connection, status=ConnectionStatus.EXPIRED))
        return
    except TikTokError as error:
        if not error.worth_repeating:  # a permission that was not granted, say: in an hour it is no other
            services.connections.put_off(connection, services.clock() + LIST_EVERY)
        raise
    services.connections.listed(found.of(connection, asked_at), services.clock() + LIST_EVERY)
    logger.info(LogEvent.ADVERTISERS_LISTED, user_id=connection.user_id, advertisers=len(found.advertiser_ids))

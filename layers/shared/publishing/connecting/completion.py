"""The second half of connecting, from the stored token on: whoever comes first does it, the person or the sweep."""

from dataclasses import replace

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connecting.changes import Change
from publishing.connecting.services import ConnectServices
from publishing.connecting.stores import NotSetUpError
from publishing.connecting.times import LIST_AGAIN_AFTER, LIST_EVERY, in_utc
from publishing.log_events import LogEvent
from publishing.readiness.events import connected, outgoing
from publishing.teams import Connection, ConnectionStatus
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError

logger = Logger(service="publishing", child=True)


def complete(services: ConnectServices, change: Change, token: SecretStr, deadline: Deadline) -> Connection:
    """Make the connection whose token is stored, and tell of it. Doing it again makes the same one again.

    Where TikTok does not tell which advertisers it reaches, the connection keeps those that the one before had, and is
    asked about again soon: by a preflight that misses one, or by the sweep.
    """
    secret_id = services.vault.secret_id(change.team_id, change.user_id)
    connection = Connection(
        team_id=change.team_id,
        user_id=change.user_id,
        status=ConnectionStatus.ACTIVE,
        advertiser_ids=(),
        secret_id=secret_id,
        connected_at=in_utc(change.at),
        scopes=change.scopes,
    )
    now = services.clock()
    try:
        connection = services.listing(token, deadline).of(connection, now)
        due_at = now + LIST_EVERY
    except (NotSetUpError, TikTokError) as error:
        why = str(error) if isinstance(error, TikTokError) else "no app"
        logger.warning(LogEvent.ADVERTISERS_NOT_LISTED, user_id=change.user_id, tiktok=why)
        before = services.teams.read(change.team_id).connection_of(change.user_id)
        if before is not None:
            connection = replace(
                connection, advertiser_ids=before.advertiser_ids, names=before.names, disabled=before.disabled
            )
        due_at = now + LIST_AGAIN_AFTER
    services.connections.connected(connection, due_at)
    services.bus.send([outgoing(connected(connection))])
    return connection

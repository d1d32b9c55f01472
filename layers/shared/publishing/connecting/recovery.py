"""Recovering a change that was begun and not ended: done by the sweep, and by whoever makes the next change."""

from aws_lambda_powertools import Logger

from publishing.connecting.changes import Change, Kind
from publishing.connecting.completion import complete
from publishing.connecting.disconnect import end_connection
from publishing.connecting.services import ConnectServices
from publishing.connecting.states import key_for
from publishing.log_events import LogEvent
from publishing.teams import ConnectionStatus
from tiktok_business.deadline import Deadline

logger = Logger(service="publishing", child=True)


def recover(services: ConnectServices, left: Change, deadline: Deadline) -> bool:
    """Finish the change: a connection whose token is stored is made, any other leaves nothing behind.

    False, and nothing is done, where somebody is still at it.

    Raises:
        NotSetUpError, TikTokError: TikTok could not be told of a disconnection; it is left to be taken up again.
    """
    now = services.clock()
    change = left.again(now)
    if not left.is_alone(now) or not services.changes.begin(change, now):
        return False
    if change.kind is Kind.DISCONNECT:
        end_connection(services, change, deadline)
    else:
        _connect(services, change, deadline)
    logger.info(LogEvent.CHANGE_FINISHED, user_id=change.user_id, kind=change.kind)
    return True


def _connect(services: ConnectServices, change: Change, deadline: Deadline) -> None:
    """Make the connection if its token is stored, and leave nothing behind if it is not."""
    token = services.vault.version(services.vault.secret_id(change.team_id, change.user_id), change.grant)
    if token is None:
        abandon(services, change)
    else:
        complete(services, change, token, deadline)
    services.states.done(key_for(change.team_id, change.user_id, change.grant))
    services.changes.end(change)


def abandon(services: ConnectServices, change: Change) -> None:
    """Remove a secret that was made or restored for a token that never came."""
    standing = services.teams.read(change.team_id).connection_of(change.user_id)
    if standing is None or standing.status == ConnectionStatus.REVOKED:
        services.vault.remove(services.vault.secret_id(change.team_id, change.user_id))

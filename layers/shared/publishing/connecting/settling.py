"""Finishing a change that somebody began and did not end: the sweep does, and who wants to make the next one."""

from aws_lambda_powertools import Logger

from publishing.connecting.changes import Change, Kind
from publishing.connecting.completion import complete
from publishing.connecting.disconnect import end_connection
from publishing.connecting.states import key_for
from publishing.connecting.tools import Tools
from publishing.log_events import LogEvent
from publishing.teams import ConnectionStatus
from tiktok_business.deadline import Deadline

logger = Logger(service="publishing", child=True)


def settle(tools: Tools, left: Change, deadline: Deadline) -> bool:
    """Finish it: a connection whose token is stored is made, any other leaves nothing behind; False: somebody is at it.

    Raises:
        NotSetUpError, TikTokError: TikTok could not be told of a disconnection; it is left to be taken up again.
    """
    now = tools.clock()
    change = left.again(now)
    if not left.is_alone(now) or not tools.changes.begin(change, now):
        return False
    if change.kind is Kind.DISCONNECT:
        end_connection(tools, change, deadline)
        return True
    token = tools.vault.version(tools.vault.secret_id(change.team_id, change.user_id), change.grant)
    if token is None:
        abandon(tools, change)
    else:
        complete(tools, change, token, deadline)
    tools.states.done(key_for(change.team_id, change.user_id, change.grant))
    tools.changes.end(change)
    logger.info(LogEvent.CHANGE_FINISHED, user_id=change.user_id, kind=change.kind, made=token is not None)
    return True


def abandon(tools: Tools, change: Change) -> None:
    """Remove a secret that was made or restored for a token that never came."""
    standing = tools.teams.read(change.team_id).connection_of(change.user_id)
    if standing is None or standing.status == ConnectionStatus.REVOKED:
        tools.vault.remove(tools.vault.secret_id(change.team_id, change.user_id))

"""Ending a connection: no longer used, revoked at TikTok, its token on its way out.

May be ended at any point and done again, by the same request or by the sweep: see :mod:`changes`.
"""

from dataclasses import dataclass
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.answers.connections import Disconnected
from publishing.calls import Call
from publishing.connecting.changes import Change, Kind
from publishing.connecting.services import ConnectServices
from publishing.connecting.states import key_for
from publishing.connecting.stores import NotSetUpError
from publishing.inputs import ConnectionPath
from publishing.log_events import LogEvent
from publishing.problems import Problem
from publishing.teams import ConnectionStatus, Role
from tiktok_business.deadline import Deadline
from tiktok_business.errors import AdvertiserNotAccessibleError, TikTokError

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Ends connections at TikTok and here."""

    services: ConnectServices

    def answer(self, call: Call, path: ConnectionPath) -> Disconnected:
        """End the person's connection; the caller's own or, for an owner, anybody's in the team.

        Raises:
            Problem: ``owner_only``, ``no_connection``, ``in_progress``, ``connect_not_set_up``.
            TikTokError: the connection is not used any more, but TikTok did not revoke it yet: to be repeated.
        """
        services, caller = self.services, call.caller
        team = services.teams.read(caller.team_id)
        known = [one for one in (path.user_id, unquote(path.user_id)) if team.connection_of(one)]
        user_id = known[0] if known else unquote(path.user_id)
        if user_id != caller.user_id and Role.of(caller.role) is not Role.OWNER:
            raise Problem("owner_only")
        connection = team.connection_of(user_id)
        left = services.changes.read(caller.team_id, user_id)
        if connection is None and left is None:
            raise Problem("no_connection")
        if left is None and connection is not None and connection.status == ConnectionStatus.REVOKED:
            return Disconnected(user_id=user_id)
        if left is not None and left.grant and left.is_alone(services.clock()):
            services.states.done(key_for(left.team_id, left.user_id, left.grant))  # it must not come back after this
        change = Change.begun(caller.team_id, user_id, Kind.DISCONNECT, services.clock())
        if not services.changes.begin(change, services.clock()):
            raise Problem("in_progress")
        try:
            end_connection(services, change, call.deadline)
        except NotSetUpError:
            raise Problem("connect_not_set_up") from None
        except AdvertiserNotAccessibleError:  # no advertiser was asked about
            raise Problem("tiktok_error") from None
        return Disconnected(user_id=user_id)


def end_connection(services: ConnectServices, change: Change, deadline: Deadline) -> None:
    """Do what a disconnection that is written down owes. Doing it again ends the same.

    Raises:
        NotSetUpError, TikTokError: TikTok could not be told; the change is left to be taken up again.
    """
    connection = services.teams.read(change.team_id).connection_of(change.user_id)
    if connection is not None and connection.status != ConnectionStatus.REVOKED:
        services.connections.revoked(connection)
    # Another service's secret may have another name; beside it there may be one that an unfinished connecting made.
    named = [connection.secret_id] if connection is not None and connection.secret_id else []
    for secret_id in dict.fromkeys([*named, services.vault.secret_id(change.team_id, change.user_id)]):
        token = services.vault.current(secret_id)
        if token is not None:
            _revoke(services, change, token, deadline)
        services.vault.remove(secret_id)
    services.changes.end(change)


def _revoke(services: ConnectServices, change: Change, token: SecretStr, deadline: Deadline) -> None:
    try:
        services.open_oauth(services.app.read(), deadline).revoke(token)
    except (NotSetUpError, TikTokError) as error:
        why = str(error) if isinstance(error, TikTokError) else "no app"
        logger.warning(LogEvent.NOT_REVOKED, user_id=change.user_id, tiktok=why)
        services.changes.note(change.given_up(services.clock()))
        raise

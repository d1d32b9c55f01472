"""DELETE /connections/{user_id}: ends a connection here and at TikTok, and removes its token.

May be interrupted at any point and repeated, by the same request or by the sweep: see
:mod:`publishing.connections.pending_operation`.
"""

from dataclasses import dataclass
from urllib.parse import unquote

from publishing.connections.authorize import key_for
from publishing.connections.completion import ConnectionServices, complete_disconnection
from publishing.connections.pending_operation import OperationKind, PendingOperation
from publishing.http.problems import Problem
from publishing.http.request_context import RequestContext
from publishing.http.request_schemas import ConnectionPath
from publishing.http.response_schemas import Disconnected
from publishing.ports import AppNotConfiguredError
from publishing.teams import ConnectionStatus, Role


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Ends connections."""

    services: ConnectionServices

    def respond(self, context: RequestContext, path: ConnectionPath) -> Disconnected:
        """End the caller's own connection or, for an owner, that of anybody in the team.

        Raises:
            Problem: ``owner_only``, ``no_connection``, ``in_progress``, ``connect_not_set_up``.
            TikTokError: the connection is no longer used, but TikTok has not revoked it: to be repeated.
        """
        services, principal = self.services, context.principal
        team = services.teams.read(principal.team_id)
        known = [one for one in (path.user_id, unquote(path.user_id)) if team.connection_of(one)]
        user_id = known[0] if known else unquote(path.user_id)
        if user_id != principal.user_id and Role.of(principal.role) is not Role.OWNER:
            raise Problem("owner_only")
        connection = team.connection_of(user_id)
        pending = services.operations.read(principal.team_id, user_id)
        if connection is None and pending is None:
            raise Problem("no_connection")
        if pending is None and connection is not None and connection.status == ConnectionStatus.REVOKED:
            return Disconnected(user_id=user_id)
        if pending is not None and pending.secret_version and pending.lease_expired(services.clock()):
            # Its return must not connect again after this.
            services.states.close(key_for(pending.team_id, pending.user_id, pending.secret_version))
        operation = PendingOperation.start(principal.team_id, user_id, OperationKind.DISCONNECT, services.clock())
        if not services.operations.begin(operation, services.clock()):
            raise Problem("in_progress")
        repeated = pending is not None and pending.kind is OperationKind.DISCONNECT
        try:
            complete_disconnection(services, operation, context.deadline, repeated=repeated)
        except AppNotConfiguredError:
            raise Problem("connect_not_set_up") from None
        return Disconnected(user_id=user_id)

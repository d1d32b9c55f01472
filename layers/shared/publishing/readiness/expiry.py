"""Telling others that a connection has ended, once for each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from publishing.log_events import LogEvent
from publishing.readiness.events import connection_expired, outgoing
from publishing.readiness.stores import Announcements, Bus
from publishing.teams import Connection

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Tells others of ended connections."""

    announcements: Announcements
    bus: Bus
    clock: Callable[[], datetime]

    def tell(self, connection: Connection) -> tuple[str, ...]:
        """Tell of the connection's end, unless that was done or is being done; return the detail type if told."""
        if not self.announcements.begin(connection, self.clock()):
            return ()
        event = outgoing(connection_expired(connection))
        self.bus.send([event])
        self.announcements.told(connection)
        logger.info(LogEvent.EXPIRY_TOLD, user_id=connection.user_id)
        return (event.detail_type,)

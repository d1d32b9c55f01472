"""Events about connections: made, and expired (published once for each)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from publishing.events.schemas import Connected, ConnectionExpired, OutboxEvent, outbox_event
from publishing.log_events import LogEvent
from publishing.ports import ConnectionRepository, PublishEvents
from publishing.teams import Connection

logger = Logger(service="publishing", child=True)


def connected_event(connection: Connection) -> OutboxEvent:
    """Return the event of a connection that was made; connected again, it is another connection."""
    return outbox_event(
        Connected(
            id=f"connected/{connection.team_id}/{connection.user_id}/{connection.connected_at}",
            team_id=connection.team_id,
            user_id=connection.user_id,
            connected_at=connection.connected_at,
            advertisers=connection.advertiser_count,
        )
    )


def expired_event(connection: Connection) -> OutboxEvent:
    """Return the event of a connection that expired; connected again, it is another connection."""
    return outbox_event(
        ConnectionExpired(
            id=f"connection-expired/{connection.team_id}/{connection.user_id}/{connection.connected_at}",
            team_id=connection.team_id,
            user_id=connection.user_id,
            connected_at=connection.connected_at,
            advertiser_ids=connection.advertiser_ids,
        )
    )


@dataclass(frozen=True, slots=True)
class ExpiryNotifier:
    """Publishes that connections have expired."""

    connections: ConnectionRepository
    publish_events: PublishEvents
    clock: Callable[[], datetime]

    def notify(self, connection: Connection) -> tuple[str, ...]:
        """Publish the connection's expiry, unless somebody has or does; return the detail type if published."""
        if not self.connections.begin_expiry_notification(connection, self.clock()):
            return ()
        event = expired_event(self.connections.with_whole_list(connection))
        self.publish_events([event])
        self.connections.finish_expiry_notification(connection)
        logger.info(LogEvent.EXPIRY_NOTIFIED, user_id=connection.user_id)
        return (event.detail_type,)

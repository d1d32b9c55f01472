"""DELETE /api/v1/tiktok/connections/{user_id}: ends a connection."""

from publishing import cold_start
from publishing.bootstrap import CONNECT_READ_TIMEOUT_SECONDS, Bootstrap
from publishing.connections.disconnect import Disconnect
from publishing.http.endpoint import path_endpoint
from publishing.http.request_schemas import ConnectionPath

disconnect = Disconnect(Bootstrap(read_timeout=CONNECT_READ_TIMEOUT_SECONDS).connection_services)
lambda_handler = path_endpoint(disconnect.respond, ConnectionPath)
cold_start.finish()

"""DELETE /api/v1/tiktok/connections/{user_id}: end a connection."""

from publishing import cold_start
from publishing.connecting.disconnect import Disconnect
from publishing.connecting.wiring import connecting_from_environment
from publishing.endpoint import path_endpoint
from publishing.inputs import ConnectionPath

lambda_handler = path_endpoint(Disconnect(connecting_from_environment().services).answer, ConnectionPath)
cold_start.over()

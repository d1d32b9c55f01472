"""POST /api/v1/tiktok/connections/complete: connects TikTok for the caller, who has returned from its consent page."""

from publishing import cold_start
from publishing.bootstrap import CONNECT_READ_TIMEOUT_SECONDS, Bootstrap
from publishing.connections.connect import BUDGET_SECONDS, Connect
from publishing.http.endpoint import body_endpoint
from publishing.http.request_schemas import CompleteConnectionBody

connect = Connect(Bootstrap(read_timeout=CONNECT_READ_TIMEOUT_SECONDS).connection_services)
lambda_handler = body_endpoint(connect.respond, CompleteConnectionBody, budget_seconds=BUDGET_SECONDS)
cold_start.finish()

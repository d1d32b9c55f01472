"""POST /api/v1/tiktok/connections: where does the caller connect TikTok?"""

import os

from publishing import cold_start, settings
from publishing.bootstrap import CONNECT_READ_TIMEOUT_SECONDS, Bootstrap
from publishing.connections.authorize import Authorize
from publishing.http.endpoint import body_endpoint
from publishing.http.request_schemas import NoInput

services = Bootstrap(read_timeout=CONNECT_READ_TIMEOUT_SECONDS).connection_services
authorize = Authorize(
    services.states,
    services.secrets,
    settings.tiktok_base_url(os.environ),
    settings.ConnectSettings.from_environment(os.environ).wizard_url,
)
lambda_handler = body_endpoint(authorize.respond, NoInput)
cold_start.finish()

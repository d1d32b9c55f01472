"""POST /api/v1/tiktok/connections: returns the URL where the caller connects TikTok."""

import os

from publishing import cold_start, settings
from publishing.bootstrap import Bootstrap
from publishing.connections.authorize import Authorize
from publishing.http.endpoint import body_endpoint
from publishing.http.request_schemas import NoInput

bootstrap = Bootstrap(tiktok=False)
authorize = Authorize(
    bootstrap.states,
    bootstrap.secrets,
    settings.tiktok_base_url(os.environ),
    settings.wizard_url(os.environ),
)
lambda_handler = body_endpoint(authorize.respond, NoInput)
cold_start.finish()

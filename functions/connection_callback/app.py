"""GET /api/v1/tiktok/connections/callback: back from TikTok's consent page, without a bearer token."""

import os

from publishing import cold_start, settings
from publishing.bootstrap import CONNECT_READ_TIMEOUT_SECONDS, Bootstrap
from publishing.connections.callback import Callback, callback_endpoint

callback = Callback(Bootstrap(read_timeout=CONNECT_READ_TIMEOUT_SECONDS).connection_services)
lambda_handler = callback_endpoint(callback.connect, settings.wizard_url(os.environ))
cold_start.finish()

"""GET /api/v1/tiktok/connections/callback: back from TikTok's consent page, without a bearer token."""

import os

from publishing import cold_start, settings
from publishing.bootstrap import Bootstrap, utc_now
from publishing.connections.callback import Callback, callback_endpoint

callback = Callback(Bootstrap(tiktok=False).states, utc_now)
lambda_handler = callback_endpoint(callback.keep_code, settings.wizard_url(os.environ))
cold_start.finish()

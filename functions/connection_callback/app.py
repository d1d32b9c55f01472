"""GET /api/v1/tiktok/connections/callback: back from TikTok's consent page, without a bearer token."""

from publishing import cold_start
from publishing.connecting.callback import Callback
from publishing.connecting.callback_endpoint import callback_endpoint
from publishing.connecting.wiring import connecting_from_environment

connecting = connecting_from_environment()
lambda_handler = callback_endpoint(Callback(connecting.services).connect, connecting.settings.wizard_url)
cold_start.over()

"""GET /api/v1/tiktok/connections/callback: back from TikTok's consent page, without a bearer token."""

from publishing import cold_start
from publishing.connecting.finish import Finish
from publishing.connecting.redirects import return_endpoint
from publishing.connecting.wiring import connecting_from_environment

connecting = connecting_from_environment()
lambda_handler = return_endpoint(Finish(connecting.tools).connect, connecting.settings.wizard_url)
cold_start.over()

"""POST /api/v1/tiktok/connections: where does the caller connect TikTok?"""

from publishing import cold_start
from publishing.connecting.consent import ConsentRequest
from publishing.connecting.wiring import connecting_from_environment
from publishing.endpoint import body_endpoint
from publishing.inputs import NoInput

connecting = connecting_from_environment()
services, settings = connecting.services, connecting.settings
consent = ConsentRequest(services.states, services.app, connecting.tiktok_base_url, settings.wizard_url)
lambda_handler = body_endpoint(consent.answer, NoInput)
cold_start.over()

"""POST /api/v1/tiktok/connections: where does the caller connect TikTok?"""

from publishing import cold_start
from publishing.connecting.begin import Begin
from publishing.connecting.wiring import connecting_from_environment
from publishing.endpoint import body_endpoint
from publishing.inputs import NoInput

connecting = connecting_from_environment()
begin = Begin(connecting.tools.states, connecting.tools.app, connecting.tiktok_base_url, connecting.settings.wizard_url)
lambda_handler = body_endpoint(begin.answer, NoInput)
cold_start.over()

"""From the event bus: a draft was saved, a campaign scheduled or TikTok connected, so the advertiser is looked at."""

import ssl

from publishing import cold_start
from publishing.clock import utc_now
from publishing.readiness.request import Requests
from publishing.readiness.wiring import Stores
from publishing.triggers import request_handler

stores = Stores.from_environment(ssl.create_default_context())
lambda_handler = request_handler(Requests(stores.records, stores.queue, stores.teams, stores.connections, utc_now))
cold_start.over()

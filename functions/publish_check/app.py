"""GET /api/v1/tiktok/publish-check: can an ad of this objective be published for the advertiser?"""

from dataclasses import replace
from functools import partial

from publishing import cold_start
from publishing.clock import utc_now
from publishing.connecting.wiring import own_list_from_environment
from publishing.endpoint import query_endpoint
from publishing.inputs import PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.readiness.live import Live
from publishing.readiness.wiring import Stores
from publishing.services import services_from_environment
from tiktok_business.transport import trusting_context

context = trusting_context()
stores = Stores.from_environment(context)
live = Live(stores.records, stores.queue, stores.cadence, utc_now)
services = services_from_environment(context)
services = replace(services, own_lists=own_list_from_environment(context, services))
lambda_handler = query_endpoint(partial(publish_check, services, live), PublishCheckQuery)
cold_start.over()

"""GET /api/v1/tiktok/publish-check: can an ad of this objective be published for the advertiser?"""

from functools import partial

from publishing import cold_start
from publishing.endpoint import query_endpoint
from publishing.inputs import PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.services import services_from_environment

lambda_handler = query_endpoint(partial(publish_check, services_from_environment()), PublishCheckQuery)
cold_start.over()

"""GET /api/v1/tiktok/readiness: lists what is known of the advertisers, without calling TikTok."""

import os
from functools import partial

from publishing import cold_start, settings
from publishing.bootstrap import Bootstrap
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import ReadinessQuery
from publishing.readiness.list_readiness import list_readiness

bootstrap = Bootstrap(tiktok=False)
lambda_handler = query_endpoint(
    partial(
        list_readiness,
        bootstrap.teams,
        bootstrap.connections.read_index,
        bootstrap.readiness,
        settings.cadence(os.environ),
    ),
    ReadinessQuery,
)
cold_start.finish()

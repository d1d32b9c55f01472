"""GET /api/v1/tiktok/publish-check: tells whether an ad of this objective can be published for the advertiser."""

import os
from functools import partial

from publishing import cold_start, settings
from publishing.bootstrap import Bootstrap
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import PublishCheckQuery
from publishing.publish_check import publish_check

bootstrap = Bootstrap()
lambda_handler = query_endpoint(
    partial(
        publish_check,
        bootstrap.tokens_with_own_list,
        bootstrap.snapshot_refresher,
        settings.accepted_identity_types(os.environ),
    ),
    PublishCheckQuery,
)
cold_start.finish()

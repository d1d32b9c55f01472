"""GET /api/v1/tiktok/identities: lists the advertiser's identities."""

from functools import partial

from publishing import cold_start
from publishing.bootstrap import Bootstrap
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import AdvertiserQuery
from publishing.identities.lookup import list_identities

lambda_handler = query_endpoint(partial(list_identities, Bootstrap().tokens), AdvertiserQuery)
cold_start.finish()

"""GET /api/v1/tiktok/identities/check: tells whether the advertiser has a usable TT_USER identity."""

from functools import partial

from publishing import cold_start
from publishing.bootstrap import Bootstrap
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import AdvertiserQuery
from publishing.identities.lookup import check_identity

lambda_handler = query_endpoint(partial(check_identity, Bootstrap().tokens), AdvertiserQuery)
cold_start.finish()

"""GET /api/v1/tiktok/identities/check: has the advertiser a usable TT_USER identity?"""

from functools import partial

from publishing import cold_start
from publishing.endpoint import query_endpoint
from publishing.identities.lookup import check_identity
from publishing.inputs import AdvertiserQuery
from publishing.services import services_from_environment

lambda_handler = query_endpoint(partial(check_identity, services_from_environment()), AdvertiserQuery)
cold_start.over()

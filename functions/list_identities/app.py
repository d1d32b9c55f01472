"""GET /api/v1/tiktok/identities: which identities has the advertiser?"""

from functools import partial

from publishing import cold_start
from publishing.endpoint import query_endpoint
from publishing.identities.lookup import list_identities
from publishing.inputs import AdvertiserQuery
from publishing.services import services_from_environment

lambda_handler = query_endpoint(partial(list_identities, services_from_environment()), AdvertiserQuery)
cold_start.over()

"""GET /api/v1/tiktok/readiness: what is known of the advertisers, without asking TikTok?"""

from publishing import cold_start
from publishing.endpoint import query_endpoint
from publishing.inputs import AdvertiserQuery
from publishing.readiness.board import Board
from publishing.readiness.wiring import Stores

stores = Stores.from_environment()
lambda_handler = query_endpoint(Board(stores.teams, stores.records, stores.cadence).answer, AdvertiserQuery)
cold_start.over()

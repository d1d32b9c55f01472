"""GET /api/v1/tiktok/readiness: what is known of the advertisers, without asking TikTok?"""

import ssl

from publishing import cold_start
from publishing.endpoint import query_endpoint
from publishing.inputs import ReadinessQuery
from publishing.readiness.board import Board
from publishing.readiness.wiring import Stores

stores = Stores.from_environment(ssl.create_default_context())
lambda_handler = query_endpoint(Board(stores.teams, stores.records, stores.cadence).answer, ReadinessQuery)
cold_start.over()

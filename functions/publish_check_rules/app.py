"""GET /api/v1/tiktok/publish-check/rules: lists the prerequisites of each objective and destination, and policies."""

from publishing import cold_start
from publishing.http.check_schemas import rules
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import NoInput
from publishing.preflight.objectives import DESTINATIONS, OBJECTIVES
from publishing.preflight.policies import POLICIES

lambda_handler = query_endpoint(lambda _context, _query: rules(OBJECTIVES, DESTINATIONS, POLICIES), NoInput)
cold_start.finish()

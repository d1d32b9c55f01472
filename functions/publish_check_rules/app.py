"""GET /api/v1/tiktok/publish-check/rules: lists the prerequisites of each objective."""

from publishing import cold_start
from publishing.http.check_schemas import Rules
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import NoInput
from publishing.preflight.objectives import OBJECTIVES

lambda_handler = query_endpoint(lambda _context, _query: Rules(objectives=dict(OBJECTIVES)), NoInput)
cold_start.finish()

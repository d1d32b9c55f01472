"""GET /api/v1/tiktok/publish-check/rules: which prerequisites has each objective?"""

from publishing import cold_start
from publishing.answers.publish_check import Rules
from publishing.endpoint import query_endpoint
from publishing.inputs import NoInput
from publishing.preflight.objectives import OBJECTIVES

lambda_handler = query_endpoint(lambda _call, _query: Rules(objectives=dict(OBJECTIVES)), NoInput)
cold_start.over()

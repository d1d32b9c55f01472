"""GET /api/v1/tiktok/connections: who has connected TikTok, and what does it reach?"""

import os
import ssl

from publishing import cold_start
from publishing.aws.json_api import DYNAMODB, JsonApi
from publishing.aws.teams import DynamoDBTeams
from publishing.connecting.overview import Overview
from publishing.endpoint import query_endpoint
from publishing.environment import required
from publishing.inputs import NoInput

dynamodb = JsonApi.from_environment(DYNAMODB, os.environ, ssl.create_default_context())
overview = Overview(DynamoDBTeams(dynamodb.call, required(os.environ, "TABLE_NAME")))
lambda_handler = query_endpoint(overview.answer, NoInput)
cold_start.over()

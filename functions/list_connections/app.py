"""GET /api/v1/tiktok/connections: who has connected TikTok, and what does it reach?"""

import os
import ssl

from publishing import cold_start
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.connecting.overview import Overview
from publishing.endpoint import query_endpoint
from publishing.inputs import NoInput

overview = Overview(DynamoDBTeams(Table.from_environment(os.environ, ssl.create_default_context())))
lambda_handler = query_endpoint(overview.answer, NoInput)
cold_start.over()

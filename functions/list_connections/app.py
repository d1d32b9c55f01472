"""GET /api/v1/tiktok/connections: lists who has connected TikTok, and the ad accounts of each connection."""

from functools import partial

from publishing import cold_start
from publishing.bootstrap import Bootstrap
from publishing.connections.list_connections import list_connections
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import PageQuery

bootstrap = Bootstrap(tiktok=False)
lambda_handler = query_endpoint(partial(list_connections, bootstrap.teams, bootstrap.connections.read_pages), PageQuery)
cold_start.finish()

"""GET /api/v1/tiktok/connections/{user_id}/advertisers: lists the ad accounts of a connection."""

from functools import partial

from publishing import cold_start
from publishing.bootstrap import Bootstrap
from publishing.connections.list_connections import list_advertisers
from publishing.http.endpoint import query_endpoint
from publishing.http.request_schemas import ConnectionAdvertisersQuery

bootstrap = Bootstrap(tiktok=False)
lambda_handler = query_endpoint(
    partial(list_advertisers, bootstrap.teams, bootstrap.connections.read_pages), ConnectionAdvertisersQuery
)
cold_start.finish()

"""From the refresh queue: reads connections' advertiser lists, and recovers unfinished operations."""

from publishing import cold_start
from publishing.bootstrap import CONNECT_READ_TIMEOUT_SECONDS, Bootstrap
from publishing.connections.refresh import RefreshWorker

bootstrap = Bootstrap(boto3=True, read_timeout=CONNECT_READ_TIMEOUT_SECONDS)
lambda_handler = RefreshWorker(bootstrap.connection_services, bootstrap.expiry).handle
cold_start.finish()

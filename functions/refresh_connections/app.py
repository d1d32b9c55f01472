"""From the queue of connections: reads lists of advertisers again, finishes what nobody finished."""

from publishing import cold_start
from publishing.connecting.wiring import connecting_from_environment
from publishing.connecting.worker import Worker

connecting = connecting_from_environment()
lambda_handler = Worker(connecting.services, connecting.marks, connecting.expiry).handle
cold_start.over()

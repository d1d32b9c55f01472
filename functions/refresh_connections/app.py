"""From the queue of connections: reads lists of advertisers again, finishes what nobody finished."""

from publishing import cold_start
from publishing.connecting.visits import Visits
from publishing.connecting.wiring import connecting_from_environment

connecting = connecting_from_environment()
lambda_handler = Visits(connecting.tools, connecting.marks, connecting.expiry).handle
cold_start.over()

"""From the schedule: finds the advertisers and connections that are due, and asks for a look or a refresh of each."""

import os
import ssl

from publishing import cold_start
from publishing.aws.due_connections import DynamoDBDueConnections
from publishing.clock import utc_now
from publishing.connecting.sweep import ConnectionSweep
from publishing.readiness.settings import pace_from_environment
from publishing.readiness.sweep import Sweep
from publishing.readiness.wiring import Stores
from publishing.triggers import sweep_handler

context = ssl.create_default_context()
stores = Stores.from_environment(context)
pace = pace_from_environment(os.environ)
sweep = Sweep(stores.records, stores.queue, stores.bus, stores.runs, pace, utc_now)
connection_sweep = ConnectionSweep(DynamoDBDueConnections.from_environment(os.environ, context), utc_now)
lambda_handler = sweep_handler(sweep, connection_sweep, stores.bus)
cold_start.over()

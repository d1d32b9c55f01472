"""From the schedule: finds the advertisers that are due, and asks for a look at each."""

import os
import ssl

from publishing import cold_start
from publishing.readiness.settings import pace_from_environment
from publishing.readiness.sweep import Sweep
from publishing.readiness.triggers import sweep_handler
from publishing.readiness.wiring import Stores, utc_now

stores = Stores.from_environment(ssl.create_default_context())
pace = pace_from_environment(os.environ)
sweep = Sweep(stores.records, stores.queue, stores.bus, stores.runs, pace, utc_now)
lambda_handler = sweep_handler(sweep, stores.bus)
cold_start.over()

"""From the schedule: finds the advertisers and connections that are due, and requests a check or refresh of each."""

import os

from publishing import cold_start, settings
from publishing.bootstrap import Bootstrap, utc_now
from publishing.connections.refresh import ConnectionSweep
from publishing.readiness.sweep import Sweep, sweep_handler

bootstrap = Bootstrap(boto3=True, tiktok=False)
sweep = Sweep(
    bootstrap.readiness,
    bootstrap.check_queue,
    bootstrap.bus.publish,
    bootstrap.sweeps,
    settings.pace(os.environ),
    utc_now,
)
connection_sweep = ConnectionSweep(bootstrap.connections, bootstrap.refresh_queue.send, utc_now)
lambda_handler = sweep_handler(sweep, connection_sweep.run)
cold_start.finish()

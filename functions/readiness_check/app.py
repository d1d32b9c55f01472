"""From the check queues: checks each advertiser, stores what is known, publishes what has changed."""

import os

from publishing import cold_start, settings
from publishing.bootstrap import Bootstrap
from publishing.readiness.worker import CheckWorker

bootstrap = Bootstrap(boto3=True)
worker = CheckWorker(
    bootstrap.check_services,
    bootstrap.sweeps,
    settings.pace(os.environ),
    settings.QueueSettings.from_environment(os.environ).urgent_name,
)
lambda_handler = worker.handle
cold_start.finish()

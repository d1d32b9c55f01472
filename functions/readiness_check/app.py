"""From the queues of looks: looks at each advertiser, keeps what is known, tells of what has changed."""

import os

from publishing import cold_start
from publishing.clock import utc_now
from publishing.readiness.check import CheckServices
from publishing.readiness.settings import pace_from_environment
from publishing.readiness.wiring import Stores
from publishing.readiness.worker import Worker
from publishing.services import services_from_environment
from tiktok_business.transport import trusting_context

context = trusting_context()
stores = Stores.from_environment(context)
services = services_from_environment(context)
check_services = CheckServices(
    records=stores.records,
    queue=stores.queue,
    bus=stores.bus,
    teams=stores.teams,
    tokens=services.tokens,
    marks=services.marks,
    announcements=stores.announcements,
    refreshes=stores.connections,
    open_tiktok=services.open_tiktok,
    cadence=stores.cadence,
    accepted_identity_types=services.settings.accepted_identity_types,
    clock=utc_now,
)
worker = Worker(check_services, stores.runs, pace_from_environment(os.environ), stores.queues.urgent_name)
lambda_handler = worker.handle
cold_start.over()

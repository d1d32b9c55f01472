"""From the event bus: a draft was saved, a campaign scheduled or TikTok connected, so the advertiser is checked."""

from publishing import cold_start
from publishing.bootstrap import Bootstrap, utc_now
from publishing.readiness.check_request import CheckRequests, request_handler

bootstrap = Bootstrap(boto3=True, tiktok=False)
requests = CheckRequests(
    bootstrap.readiness,
    bootstrap.check_queue,
    bootstrap.teams,
    bootstrap.connections,
    bootstrap.bus.publish,
    utc_now,
)
lambda_handler = request_handler(requests)
cold_start.finish()

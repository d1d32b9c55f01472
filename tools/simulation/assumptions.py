"""What is assumed of customers, of TikTok and of AWS, since nobody has measured it. All of it is in docs/scaling.md."""

IN_USE = 0.05
"""Advertisers with a preflight, a draft or a launch within the last days; the others idle."""
LAUNCH_NEAR = 0.1
"""Of those in use: within a day of a launch. Their looks are urgent."""
ADVERTISERS_PER_TEAM = 10
READY = 0.85
"""The part of all prerequisites that is satisfied."""

PREFLIGHTS_A_DAY = 3.0
"""Live ones, of an advertiser in use. They share TikTok's limits."""
DRAFTS_A_DAY = 1.0
"""Events that ask for a look, of an advertiser in use."""
DAYLIGHT = 0.8
"""How much more than on average happens at 14:00 UTC, and how much less at 02:00."""
CHANGES_A_DAY = 0.01
"""Prerequisites that truly appear or disappear, of any advertiser."""
AUTHORITATIVE = 0.25
"""Of what disappears: TikTok still shows the asset and says what is wrong with it, so no second look is needed."""
FALSE_EMPTY = 0.0005
"""Looks at which a listing of TikTok's is empty by mistake."""
TROUBLE = 0.002
"""Looks of which TikTok leaves one prerequisite unanswered."""

LATENCY_SECONDS = 0.3
"""Of one call to TikTok, the median; calls that must follow one another add up."""
LATENCY_SPREAD = 0.5
"""The standard deviation of its logarithm: one in a hundred takes three times as long."""
OUTAGE_SECONDS = 3_600.0
"""TikTok answers nothing at all, from 10:00 UTC on."""
OUTAGE_HOUR = 10

SCHEDULER_SECONDS = 60.0
"""How late EventBridge Scheduler may start a sweep."""
AWS_CALL_SECONDS = 0.006
"""Of one call to DynamoDB or SQS; a sweep makes three for each advertiser, one after another."""
HAND_ON_SECONDS = 1.0
"""From a sweep's event that hands it on to the function that takes it."""
POLL_SECONDS = 0.05
"""From the end of a batch to the next one."""

TEAM_READ_UNITS = 1
"""Of the query of a team: 4 kB."""
SECRETS_FETCHED = 0.9
"""Checks whose token is not in the worker's memory: it forgets after five minutes."""
EMPTY_RECEIVES_A_DAY = 2 * 5 * 3 * 1_440
"""Lambda's five pollers of each queue, three long polls a minute, which are paid for whether anything comes or not."""
LOG_BYTES_PER_CHECK = 900
"""The worker's line, its metrics and its part of Lambda's own lines."""

"""What is assumed of customers, of TikTok and of AWS, because it was not measured. docs/scaling.md lists all of it."""

ACTIVE = 0.05
"""Share of advertisers that are active: with a preflight, a draft or a launch within the last days."""
LAUNCH_NEAR = 0.1
"""Share of active advertisers that are within a day of a launch. Their checks are urgent."""
ADVERTISERS_PER_TEAM = 10
SATISFIED = 0.85
"""Share of prerequisites that are satisfied."""

PREFLIGHTS_A_DAY = 3.0
"""Preflights of an active advertiser. They share TikTok's limits."""
DRAFTS_A_DAY = 1.0
"""Events that request a check, of an active advertiser."""
DAILY_VARIATION = 0.8
"""How much more than on average people do at 14:00 UTC, and how much less at 02:00."""
CHANGES_A_DAY = 0.01
"""Prerequisites that really appear or disappear, of any advertiser."""
AUTHORITATIVE = 0.25
"""Share of absences with an authoritative reason, which need no confirmation check."""
FALSE_EMPTY = 0.0005
"""Share of checks in which TikTok returns an empty listing by mistake."""
UNANSWERED = 0.002
"""Share of checks in which TikTok leaves one prerequisite unanswered."""

LATENCY_SECONDS = 0.3
"""Median of one call to TikTok; calls that must follow one another add up."""
LATENCY_SPREAD = 0.5
"""Standard deviation of the latency's logarithm: one call in a hundred takes three times as long."""
OUTAGE_SECONDS = 3_600.0
"""How long TikTok does not respond, from 10:00 UTC on."""
OUTAGE_HOUR = 10

SCHEDULER_SECONDS = 60.0
"""How late EventBridge Scheduler may start a sweep."""
AWS_CALL_SECONDS = 0.006
"""One call to DynamoDB or SQS; a sweep makes three for each advertiser, one after another."""
CONTINUATION_SECONDS = 1.0
"""From the event with which a sweep continues itself to the next invocation."""
POLL_SECONDS = 0.05
"""From the end of a batch to the next one."""

TEAM_READ_UNITS = 2
"""Read units of one read of a team: two queries, since members and connections are two partitions; 4 kB each."""
SECRETS_FETCHED = 0.9
"""Share of checks whose token is not in the worker's memory, which keeps tokens for five minutes."""
EMPTY_RECEIVES_A_DAY = 2 * 5 * 3 * 1_440
"""Lambda's five pollers of each queue make three long polls a minute, which are billed with or without messages."""
LOG_BYTES_PER_CHECK = 900
"""The worker's line, its metrics and its part of Lambda's own lines."""

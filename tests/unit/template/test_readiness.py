"""Readiness in the template: the index of due records, the queues and workers, the schedule and the events."""

from datetime import timedelta

import pytest

from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE, events
from publishing.events.schemas import SOURCE
from publishing.readiness import check_request
from publishing.readiness.check import MAX_RECEIVES
from publishing.readiness.check_request import DRAFT_SAVED, REQUESTS_CONTINUED
from publishing.readiness.pacing import LEVELS, Pace
from publishing.readiness.sweep import RESERVE_MILLISECONDS, SWEEP_CONTINUED
from publishing.readiness.worker import BUDGET_SECONDS, MARGIN_SECONDS
from publishing.repositories.table import DUE_INDEX
from publishing.teams import ADVERTISERS_PER_PAGE
from tests.unit.template.grants import CHECKS, DEAD_LETTERS, URGENT
from tools import in_memory_readiness
from tools.simulation.assumptions import AWS_CALL_SECONDS


def test_due_records_are_found_by_an_index() -> None:
    """The index that the code names has shard and time as keys and projects keys only, so that writes cost little."""
    table = RESOURCES["Table"]["Properties"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": DUE_INDEX,
        "KeySchema": [
            {"AttributeName": "due_shard", "KeyType": "HASH"},
            {"AttributeName": "due_at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "due_shard": "S", "due_at": "N"}


@pytest.mark.parametrize("queue", ["ReadinessQueue", "ReadinessUrgentQueue"])
def test_a_message_is_received_as_often_as_the_worker_expects(queue: str) -> None:
    """After that it is a dead letter; the in-memory queue uses the same number."""
    redrive = RESOURCES[queue]["Properties"]["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": DEAD_LETTERS}, "maxReceiveCount": MAX_RECEIVES}
    assert in_memory_readiness.MAX_RECEIVES == MAX_RECEIVES


@pytest.mark.parametrize("queue", ["ReadinessQueue", "ReadinessUrgentQueue"])
def test_the_visibility_timeout_is_six_function_timeouts(queue: str) -> None:
    """Lambda's documentation recommends this; the in-memory queue uses the same timeout."""
    visibility = RESOURCES[queue]["Properties"]["VisibilityTimeout"]
    assert visibility == 6 * FUNCTIONS["ReadinessCheckFunction"]["Properties"]["Timeout"]
    assert timedelta(seconds=visibility) == in_memory_readiness.VISIBILITY


def test_queues_are_encrypted_and_dead_letters_outlive_them() -> None:
    """A dead letter keeps the age from its queue, so the dead-letter queue retains messages longer."""
    queues = {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == "AWS::SQS::Queue"}
    assert all(one["SqsManagedSseEnabled"] for one in queues.values())
    kept = {name: one["MessageRetentionPeriod"] for name, one in queues.items()}
    assert kept.pop("ReadinessDeadLetterQueue") > max(kept.values())


def test_each_queue_has_the_workers_of_the_apps_level() -> None:
    """Each queue has the number of workers that the code assumes for the level, and reports item failures."""
    workers = {name: one["Workers"] for name, one in TEMPLATE["Mappings"]["TikTokAppLevels"].items()}
    assert workers == {name: level.workers for name, level in LEVELS.items()}
    assert TEMPLATE["Parameters"]["TikTokAppLevel"]["AllowedValues"] == [*LEVELS]
    checks, urgent = events("ReadinessCheckFunction", "SQS")
    assert (checks["Queue"], urgent["Queue"]) == ({"Fn::GetAtt": CHECKS}, {"Fn::GetAtt": URGENT})
    for one in (checks, urgent):
        assert one["ScalingConfig"] == {
            "MaximumConcurrency": {"Fn::FindInMap": ["TikTokAppLevels", {"Ref": "TikTokAppLevel"}, "Workers"]}
        }
        assert one["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_batch_of_checks_fits_into_the_timeout(level: str) -> None:
    """A batch fits even at the slowest pace and if every check uses its whole budget."""
    least = TEMPLATE["Parameters"]["ReadinessSharePercent"]["MinValue"] / 100
    time = FUNCTIONS["ReadinessCheckFunction"]["Properties"]["Timeout"] - MARGIN_SECONDS
    for queue, urgent in zip(events("ReadinessCheckFunction", "SQS"), [False, True], strict=True):
        gap = Pace(LEVELS[level], least).min_duration(urgent=urgent).total_seconds()
        assert queue["BatchSize"] * max(gap, BUDGET_SECONDS) <= time


def test_a_sweep_has_more_time_than_its_reserve() -> None:
    """Otherwise a sweep would only continue itself again and again."""
    assert FUNCTIONS["ReadinessSweepFunction"]["Properties"]["Timeout"] * 1000 > 2 * RESERVE_MILLISECONDS


def test_the_sweep_is_triggered_by_the_schedule_and_by_itself() -> None:
    """The schedule is a parameter; an unfinished sweep continues by an event."""
    (schedule,) = events("ReadinessSweepFunction", "ScheduleV2")
    assert schedule["ScheduleExpression"] == {"Ref": "ReadinessSchedule"}
    assert schedule["OmitName"]  # otherwise two stacks of one account would share the name
    (rule,) = events("ReadinessSweepFunction", "EventBridgeRule")
    assert rule["Pattern"] == {"source": [SOURCE], "detail-type": [SWEEP_CONTINUED]}


def test_which_events_request_checks() -> None:
    """A draft, a campaign, a connection, and what remains of another event; readiness events do not."""
    patterns = [
        (source, kind)
        for rule in events("ReadinessRequestFunction", "EventBridgeRule")
        for source in rule["Pattern"]["source"]
        for kind in rule["Pattern"]["detail-type"]
        if set(rule["Pattern"]) == {"source", "detail-type"}
    ]
    assert sorted(patterns) == [
        ("wevion.campaigns", DRAFT_SAVED),
        ("wevion.campaigns", "Campaign Scheduled"),
        ("wevion.tiktok", REQUESTS_CONTINUED),
        ("wevion.tiktok", "TikTok Connected"),
    ]


def test_a_page_of_requests_is_made_in_the_time_that_is_reserved() -> None:
    """Each advertiser takes a read, a write and a message; another run continues before the time ends."""
    page = ADVERTISERS_PER_PAGE * 3 * 2 * AWS_CALL_SECONDS
    assert page < check_request.RESERVE_MILLISECONDS / 1000
    timeout = FUNCTIONS["ReadinessRequestFunction"]["Properties"].get("Timeout", 0)
    assert timeout > 2 * check_request.RESERVE_MILLISECONDS / 1000


@pytest.mark.parametrize("function", ["ReadinessSweepFunction", "ReadinessRequestFunction"])
def test_an_event_that_no_function_processed_is_a_dead_letter(function: str) -> None:
    """Undelivered events and failed ones become dead letters; all come from the stack's own bus."""
    failed = FUNCTIONS[function]["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert failed == {"Type": "SQS", "Destination": {"Fn::GetAtt": DEAD_LETTERS}}
    for rule in events(function, "EventBridgeRule"):
        assert rule["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": DEAD_LETTERS}}
        assert rule["EventBusName"] == {"Ref": "EventBus"}

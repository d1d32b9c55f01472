"""Readiness in the template: the index of what is due, the queues and their workers, the schedule and the events."""

from datetime import timedelta

import pytest

from local.sam_template import FUNCTIONS, RESOURCES, TEMPLATE, events
from publishing.aws.table import DUE_INDEX
from publishing.connecting.advertisers import MAX_LISTED
from publishing.readiness.events import SOURCE
from publishing.readiness.looks import MAX_RECEIVES
from publishing.readiness.pacing import LEVELS, Pace
from publishing.readiness.worker import BUDGET_SECONDS, MARGIN_SECONDS
from publishing.triggers import GOES_ON, RESERVE_MILLISECONDS, SAVED
from tests.unit.template.grants import DEAD, LOOKS, URGENT
from tools import in_memory_readiness
from tools.simulation.assumptions import AWS_CALL_SECONDS


def test_due_work_is_found_by_an_index() -> None:
    """The one that the code names, by shard and then by time, with keys alone: a look is written there cheaply."""
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
def test_a_message_has_as_many_tries_as_the_worker_counts(queue: str) -> None:
    """Then it is a dead letter; the queue in memory counts the same."""
    redrive = RESOURCES[queue]["Properties"]["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": DEAD}, "maxReceiveCount": MAX_RECEIVES}
    assert in_memory_readiness.MAX_RECEIVES == MAX_RECEIVES


@pytest.mark.parametrize("queue", ["ReadinessQueue", "ReadinessUrgentQueue"])
def test_a_message_stays_hidden_for_six_times_as_long_as_a_worker_may_take(queue: str) -> None:
    """As Lambda asks for; so long is it hidden in memory too."""
    visibility = RESOURCES[queue]["Properties"]["VisibilityTimeout"]
    assert visibility == 6 * FUNCTIONS["ReadinessCheckFunction"]["Properties"]["Timeout"]
    assert timedelta(seconds=visibility) == in_memory_readiness.VISIBILITY


def test_queues_are_encrypted_and_dead_letters_outlive_them() -> None:
    """What has become a dead letter keeps the age that it had in its queue."""
    queues = {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == "AWS::SQS::Queue"}
    assert all(one["SqsManagedSseEnabled"] for one in queues.values())
    kept = {name: one["MessageRetentionPeriod"] for name, one in queues.items()}
    assert kept.pop("ReadinessDeadLetterQueue") > max(kept.values())


def test_each_queue_has_the_workers_of_the_apps_level() -> None:
    """As many as the code reckons with, for each level that can be given; each message of a batch ends by itself."""
    workers = {name: one["Workers"] for name, one in TEMPLATE["Mappings"]["TikTokAppLevels"].items()}
    assert workers == {name: level.workers for name, level in LEVELS.items()}
    assert TEMPLATE["Parameters"]["TikTokAppLevel"]["AllowedValues"] == [*LEVELS]
    looks, urgent = events("ReadinessCheckFunction", "SQS")
    assert (looks["Queue"], urgent["Queue"]) == ({"Fn::GetAtt": LOOKS}, {"Fn::GetAtt": URGENT})
    for one in (looks, urgent):
        assert one["ScalingConfig"] == {
            "MaximumConcurrency": {"Fn::FindInMap": ["TikTokAppLevels", {"Ref": "TikTokAppLevel"}, "Workers"]}
        }
        assert one["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_batch_of_looks_has_the_time_it_takes(level: str) -> None:
    """At the slowest pace too that can be set, and where TikTok takes all the time that it is given."""
    least = TEMPLATE["Parameters"]["ReadinessSharePercent"]["MinValue"] / 100
    time = FUNCTIONS["ReadinessCheckFunction"]["Properties"]["Timeout"] - MARGIN_SECONDS
    for queue, urgent in zip(events("ReadinessCheckFunction", "SQS"), [False, True], strict=True):
        gap = Pace(LEVELS[level], least).gap(urgent=urgent).total_seconds()
        assert queue["BatchSize"] * max(gap, BUDGET_SECONDS) <= time


def test_a_sweep_has_time_besides_its_reserve() -> None:
    """Otherwise it would hand itself on for ever."""
    assert FUNCTIONS["ReadinessSweepFunction"]["Properties"]["Timeout"] * 1000 > 2 * RESERVE_MILLISECONDS


def test_the_sweep_hears_the_schedule_and_itself() -> None:
    """By the parameter, and by the event with which a sweep that had no time left goes on."""
    (schedule,) = events("ReadinessSweepFunction", "ScheduleV2")
    assert schedule["ScheduleExpression"] == {"Ref": "ReadinessSchedule"}
    assert schedule["OmitName"]  # two stacks of one account would share the name
    (rule,) = events("ReadinessSweepFunction", "EventBridgeRule")
    assert rule["Pattern"] == {"source": [SOURCE], "detail-type": [GOES_ON]}


def test_looks_are_asked_for_by_three_events() -> None:
    """A draft, a campaign, a connection, and no event of our own: what is told of readiness asks for no look."""
    heard = [
        (source, kind)
        for rule in events("ReadinessRequestFunction", "EventBridgeRule")
        for source in rule["Pattern"]["source"]
        for kind in rule["Pattern"]["detail-type"]
        if set(rule["Pattern"]) == {"source", "detail-type"}
    ]
    assert sorted(heard) == [
        ("wevion.campaigns", SAVED),
        ("wevion.campaigns", "Campaign Scheduled"),
        ("wevion.tiktok", "TikTok Connected"),
    ]


def test_the_longest_list_of_a_connection_is_asked_for_in_one_event() -> None:
    """Each advertiser takes a read, a write and a message, even where AWS takes twice as long as it is reckoned."""
    per_advertiser = 3 * 2 * AWS_CALL_SECONDS
    assert FUNCTIONS["ReadinessRequestFunction"]["Properties"].get("Timeout", 0) > MAX_LISTED * per_advertiser


@pytest.mark.parametrize("function", ["ReadinessSweepFunction", "ReadinessRequestFunction"])
def test_an_event_that_no_function_took_is_a_dead_letter(function: str) -> None:
    """Whether the bus could not hand it over or the function failed with it; all come from the stack's own bus."""
    failed = FUNCTIONS[function]["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert failed == {"Type": "SQS", "Destination": {"Fn::GetAtt": DEAD}}
    for rule in events(function, "EventBridgeRule"):
        assert rule["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": DEAD}}
        assert rule["EventBusName"] == {"Ref": "EventBus"}

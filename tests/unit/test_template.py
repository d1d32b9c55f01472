"""The template keeps the contract: parameters, outputs, routes, roles, logs, queues."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local import in_memory_readiness
from local.lambda_runtime import ENVIRONMENT
from publishing.aws.messaging import LONGEST_DELAY
from publishing.aws.table import DUE_INDEX
from publishing.environment import SettingsError, duration
from publishing.readiness.cadence import Cadence
from publishing.readiness.events import SOURCE
from publishing.readiness.looks import MAX_RECEIVES
from publishing.readiness.pacing import LEVELS, Pace
from publishing.readiness.settings import cadence_from_environment, pace_from_environment
from publishing.readiness.triggers import GOES_ON, RESERVE_MILLISECONDS, SAVED
from publishing.readiness.worker import BUDGET_SECONDS, MARGIN_SECONDS
from publishing.settings import Settings
from tests.support.template import load_template
from tiktok_business.transport import PRODUCTION_BASE_URL

TEMPLATE = load_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}

PARAMETERS = {
    "TikTokApiBaseUrl": PRODUCTION_BASE_URL,
    "JwksUrl": None,
    "TokenIssuer": None,
    "TokenAudience": None,
    "SecretPrefix": "wevion/tiktok",
    "WizardUrl": "",
    "AuthorizerCacheSeconds": 60,
    "AllowedOrigins": "*",
    "AcceptedIdentityTypes": "TT_USER,CUSTOMIZED_USER",
    "ReadinessSchedule": "rate(1 hour)",
    "ActiveEvery": "1 hour",
    "IdleEvery": "24 hours",
    "ConfirmAfter": "5 minutes",
    "RateLimitPause": "5 minutes",
    "TikTokAppLevel": "Basic",
    "ReadinessSharePercent": 50,
    "LogLevel": "INFO",
}
"""Each with its default."""
DURATIONS = {
    "ActiveEvery": "ACTIVE_EVERY",
    "IdleEvery": "IDLE_EVERY",
    "ConfirmAfter": "CONFIRM_AFTER",
    "RateLimitPause": "RATE_LIMIT_PAUSE",
}
"""Parameters, and the variables with which functions are told."""
UNITS = {one: timedelta(**{f"{one}s": 1}) for one in ("second", "minute", "hour", "day")}
OUTPUTS = {
    "TableName": "Table",
    "EventBusName": "EventBus",
    "ReadinessQueueUrl": "ReadinessQueue",
    "ReadinessDeadLetterQueueUrl": "ReadinessDeadLetterQueue",
}

LOG, TABLE, INDEX, BUS = "its own log", "Table.Arn", "${Table.Arn}/index/due", "EventBus.Arn"
LOOKS, URGENT, DEAD = "ReadinessQueue.Arn", "ReadinessUrgentQueue.Arn", "ReadinessDeadLetterQueue.Arn"
CONNECTION_QUEUE = "ConnectionQueue.Arn"
_SECRET = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretPrefix}"
CONNECTIONS, APP = f"{_SECRET}/connections/*", f"{_SECRET}/app-??????"
"""Secrets Manager ends every secret's ARN with six characters of its own, so that no other secret's is the app's."""
WRITES_LOG = {LOG: {"logs:CreateLogStream", "logs:PutLogEvents"}}
SECRETS = {CONNECTIONS: {"secretsmanager:GetSecretValue"}}
KNOWS_APP = {APP: {"secretsmanager:GetSecretValue"}}
READER = WRITES_LOG | SECRETS | {TABLE: {"dynamodb:Query", "dynamodb:UpdateItem"}}
SENDS = {LOOKS: {"sqs:SendMessage"}, URGENT: {"sqs:SendMessage"}}
RECORDS = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
CHANGES = RECORDS | {"dynamodb:DeleteItem", "dynamodb:UpdateItem"}
TAKES = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
GRANTS: dict[str, dict[str, set[str]]] = {
    "AuthorizerFunction": WRITES_LOG | {TABLE: {"dynamodb:Query"}},
    "CheckIdentityFunction": READER,
    "ListIdentitiesFunction": READER,
    "CreateIdentityFunction": READER | {TABLE: READER[TABLE] | {"dynamodb:PutItem", "dynamodb:DeleteItem"}},
    "CreateIdentityImageFunction": READER,
    "CreateConnectionFunction": WRITES_LOG | KNOWS_APP | {TABLE: {"dynamodb:PutItem"}},
    "ConnectionCallbackFunction": WRITES_LOG
    | KNOWS_APP
    | {TABLE: CHANGES, BUS: {"events:PutEvents"}}
    | {
        CONNECTIONS: {
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret",
        }
    },
    "ListConnectionsFunction": WRITES_LOG | {TABLE: {"dynamodb:Query"}},
    "DeleteConnectionFunction": WRITES_LOG
    | KNOWS_APP
    | {TABLE: CHANGES, CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}},
    "RefreshConnectionsFunction": WRITES_LOG
    | KNOWS_APP
    | {TABLE: CHANGES, CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}}
    | {BUS: {"events:PutEvents"}, CONNECTION_QUEUE: TAKES - {"sqs:ChangeMessageVisibility"}},
    "PublishCheckFunction": READER | SENDS | KNOWS_APP | {TABLE: READER[TABLE] | RECORDS},
    "PublishCheckRulesFunction": WRITES_LOG,
    "ReadinessFunction": WRITES_LOG | {TABLE: {"dynamodb:GetItem", "dynamodb:Query"}},
    "ReadinessSweepFunction": WRITES_LOG
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}, INDEX: {"dynamodb:Query"}}
    | {LOOKS: {"sqs:GetQueueAttributes", "sqs:SendMessage"}, URGENT: {"sqs:SendMessage"}, DEAD: {"sqs:SendMessage"}}
    | {CONNECTION_QUEUE: {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
    "ReadinessRequestFunction": WRITES_LOG
    | SENDS
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}, DEAD: {"sqs:SendMessage"}},
    "ReadinessCheckFunction": WRITES_LOG
    | SECRETS
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}}
    | {LOOKS: TAKES | {"sqs:SendMessage"}, URGENT: TAKES | {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
}
"""What each function may do, and to what.

A query for the team; the mark; secrets; intents begun, ended and forgotten; records read and written, found by the
index, accounts of sweeps; looks put, taken and hidden; events. States of consents; changes of connections begun, noted
on and ended; tokens put away and taken out; connections written, listed and marked. With the dead letters' SendMessage
Lambda itself puts away an event that failed.
"""
ROUTES = {
    "get /api/v1/tiktok/identities/check": "functions/check_identity",
    "get /api/v1/tiktok/identities": "functions/list_identities",
    "post /api/v1/tiktok/identities": "functions/create_identity",
    "post /api/v1/tiktok/identity-images": "functions/create_identity_image",
    "post /api/v1/tiktok/connections": "functions/create_connection",
    "get /api/v1/tiktok/connections/callback": "functions/connection_callback",
    "get /api/v1/tiktok/connections": "functions/list_connections",
    "delete /api/v1/tiktok/connections/{user_id}": "functions/delete_connection",
    "get /api/v1/tiktok/publish-check": "functions/publish_check",
    "get /api/v1/tiktok/publish-check/rules": "functions/publish_check_rules",
    "get /api/v1/tiktok/readiness": "functions/readiness",
}
CALLBACK = "get /api/v1/tiktok/connections/callback"
"""Where a state is the proof, and TikTok sends no bearer token."""


def named(reference: dict[str, Any]) -> dict[str, Any]:
    """The resource that a ``!Ref`` or ``!GetAtt x.Arn`` names."""
    (name,) = reference.values()
    return RESOURCES[name.removesuffix(".Arn")]


def events(function: str, kind: str) -> list[dict[str, Any]]:
    """The properties of the events of one kind that call a function."""
    every = FUNCTIONS[function]["Properties"].get("Events", {}).values()
    return [one["Properties"] for one in every if one["Type"] == kind]


def statements(function: str) -> list[dict[str, Any]]:
    role = named(FUNCTIONS[function]["Properties"]["Role"])["Properties"]
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_contracts(name: str) -> None:
    """Each with its default; those without one have to be given."""
    assert TEMPLATE["Parameters"][name].get("Default") == PARAMETERS[name]


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_the_contracts(name: str) -> None:
    """Other services and the wizard read them."""
    assert TEMPLATE["Outputs"][name]["Value"] == {"Ref": OUTPUTS[name]}


def test_the_base_url_comes_before_the_paths() -> None:
    """Without a slash at its end, with the stage."""
    assert TEMPLATE["Outputs"]["ApiBaseUrl"]["Value"]["Fn::Sub"].endswith("/live")
    assert RESOURCES["Api"]["Properties"]["StageName"] == "live"


def test_every_function_has_its_folder() -> None:
    """And every folder its function."""
    folders = {one.parent.name for one in (Path(__file__).parents[2] / "functions").glob("*/app.py")}
    assert {one["Properties"]["CodeUri"] for one in FUNCTIONS.values()} == {f"functions/{one}" for one in folders}


def test_routes_lead_to_their_functions() -> None:
    """All behind the authorizer, which is the API's default, but the one that TikTok sends people back to."""
    routes = {
        f"{event['Method']} {event['Path']}": FUNCTIONS[function]["Properties"]["CodeUri"]
        for function in FUNCTIONS
        for event in events(function, "Api")
    }
    assert routes == ROUTES
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    authorizer = auth["Authorizers"][auth["DefaultAuthorizer"]]
    assert authorizer["FunctionPayloadType"] == "REQUEST"
    assert authorizer["Identity"] == {
        "Headers": ["Authorization"],
        "ReauthorizeEvery": {"Ref": "AuthorizerCacheSeconds"},
    }
    of_their_own = {
        f"{event['Method']} {event['Path']}": event["Auth"]
        for function in FUNCTIONS
        for event in events(function, "Api")
        if "Auth" in event
    }
    assert of_their_own == {CALLBACK: {"Authorizer": "NONE"}}


def test_each_function_has_a_role_of_its_own() -> None:
    """None is shared, and only Lambda may take it."""
    roles = [json.dumps(one["Properties"]["Role"]) for one in FUNCTIONS.values()]
    assert len(set(roles)) == len(FUNCTIONS)
    for one in FUNCTIONS.values():
        role = named(one["Properties"]["Role"])["Properties"]
        assert "ManagedPolicyArns" not in role
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]


@pytest.mark.parametrize("function", GRANTS)
def test_a_role_grants_exactly_what_its_function_calls(function: str) -> None:
    """Every action by its name, on exact ARNs; the app's secret is read by who speaks for the app, never written."""
    log = FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    granted: dict[str, set[str]] = {}
    for one in statements(function):
        assert set(one) == {"Effect", "Action", "Resource"}
        for resource in one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]:
            ((how, what),) = resource.items()
            assert how in {"Fn::GetAtt", "Fn::Sub"}
            granted.setdefault(LOG if what == f"{log}.Arn" else what, set()).update(one["Action"])
    assert granted == GRANTS[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_log_that_ends(function: str) -> None:
    """A group of its own with a retention."""
    group = named(FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"])
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_function_is_left_out_of_the_tables() -> None:
    """A new function needs its row here."""
    assert set(GRANTS) == set(FUNCTIONS)


def test_the_table_is_kept_safe() -> None:
    """Encrypted, restorable, protected by parameter, and forgetful where items say so."""
    table = RESOURCES["Table"]["Properties"]
    assert table["SSESpecification"]["SSEEnabled"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [one["AttributeName"] for one in table["KeySchema"]] == ["pk", "sk"]


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
    """Those of the issue, and no event of our own: what is told of readiness asks for no look."""
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


@pytest.mark.parametrize("function", ["ReadinessSweepFunction", "ReadinessRequestFunction"])
def test_an_event_that_no_function_took_is_a_dead_letter(function: str) -> None:
    """Whether the bus could not hand it over or the function failed with it; all come from the stack's own bus."""
    failed = FUNCTIONS[function]["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert failed == {"Type": "SQS", "Destination": {"Fn::GetAtt": DEAD}}
    for rule in events(function, "EventBridgeRule"):
        assert rule["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": DEAD}}
        assert rule["EventBusName"] == {"Ref": "EventBus"}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "TikTokApiBaseUrl",
            ["https://x.example/v1", "http://localhost:8080/open_api/v1.3", "http://127.0.0.1:1"],
            ["http://x.example", "http://localhost.x.example", "http://127.0.0.1@x.example", "ftp://x", ""],
        ),
        (
            "JwksUrl",
            ["https://x.example/jwks.json", "http://localhost:8080/jwks.json"],
            ["http://x.example/jwks.json", "http://localhostx/jwks.json", "x"],
        ),
        (
            "WizardUrl",
            ["", "https://app.example/campaigns", "http://localhost:5173/", "https://app.example/?tab=tiktok"],
            ["http://app.example", "http://localhost.x.example", "http://127.0.0.1@x.example", "/campaigns", "x", " "],
        ),
        ("AcceptedIdentityTypes", ["TT_USER", "CUSTOMIZED_USER,TT_USER"], ["", "AUTH_CODE", "TT_USER,TT_USER"]),
        ("AllowedOrigins", ["*", "https://app.example"], ["https://a.example,https://b.example", "", "'*'"]),
        ("SecretPrefix", ["wevion/tiktok", "x"], ["", "/x", "x/", "x/*"]),
        ("ReadinessSchedule", ["rate(5 minutes)", "cron(0 * * * ? *)"], ["", "1 hour", "rate()", "at(2026-12-01)"]),
    ],
)
def test_parameters_refuse_what_cannot_work(name: str, good: list[str], bad: list[str]) -> None:
    """At deploy time, not at the first request."""
    pattern = TEMPLATE["Parameters"][name]["AllowedPattern"]
    assert [one for one in good if not re.fullmatch(pattern, one)] == []
    assert [one for one in bad if re.fullmatch(pattern, one)] == []


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("ActiveEvery", "second minute hour day"),
        ("IdleEvery", "second minute hour day"),
        ("ConfirmAfter", "second minute"),
        ("RateLimitPause", "second minute hour"),
    ],
)
def test_a_duration_that_the_template_takes_is_read(name: str, units: str) -> None:
    """As the function will, in one and in several of each unit that makes sense, and in no other."""
    texts = {text: unit for unit in UNITS for text in (f"1 {unit}", f"15 {unit}s")}
    taken = {text for text in texts if re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], text)}
    assert taken == {text for text, unit in texts.items() if unit in units.split()}
    for text in taken:
        count = int(text.partition(" ")[0])
        assert duration({DURATIONS[name]: text}, DURATIONS[name]) == count * UNITS[texts[text]]


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("text", ["", "1", "hour", "1h", "1  hour", " 1 hour", "-1 hour", "1.5 hours", "1 week"])
def test_a_duration_that_no_function_could_read_is_refused(name: str, text: str) -> None:
    """At deploy time."""
    assert not re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], text)
    with pytest.raises(SettingsError, match=DURATIONS[name]):
        duration({DURATIONS[name]: text}, DURATIONS[name])


def test_a_second_look_can_be_delayed_that_long() -> None:
    """SQS delays by 15 minutes at most: the template says so, and its default keeps to it."""
    longest = f"{LONGEST_DELAY // timedelta(minutes=1)} minutes at most"
    assert longest == "15 minutes at most"
    assert longest in TEMPLATE["Parameters"]["ConfirmAfter"]["Description"]
    assert duration({"X": TEMPLATE["Parameters"]["ConfirmAfter"]["Default"]}, "X") <= LONGEST_DELAY


def test_the_functions_defaults_are_the_templates() -> None:
    """What the template hands over is what the code would take by itself."""
    variables = {
        "TIKTOK_API_BASE_URL": TEMPLATE["Parameters"]["TikTokApiBaseUrl"]["Default"],
        "ACCEPTED_IDENTITY_TYPES": TEMPLATE["Parameters"]["AcceptedIdentityTypes"]["Default"],
    }
    assert Settings.from_environment(variables) == Settings()
    assert set(variables) <= set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])


def test_the_defaults_of_readiness_are_the_templates() -> None:
    """Intervals, level and share: what is tested and simulated without saying more is what is deployed."""
    defaults = {name: str(one["Default"]) for name, one in TEMPLATE["Parameters"].items() if "Default" in one}
    intervals = {variable: defaults[name] for name, variable in DURATIONS.items()}
    assert cadence_from_environment(intervals) == Cadence()
    level = {"TIKTOK_APP_LEVEL": defaults["TikTokAppLevel"]}
    assert pace_from_environment({**level, "READINESS_SHARE_PERCENT": defaults["ReadinessSharePercent"]}) == Pace()


def test_functions_are_tested_with_the_variables_of_the_template() -> None:
    """All of them but the log's level, and those that Lambda itself sets."""
    of_template = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    for one in FUNCTIONS.values():
        of_template |= set(one["Properties"].get("Environment", {}).get("Variables", {}))
    ours = {name for name in ENVIRONMENT if not name.startswith("AWS_")}
    assert of_template - {"POWERTOOLS_LOG_LEVEL"} == ours

"""What AWS says of a stage, compared with template.yaml; its logs; and with `--write` a check through bus and queue.

The checkout must be the deployed commit.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from local.sam_template import FUNCTIONS, RESOURCES
from local.verify.http_checks import Outcome, code_of
from local.verify.stage import Stage, TimeUpError

_POLL_SECONDS = 2.0
_LOGGED_WITHIN = 90.0
"""Seconds until a line of a function is in CloudWatch Logs, at most."""
_CHECKED_WITHIN = 180.0
"""Seconds until a requested check is in the readiness, at most."""
_LOGS_OF_SECONDS = 3600
"""How far back logs are searched for secrets."""
_MOST_PAGES = 20
"""Pages read of a log group, of 1 MB at most each."""
_SECRETS: Mapping[str, re.Pattern[str]] = {
    "a JWT": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a bearer token": re.compile(r"\bbearer\s+[\w.~+/-]{16,}", re.IGNORECASE),
    "an access token": re.compile(r"access[-_]token\\?[\"']?\s*[:=]\s*\\?[\"']?[\w.~+/-]{8,}", re.IGNORECASE),
    "an authorization code": re.compile(r"\b(?:auth_)?code=[\w-]{8,}"),
    "an app secret": re.compile(r"(?:\bsecret|app_secret)(?:=|\\?[\"']\s*:\s*\\?[\"'])[\w-]{8,}", re.IGNORECASE),
}
"""The shapes of secrets. TikTok's tokens have no shape of their own, so they are found by the name before them."""


def alarms(stage: Stage) -> Outcome:
    """Every alarm of the template exists and is switched on; those in ALARM are noted."""
    names = _of_type("AWS::CloudWatch::Alarm")
    outcome = Outcome(f"{len(names)} alarms")
    physical = {stage.resources[name]: name for name in names if name in stage.resources}
    outcome.add(*(_not_deployed(stage, name) for name in names))
    found: dict[str, Any] = {}
    for start in range(0, len(physical), 100):
        page = stage.client("cloudwatch").describe_alarms(AlarmNames=list(physical)[start : start + 100])
        found |= {row["AlarmName"]: row for row in page["MetricAlarms"]}
    for alarm, name in physical.items():
        row = found.get(alarm)
        if row is None:
            outcome.add(f"{name} was deleted: create {alarm} again, or change and deploy the template")
        elif not row.get("ActionsEnabled", True):
            outcome.add(f"{name} is switched off: aws cloudwatch enable-alarm-actions --alarm-names {alarm}")
        elif row.get("StateValue") == "ALARM":
            outcome.skipped.append(f"{name} is in ALARM: see docs/operations.md")
    if not stage.parameters.get("AlarmTopicArn"):
        outcome.skipped.append("alarms notify nobody: AlarmTopicArn is not set")
    return outcome


def permissions(stage: Stage) -> Outcome:
    """Every role has the actions of the template, and no others."""
    names = _of_type("AWS::IAM::Role")
    outcome = Outcome(f"{len(names)} roles")
    iam = stage.client("iam")
    for name in names:
        if absent := _not_deployed(stage, name):
            outcome.add(absent)
        if not stage.resources.get(name):
            continue
        role, properties = stage.resources[name], RESOURCES[name]["Properties"]
        expected = {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies", ())}
        existing = iam.list_role_policies(RoleName=role)["PolicyNames"]
        outcome.add(*(f"{name} has a policy of its own: {one}" for one in sorted(set(existing) - set(expected))))
        for policy, document in expected.items():
            deployed = (
                iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"] if policy in existing else {}
            )
            needed, allowed = grants(document)
            has = grants(deployed)[0]
            if lacks := needed - has:
                outcome.add(f"{name} lacks {', '.join(sorted(lacks))}")
            if more := has - allowed:
                outcome.add(f"{name} has more than the template: {', '.join(sorted(more))}")
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        if len(attached) > len(properties.get("ManagedPolicyArns", ())):
            outcome.add(f"{name} has further policies: {', '.join(one['PolicyName'] for one in attached)}")
    return outcome


def grants(document: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The actions that a policy must have and those that it may have, each with effect and keys of its conditions.

    They differ by the statements that depend on a condition of the template.
    """
    needed: set[str] = set()
    allowed: set[str] = set()
    for statement in _list(document.get("Statement", [])):
        if "Fn::If" in statement:
            for one in statement["Fn::If"][1:]:
                allowed |= grants({"Statement": [one]})[1] if "Effect" in one else set()
            continue
        conditions = sorted(
            f"{operator}:{key}" for operator, keys in statement.get("Condition", {}).items() for key in keys
        )
        suffix = f" if {' and '.join(conditions)}" if conditions else ""
        effect = "" if statement["Effect"] == "Allow" else f"{statement['Effect']} "
        needed |= {f"{effect}{action}{suffix}" for action in _list(statement.get("Action", []))}
    return needed, needed | allowed


def background(stage: Stage) -> Outcome:
    """What starts functions without a request is switched on, and no message has failed."""
    outcome = Outcome()
    sources = {
        f"{name}{event}": one["Type"]
        for name, function in FUNCTIONS.items()
        for event, one in function["Properties"].get("Events", {}).items()
        if one["Type"] in _STATES
    }
    for name, kind in sources.items():
        if not (physical := stage.resources.get(name)):
            outcome.add(f"{name} is not deployed: deploy this commit, or check out the deployed one")
            continue
        state = _STATES[kind](stage, physical.rpartition("|")[2])
        if state.upper() not in {"ENABLED", "ENABLING", "CREATING", "UPDATING"}:
            outcome.add(f"{name} is {state}: nothing starts this function")
    dead = _messages(stage, stage.outputs["ReadinessDeadLetterQueueUrl"])
    if dead:
        outcome.skipped.append(f"{dead} dead letters: see docs/operations.md#dead-letters")
    outcome.seen = f"{len(sources)} queues, rules and schedules"
    return outcome


_STATES: Mapping[str, Callable[[Stage, str], str]] = {
    "SQS": lambda stage, uuid: str(stage.client("lambda").get_event_source_mapping(UUID=uuid)["State"]),
    "ScheduleV2": lambda stage, name: str(stage.client("scheduler").get_schedule(Name=name)["State"]),
    "EventBridgeRule": lambda stage, name: str(
        stage.client("events").describe_rule(Name=name, EventBusName=stage.outputs["EventBusName"])["State"]
    ),
}
"""How to read whether an event of a function is switched on, by its type in the template and its physical name."""


def _messages(stage: Stage, queue: str) -> int:
    name = "ApproximateNumberOfMessages"
    got = stage.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
    return int(got["Attributes"][name])


def queue_and_bus(stage: Stage) -> Outcome:
    """An event on the bus requests a check, which a worker makes and the API returns. Connecting can be begun."""
    asked = stage.send("POST", "/connections", stage.bearer.header())
    outcome = Outcome("an event was checked by a worker, and connecting begun")
    if asked.status_code == HTTPStatus.CREATED:
        if not asked.json()["authorize_url"].startswith("http"):
            outcome.add("POST /connections: no address of a consent page")
    elif code_of(asked) in {"connect_not_set_up", "subscription_required"}:
        outcome.skipped.append(f"connecting: {code_of(asked)}")
    else:
        outcome.add(f"POST /connections: {asked.status_code} {code_of(asked) or ''}".rstrip())
    advertiser_id = stage.send("GET", "/identities/check", stage.bearer.header()).json().get("advertiser_id")
    if not advertiser_id:
        outcome.skipped.append("queue and bus: the person of VERIFY_TOKEN has connected no ad account")
        return outcome
    before = _checked_at(stage, advertiser_id)
    time.sleep(1)  # times have whole seconds
    detail = {"team_id": stage.bearer.team_id, "advertiser_id": advertiser_id}
    entry = {
        "Source": "wevion.campaigns",
        "DetailType": "Campaign Scheduled",
        "Detail": json.dumps(detail),
        "EventBusName": stage.outputs["EventBusName"],
    }
    put = stage.client("events").put_events(Entries=[entry])
    if put["FailedEntryCount"]:
        outcome.add(f"the bus refuses an event: {put['Entries'][0].get('ErrorMessage')}")
    elif not _until(stage, lambda: (_checked_at(stage, advertiser_id) or "") > (before or ""), _CHECKED_WITHIN):
        waiting = _messages(stage, stage.outputs["ReadinessQueueUrl"])
        outcome.add(
            f"an event on the bus led to no check within {_CHECKED_WITHIN:.0f} s; {waiting} jobs wait. Look at the "
            "logs of readiness-request and readiness-check, and at the dead letters"
        )
    return outcome


def _checked_at(stage: Stage, advertiser_id: str) -> str | None:
    response = stage.send("GET", "/readiness", stage.bearer.header(), params={"advertiser_id": advertiser_id})
    rows = response.json().get("advertisers", []) if response.ok else []
    return rows[0]["checked_at"] if rows else None


def logs(stage: Stage) -> Outcome:
    """Functions log what they do, and no line of the last hour has the shape of a secret."""
    names = _of_type("AWS::Logs::LogGroup")
    outcome = Outcome()
    outcome.add(*(_not_deployed(stage, name) for name in names))
    own = stage.resources.get("AuthorizerLogGroup", "")
    since = int(stage.started_at * 1000)
    if own and not _until(stage, lambda: next(_lines(stage, own, since), None) is not None, _LOGGED_WITHIN):
        outcome.add(f"{own}: no line of this verification within {_LOGGED_WITHIN:.0f} s")
    counted = 0
    tokens = [one.token.get_secret_value() for one in (stage.bearer, stage.unsubscribed) if one]
    for name in names:
        if not stage.resources.get(name):
            continue
        found: dict[str, int] = {}
        for line in _lines(stage, stage.resources[name], since - _LOGS_OF_SECONDS * 1000, outcome):
            counted += 1
            for what in secrets_in(line["message"], tokens):
                found.setdefault(what, line["timestamp"])
        for what, moment in found.items():
            outcome.add(f"{stage.resources[name]}: {what} is in a line of {_clock(moment)}; see docs/security.md")
    outcome.seen = f"{len(names)} log groups, {counted} lines of the last hour"
    return outcome


def secrets_in(text: str, tokens: list[str]) -> list[str]:
    """What secrets a log line holds; `tokens` are known ones."""
    if any(token in text for token in tokens):
        return ["the bearer token of this verification"]
    return [what for what, shape in _SECRETS.items() if shape.search(text)]


def _lines(stage: Stage, group: str, since: int, outcome: Outcome | None = None) -> Iterator[Mapping[str, Any]]:
    """The lines of a log group since a moment in milliseconds, oldest first, of the first pages."""
    pages = stage.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
    for number, page in enumerate(pages):
        if stage.deadline.passed:
            raise TimeUpError
        yield from page["events"]
        if number + 1 == _MOST_PAGES:
            if outcome is not None:
                outcome.skipped.append(f"{group} has more lines than were searched")
            return


def _until(stage: Stage, is_true: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true within the seconds; TimeUpError if the verification's time ends before."""
    end = stage.deadline.within(seconds)
    while not is_true():
        if stage.deadline.passed:
            raise TimeUpError
        if end.passed:
            return False
        time.sleep(min(_POLL_SECONDS, end.remaining()))
    return True


def _of_type(kind: str) -> list[str]:
    return [name for name, one in RESOURCES.items() if one["Type"] == kind]


def _not_deployed(stage: Stage, name: str) -> str | None:
    """A fault if the stage lacks a resource that does not depend on a condition of the template."""
    if name in stage.resources or "Condition" in RESOURCES[name]:
        return None
    return f"{name} is not deployed: deploy this commit, or check out the deployed one"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _clock(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))

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
from local.verify.as_deployed import as_deployed, fits
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
_ALARM_PROPERTIES: Mapping[str, str] = {
    **dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Metrics"), "absent"),
    **dict.fromkeys(("Unit", "Period", "EvaluationPeriods"), "absent"),
    "ExtendedStatistic": "Statistic",  # CloudWatch has one of them; the emulator adds the other
    "DatapointsToAlarm": "EvaluationPeriods",
    "Threshold": "0",
    "ComparisonOperator": "absent",
    "TreatMissingData": "missing",
    **dict.fromkeys(("AlarmActions", "OKActions", "InsufficientDataActions"), "nobody"),
}
"""The properties of an alarm, and what CloudWatch uses if one is absent: a value, or that of another property."""
_ALONE = r"(?:(?<![\w.-])|(?<=%[0-9A-F]{2}))", r"(?!\.?[\w-])"
"""Around a text that is no part of a longer one; before it, a character in percent-encoding may stand."""
_SECRETS: Mapping[str, re.Pattern[str]] = {
    "a JWT": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a bearer token": re.compile(r"\bbearer\s+[\w.~+/-]{16,}", re.IGNORECASE),
    "an access token": re.compile(r"access[-_]token\\?[\"']?\s*[:=]\s*\\?[\"']?[\w.~+/-]{8,}", re.IGNORECASE),
    "an access token or app secret": re.compile(rf"{_ALONE[0]}[0-9a-f]{{40}}{_ALONE[1]}"),
    "an authorization code": re.compile(
        r"\bauth_code(?:=|%3D|\\?[\"']\s*:\s*\\?[\"'])[\w-]{8,}|\bcode=(?![a-z_]+\b)[\w-]{8,}"
    ),
    "an app secret": re.compile(r"(?:\bsecret|app_secret)(?:=|\\?[\"']\s*:\s*\\?[\"'])[\w-]{8,}", re.IGNORECASE),
    "a state": re.compile(rf"{_ALONE[0]}[\w-]{{22}}\.[\w-]{{43}}{_ALONE[1]}"),
    "a handle": re.compile(
        rf"{_ALONE[0]}[\w-]{{22}}\.[0-9a-f]{{64}}\.[\w-]{{43}}{_ALONE[1]}"
        r"|\bhandle(?:=|%3D|\\?[\"']\s*:\s*\\?[\"'])[\w.-]{22,}"
    ),
}
"""The shapes of secrets. TikTok calls its tokens opaque: they are found by the name before them, and by the 40 hex
digits that tokens and app secrets had. Digests have 32 or 64, ids of requests and traces other forms. States and
handles are as in connections/authorize.py. A code of an error (`code=no_token`) is no authorization code."""


def alarms(stage: Stage) -> Outcome:
    """Every alarm of the template exists as it is there, and is switched on; those in ALARM are noted."""
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
            continue
        if not row.get("ActionsEnabled", True):
            outcome.add(f"{name} is switched off: aws cloudwatch enable-alarm-actions --alarm-names {alarm}")
        expected, actual = (_alarm(one) for one in (as_deployed(stage, RESOURCES[name]["Properties"]), row))
        outcome.add(
            *(
                f"{name}: {what} is {actual[what]}, in the template {expected[what]}"
                for what in expected
                if not fits(expected[what], actual[what])
            )
        )
        if row.get("StateValue") == "ALARM":
            outcome.skipped.append(f"{name} is in ALARM: see docs/operations.md")
    if not stage.parameters.get("AlarmTopicArn"):
        outcome.skipped.append("alarms notify nobody: AlarmTopicArn is not set")
    return outcome


def _alarm(properties: Mapping[str, Any]) -> dict[str, str]:
    """What an alarm watches, when it starts and whom it tells, as texts; the template and CloudWatch name it alike."""
    return {
        name: _text(properties.get(name) or properties.get(otherwise) or otherwise)
        for name, otherwise in _ALARM_PROPERTIES.items()
    }


def _text(value: Any) -> str:
    match value:
        case {"Name": name, "Value": text}:
            return f"{name}={text}"
        case list():
            return " and ".join(sorted(_text(one) for one in value))
        case int() | float():
            return f"{value:.12g}"
        case _:
            return str(value)


def permissions(stage: Stage) -> Outcome:
    """Every role has the template's grants and no others, and the same services may assume it."""
    names = _of_type("AWS::IAM::Role")
    outcome = Outcome(f"{len(names)} roles")
    iam = stage.client("iam")
    for name in names:
        if absent := _not_deployed(stage, name):
            outcome.add(absent)
        if not stage.resources.get(name):
            continue
        role, properties = stage.resources[name], as_deployed(stage, RESOURCES[name]["Properties"])
        expected = {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies", ())}
        existing = iam.list_role_policies(RoleName=role)["PolicyNames"]
        outcome.add(*(f"{name} has a policy of its own: {one}" for one in sorted(set(existing) - set(expected))))
        for policy, document in expected.items():
            deployed = (
                iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"] if policy in existing else {}
            )
            outcome.add(*_differences(name, grants(document), grants(deployed)))
        trusted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        outcome.add(*_differences(name, grants(properties["AssumeRolePolicyDocument"]), grants(trusted)))
        attached = {one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]}
        outcome.add(*_differences(name, set(properties.get("ManagedPolicyArns", ())), attached))
    return outcome


def _differences(name: str, expected: set[str], actual: set[str]) -> Iterator[str]:
    if lacks := [one for one in expected if not any(fits(one, other) for other in actual)]:
        yield f"{name} lacks {', '.join(sorted(lacks))}"
    if more := [one for one in actual if not any(fits(other, one) for other in expected)]:
        yield f"{name} has more than the template: {', '.join(sorted(more))}"


def grants(document: Mapping[str, Any]) -> set[str]:
    """What a policy says, a text for each action and what it is granted on or to, with all conditions."""
    found: set[str] = set()
    for statement in _list(document.get("Statement", [])):
        conditions = sorted(
            f"{key} {operator} {' or '.join(sorted(str(one) for one in _list(values)))}"
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
        suffix = f" if {' and '.join(conditions)}" if conditions else ""
        effect = "" if statement["Effect"] == "Allow" else f"{statement['Effect']} "
        targets = [*_named(statement, "Resource", "on"), *_named(statement, "Principal", "by")]
        found |= {f"{effect}{action} {target}{suffix}" for action in _named(statement, "Action") for target in targets}
    return found


def _named(statement: Mapping[str, Any], what: str, preposition: str = "") -> Iterator[str]:
    """The values of an element of a statement, or those of its opposite, such as NotResource."""
    for name, negation in ((what, ""), (f"Not{what}", "all but")):
        for value in _list(statement.get(name, [])):
            kinds = value.items() if isinstance(value, dict) else [("", value)]
            for words in ((preposition, negation, kind, one) for kind, ones in kinds for one in _list(ones)):
                yield " ".join(word for word in words if word)


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

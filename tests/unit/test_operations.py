"""Alarms, dashboard, metrics and docs/operations.md agree."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.sam_template import RESOURCES, TEMPLATE
from publishing.events.schemas import DETAIL_TYPES
from publishing.http.request_context import BUDGET_SECONDS
from publishing.log_events import NAMESPACE, LogEvent, put_metric
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import Requirement
from publishing.readiness import metrics
from publishing.readiness.cadence import QUEUED_FOR
from publishing.readiness.check import CheckReport, JobOutcome
from publishing.readiness.pacing import LEVELS, Pace
from publishing.readiness.snapshot import CheckResult

Metric = tuple[str, str, frozenset[str]]
"""Namespace, name and the names of the dimensions."""

ROOT = Path(__file__).parents[2]
STACK = {"Ref": "AWS::StackName"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of one type."""
    return {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")
FUNCTIONS = of_type("AWS::Serverless::Function")
DASHBOARD: str = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()


def anchor(heading: str) -> str:
    """Return GitHub's anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading, by its anchor."""
    parts = re.split(r"^#+ (.+)\n", text, flags=re.MULTILINE)
    return {anchor(heading): below for heading, below in zip(parts[1::2], parts[2::2], strict=True)}


SECTIONS = sections(RUNBOOK)
PAGES = {
    found[1]: (name, text)
    for name, text in SECTIONS.items()
    if (found := re.match(r"\s*`(\w+Alarm)`: ", text)) is not None
}
"""Anchor and text of the section that begins with an alarm's name, by that name."""
COMMANDS = "".join(re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL))
QUERIES = [(group, query) for group, query in re.findall(r'ask "([^"]+)" \d+ \\?\s*\'([^\']+)\'', COMMANDS)]


def result_of(finding: Finding) -> CheckResult:
    """Return a check with the same finding for every prerequisite."""
    return CheckResult.nothing_verified(datetime(2026, 11, 22, tzinfo=UTC), finding)


SATISFIED, TIMED_OUT = Finding(Status.SATISFIED), Finding(Status.UNKNOWN, Unverified.TIMEOUT)
NO_TOKEN = Finding(Status.UNKNOWN, Unverified.NO_TOKEN)


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the service name as the template does."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the lines that CloudWatch reads."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics_in(line: dict[str, Any]) -> Iterator[Metric]:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            for one in directive["Metrics"]:
                yield directive["Namespace"], one["Name"], frozenset(dimensions)


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Emit every metric: all outcomes, statuses, prerequisites and events, of worker, sweep and request."""
    results = [result_of(Finding(status)) for status in Status]
    metrics.count_checks(
        [CheckReport(outcome, one, tuple(DETAIL_TYPES.values())) for outcome in JobOutcome for one in results]
    )
    metrics.count_sweep(3, finished=True)
    metrics.count_malformed_request()
    put_metric("NotRevoked", [1])
    return printed(capsys)


# Metrics.


def test_metrics_have_no_ids(emitted: list[dict[str, Any]]) -> None:
    """There are few dimensions with few values each."""
    values: dict[str, set[str]] = {}
    for line in emitted:
        for _, _, dimensions in metrics_in(line):
            for name in dimensions:
                values.setdefault(name, set()).add(line[name])
    assert values == {
        "service": {"a-stack"},
        "check": {*Requirement},
        "outcome": {*JobOutcome, *Status},
        "event": {*DETAIL_TYPES.values()},
    }


def values_of(lines: list[dict[str, Any]], name: str, **dimensions: str) -> list[float]:
    return [value for line in lines if line.items() >= dimensions.items() for value in line.get(name, [])]


def test_each_check_counts_once_in_the_share_of_unverified(capsys: pytest.CaptureFixture[str]) -> None:
    """Each check is one sample, wherever it is in the batch; a missing token is no transient failure."""
    found = [TIMED_OUT, SATISFIED, NO_TOKEN, SATISFIED]
    metrics.count_checks([CheckReport(JobOutcome.CHECKED, result_of(one)) for one in found])
    assert values_of(printed(capsys), "Unverified") == [1, 0, 0, 0]


def test_a_message_without_a_check_is_no_sample(capsys: pytest.CaptureFixture[str]) -> None:
    """A message without a check counts only as a message."""
    metrics.count_checks([CheckReport(JobOutcome.SUPERSEDED), CheckReport(JobOutcome.SUPERSEDED)])
    (line,) = printed(capsys)
    assert values_of([line], "Messages", outcome="superseded") == [2]


def test_checks_are_counted_by_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages, prerequisites and events are counted by outcome and type."""
    metrics.count_checks(
        [
            CheckReport(JobOutcome.CHECKED, result_of(SATISFIED), ("TikTok Readiness Changed",)),
            CheckReport(JobOutcome.CHECKED, result_of(SATISFIED)),
            CheckReport(JobOutcome.RATE_LIMITED, result_of(TIMED_OUT)),
        ]
    )
    lines = printed(capsys)
    assert values_of(lines, "Messages", outcome="checked") == [2]
    assert values_of(lines, "Messages", outcome="rate_limited") == [1]
    assert values_of(lines, "Prerequisites", check="pixel", outcome="satisfied") == [2]
    assert values_of(lines, "Prerequisites", check="pixel", outcome="unknown") == [1]
    assert values_of(lines, "Events", event="TikTok Readiness Changed") == [1]


@pytest.mark.parametrize("finished", [True, False])
def test_a_sweep_that_continues_is_not_finished(capsys: pytest.CaptureFixture[str], finished: bool) -> None:  # noqa: FBT001 - a case
    """Its queued jobs are counted anyway."""
    metrics.count_sweep(7, finished=finished)
    lines = printed(capsys)
    assert values_of(lines, "SweepQueued") == [7]
    assert values_of(lines, "SweepFinished") == [int(finished)]


# Alarms.


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_has_a_runbook_section(name: str) -> None:
    """The alarm's description links to the section, which begins with its name."""
    page, _ = PAGES[name]
    assert ALARMS[name]["AlarmDescription"].endswith(f" docs/operations.md#{page}")


def test_every_runbook_section_has_an_alarm() -> None:
    """The runbook names exactly the existing alarms."""
    assert set(PAGES) == set(ALARMS) == set(re.findall(r"\b\w+Alarm\b", RUNBOOK))


@pytest.mark.parametrize("name", ALARMS)
def test_a_runbook_section_is_complete(name: str) -> None:
    """A section has impact, diagnosis, action and resolution, in this order."""
    _, text = PAGES[name]
    assert re.findall(r"^\*\*([\w ]+)", text, re.MULTILINE) == ["For buyers", "Diagnose", "Act", "Resolved"]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_notifies_of_its_end_too(name: str) -> None:
    """With a topic, alarm and OK states are sent to it; without one they are only displayed."""
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert (ALARMS[name]["AlarmActions"], ALARMS[name]["OKActions"]) == (topic, topic)
    assert TEMPLATE["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_one_metric(name: str) -> None:
    """An alarm uses no metric math, which the emulator does not deploy, and says how missing data counts."""
    assert "Metrics" not in ALARMS[name]
    assert {"Namespace", "MetricName", "TreatMissingData"} <= set(ALARMS[name])


def dimensions_of(alarm: dict[str, Any]) -> dict[str, Any]:
    return {one["Name"]: one["Value"] for one in alarm["Dimensions"]}


def alarm_metric(alarm: dict[str, Any]) -> Metric:
    return alarm["Namespace"], alarm["MetricName"], frozenset(dimensions_of(alarm))


CUSTOM_METRIC_ALARMS = [name for name, alarm in ALARMS.items() if alarm["Namespace"] == NAMESPACE]


@pytest.mark.parametrize("name", CUSTOM_METRIC_ALARMS)
def test_an_alarm_watches_an_emitted_metric(name: str, emitted: list[dict[str, Any]]) -> None:
    """An alarm on a custom metric has exactly its dimensions, with the values of this stack."""
    assert alarm_metric(ALARMS[name]) in {one for line in emitted for one in metrics_in(line)}
    assert dimensions_of(ALARMS[name]) == {"service": STACK}
    assert TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == STACK


WATCHED = {
    "AWS/ApiGateway": ["ApiName", "Stage"],
    "AWS/Lambda": ["FunctionName"],
    "AWS/SQS": ["QueueName"],
    NAMESPACE: ["service"],
}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_this_stack(name: str) -> None:
    """Dimensions name the stack's own resources."""
    dimensions = dimensions_of(ALARMS[name])
    assert list(dimensions) == WATCHED[ALARMS[name]["Namespace"]]
    match ALARMS[name]["Namespace"]:
        case "AWS/ApiGateway":
            api = RESOURCES["Api"]["Properties"]
            assert dimensions == {"ApiName": STACK, "Stage": api["StageName"]}
            assert api["Name"] == {"Fn::Sub": "${AWS::StackName}"}
        case "AWS/Lambda":
            assert dimensions["FunctionName"]["Ref"] in FUNCTIONS
        case "AWS/SQS":
            queue, _, attribute = dimensions["QueueName"]["Fn::GetAtt"].partition(".")
            assert (RESOURCES[queue]["Type"], attribute) == ("AWS::SQS::Queue", "QueueName")
        case _:
            assert name in CUSTOM_METRIC_ALARMS


def test_alarms_watch_everything_necessary() -> None:
    """Dead letters, sweeps, the age in every queue, the API, functions, throttles, unverified and malformed."""
    on = {(one["MetricName"], json.dumps(next(iter(dimensions_of(one).values())))) for one in ALARMS.values()}
    functions = {name: json.dumps({"Ref": name}) for name in FUNCTIONS}
    queues = {name: json.dumps({"Fn::GetAtt": f"{name}.QueueName"}) for name in of_type("AWS::SQS::Queue")}
    stack = json.dumps(STACK)
    assert on == {
        ("ApproximateNumberOfMessagesVisible", queues["ReadinessDeadLetterQueue"]),
        *(("ApproximateAgeOfOldestMessage", queue) for queue in queues.values()),
        ("5XXError", stack),
        ("Latency", stack),
        ("Errors", functions["ReadinessSweepFunction"]),
        ("Errors", functions["ReadinessRequestFunction"]),
        ("Errors", functions["ReadinessCheckFunction"]),
        ("Throttles", functions["AuthorizerFunction"]),
        ("Throttles", functions["PublishCheckFunction"]),
        ("Throttles", functions["ReadinessCheckFunction"]),
        ("SweepFinished", stack),
        ("Unverified", stack),
        ("RequestsRefused", stack),
        ("NotRevoked", stack),
    }


def condition(name: str) -> tuple[str, str, float, str]:
    """Return statistic, comparison, threshold and the treatment of missing data."""
    one = ALARMS[name]
    statistic = one.get("Statistic") or one["ExtendedStatistic"]
    return statistic, one["ComparisonOperator"].removesuffix("Threshold"), one["Threshold"], one["TreatMissingData"]


def test_one_dead_letter_is_an_alarm() -> None:
    """One dead letter is an alarm; missing data does not end it, since an unused queue stops reporting."""
    assert condition("DeadLettersAlarm") == ("Maximum", "GreaterThan", 0, "ignore")


def test_two_intervals_without_a_sweep_are_an_alarm() -> None:
    """Two intervals without a finished sweep are an alarm; missing data counts as none."""
    alarm = ALARMS["SweepNotFinishedAlarm"]
    assert condition("SweepNotFinishedAlarm") == ("Sum", "LessThan", 1, "breaching")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, 2)
    assert TEMPLATE["Parameters"]["ReadinessSchedule"]["Default"] == "rate(1 hour)"
    assert "ReadinessSchedule" in alarm["AlarmDescription"]


def test_the_waiting_alarms_match_the_queue_times() -> None:
    """A check waits no longer than it counts as queued; an urgent one shorter, but longer than SQS may delay it."""
    assert condition("ChecksWaitAlarm")[2] == QUEUED_FOR.total_seconds()
    assert 15 * 60 < condition("UrgentChecksWaitAlarm")[2] < QUEUED_FOR.total_seconds()


def test_an_old_dead_letter_is_told_before_it_is_deleted() -> None:
    """SQS deletes it by the age since it was first sent; the alarm counts from its arrival in this queue."""
    retention = {name: one["MessageRetentionPeriod"] for name, one in of_type("AWS::SQS::Queue").items()}
    kept = retention.pop("ReadinessDeadLetterQueue")
    assert condition("DeadLettersAgeAlarm")[2] + 3 * 86_400 <= kept - max(retention.values())


def test_the_latency_alarm_is_below_the_time_budget() -> None:
    """The alarm watches the 99th percentile in milliseconds."""
    statistic, comparison, threshold, _ = condition("ApiSlowAlarm")
    assert (statistic, comparison) == ("p99", "GreaterThan")
    assert 1000 < threshold < BUDGET_SECONDS * 1000


def test_one_unverified_check_is_no_alarm() -> None:
    """An alarm needs more than half in two periods; the evaluated time has two hourly sweeps."""
    alarm = ALARMS["MostlyUnverifiedAlarm"]
    assert condition("MostlyUnverifiedAlarm") == ("Average", "GreaterThan", 0.5, "notBreaching")
    assert alarm["DatapointsToAlarm"] == 2
    assert alarm["Period"] * alarm["EvaluationPeriods"] > 3600


# The dashboard.


def dashboard() -> dict[str, Any]:
    """Return the dashboard as CloudWatch gets it."""
    body: dict[str, Any] = json.loads(re.sub(r"\$\{([\w:.]+)\}", r"<\1>", DASHBOARD))
    return body


def metrics_of(widget: dict[str, Any]) -> Iterator[tuple[Metric, dict[str, str]]]:
    """Yield the metrics of a widget with the known values of their dimensions."""
    before: list[str] = []
    for row in widget["properties"].get("metrics", []):
        if isinstance(row[0], dict):
            search = re.fullmatch(
                r"SEARCH\('\{([\w/]+),([\w,]+)\} MetricName=\"(\w+)\" service=\"(.+)\"', 'Sum', 300\)",
                row[0]["expression"],
            )
            assert search is not None, row
            yield (search[1], search[3], frozenset(search[2].split(","))), {"service": search[4]}
            continue
        names = [one for one in row if isinstance(one, str)]
        before = names = [*before[: len(before) - len(names) + 1], *names[1:]] if names[0] == "..." else names
        dimensions = dict(zip(names[2::2], names[3::2], strict=True))
        yield (names[0], names[1], frozenset(dimensions)), dimensions


SHOWN = [one for widget in dashboard()["widgets"] for one in metrics_of(widget)]


def test_the_dashboard_references_existing_resources() -> None:
    """Every reference is a pseudo parameter or a resource."""
    filled = {name.partition(".")[0] for name in re.findall(r"\$\{([^}]*)\}", DASHBOARD)}
    assert filled - set(RESOURCES) == {"AWS::StackName", "AWS::Region"}


def test_widgets_do_not_overlap() -> None:
    """Widgets do not overlap and fit into the 24 columns."""
    cells = [
        (x, y)
        for one in dashboard()["widgets"]
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_dashboard_shows_every_alarm() -> None:
    """The dashboard shows the state of every alarm and the metric that it watches."""
    (widget,) = (one for one in dashboard()["widgets"] if one["type"] == "alarm")
    assert set(widget["properties"]["alarms"]) == {f"<{name}.Arn>" for name in ALARMS}
    assert {alarm_metric(one) for one in ALARMS.values()} <= {metric for metric, _ in SHOWN}


def test_the_dashboard_shows_every_custom_metric(emitted: list[dict[str, Any]]) -> None:
    """The dashboard shows exactly the emitted custom metrics with their dimensions, of this stack only."""
    custom = [(metric, dimensions) for metric, dimensions in SHOWN if metric[0] == NAMESPACE]
    assert {metric for metric, _ in custom} == {one for line in emitted for one in metrics_in(line)}
    assert {dimensions["service"] for _, dimensions in custom} == {"<AWS::StackName>"}


@pytest.mark.parametrize("name", ["Errors", "Throttles", "Duration"])
def test_the_dashboard_shows_every_function(name: str) -> None:
    """Every function is shown once."""
    functions = [one["FunctionName"] for metric, one in SHOWN if metric[:2] == ("AWS/Lambda", name)]
    assert sorted(functions) == sorted(f"<{one}>" for one in FUNCTIONS)


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("AWS/ApiGateway", "Count"),
        ("AWS/DynamoDB", "ReadThrottleEvents"),
        ("AWS/DynamoDB", "WriteThrottleEvents"),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"),
    ],
)
def test_the_dashboard_shows_metrics_without_alarms(namespace: str, name: str) -> None:
    """Requests, throttles of the table and running checks are shown."""
    assert (namespace, name) in {metric[:2] for metric, _ in SHOWN}


def test_the_dashboard_shows_two_latency_percentiles() -> None:
    """Latency is shown as p50 and p99."""
    rows = [row for one in dashboard()["widgets"] for row in one["properties"].get("metrics", []) if "Latency" in row]
    assert [row[-1]["stat"] for row in rows] == ["p50", "p99"]


# The runbook.


def test_the_runbook_queries_existing_log_events() -> None:
    """Every message in a query is one that the functions log."""
    queried = set()
    for _, query in QUERIES:
        for one, several in re.findall(r'message (?:= ("[^"]*")|in \[([^\]]*)\])', query):
            queried |= set(re.findall(r'"([^"]*)"', one or several))
    assert queried - {*LogEvent} == set()
    assert {
        LogEvent.CHECK_FAILED,
        LogEvent.SWEEP_ENDED,
        LogEvent.CHECK_REQUEST_MALFORMED,
        LogEvent.REQUEST_FAILED,
    } <= queried


def test_the_runbook_queries_existing_log_groups() -> None:
    """Queries use the template's log groups and the fields of the access log."""
    groups = {one["LogGroupName"]["Fn::Sub"] for one in of_type("AWS::Logs::LogGroup").values()}
    assert {group.replace("$STACK", "${AWS::StackName}") for group, _ in QUERIES} <= groups
    assert len(QUERIES) == COMMANDS.count('ask "')
    fields = json.loads(RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Format"])
    used = {one for group, query in QUERIES if "apigateway" in group for one in re.findall(r"\b[a-z]+_[a-z_]+", query)}
    assert used
    assert used <= set(fields)


def test_the_runbook_names_existing_outputs_and_resources() -> None:
    """Outputs and resources in commands exist, including those that SAM generates from events."""
    outputs = set(re.findall(r"\$\(output (\w+)\)", RUNBOOK))
    assert outputs
    assert outputs <= set(TEMPLATE["Outputs"])
    generated = {f"{name}{event}" for name, one in FUNCTIONS.items() for event in one.get("Events", {})}
    resources = set(re.findall(r"\$\(resource (\w+)\)", RUNBOOK))
    assert resources
    assert resources <= set(RESOURCES) | generated


def test_the_runbook_reads_emitted_metrics(emitted: list[dict[str, Any]]) -> None:
    """Metrics in commands are emitted, with these dimensions and values."""
    read = re.findall(r"^metric (\w+)((?: Name=\w+,Value=\w+)*)$", COMMANDS, re.MULTILINE)
    assert read
    for name, pairs in read:
        dimensions = dict(re.findall(r"Name=(\w+),Value=(\w+)", pairs)) | {"service": "a-stack"}
        exact = (NAMESPACE, name, frozenset(dimensions))
        lines = [line for line in emitted if exact in metrics_in(line)]
        assert [line for line in lines if line.items() >= dimensions.items()], (name, pairs)


def test_the_runbook_explains_every_parameter() -> None:
    """The runbook explains exactly the template's parameters, and its values are valid."""
    table = SECTIONS["what-each-parameter-changes"]
    first = "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))
    assert sorted(re.findall(r"`(\w+)`", first)) == sorted(TEMPLATE["Parameters"])
    assignments = re.findall(r"`(\w+)=([^\s`]+)`", RUNBOOK)
    given = [(name, value) for name, value in assignments if name in TEMPLATE["Parameters"]]
    assert {"TikTokAppLevel", "WizardUrl"} <= {name for name, _ in given}
    for name, value in given:
        parameter = TEMPLATE["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value])
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value)


def test_the_runbook_names_existing_events() -> None:
    """Events in the runbook are published, or matched by a rule of the template."""
    matched = {
        kind
        for one in FUNCTIONS.values()
        for event in one.get("Events", {}).values()
        for kind in event["Properties"].get("Pattern", {}).get("detail-type", [])
    }
    named = set(re.findall(r"`((?:TikTok|Campaign)(?: [A-Z]\w+)+)`", RUNBOOK))
    assert named
    assert named <= matched | {*DETAIL_TYPES.values()}


@pytest.mark.parametrize("level", LEVELS)
def test_the_runbook_lists_the_pace_of_each_level(level: str) -> None:
    """The table has the computed pace at the default share."""
    share = TEMPLATE["Parameters"]["ReadinessSharePercent"]["Default"]
    checks = Pace(LEVELS[level], share / 100).checks_per_minute
    row = f"| {level} | {LEVELS[level].workers} | {checks:.0f} | {checks * 24 * 60:_.0f} |".replace("_", " ")
    assert row in SECTIONS["changing-the-apps-level"]
    assert f"`ReadinessSharePercent={share}`" in SECTIONS["changing-the-apps-level"]


def test_the_runbook_names_every_functions_log() -> None:
    """The section on API errors lists the log of every function of the API."""
    kinds = {one["CodeUri"]: {event["Type"] for event in one.get("Events", {}).values()} for one in FUNCTIONS.values()}
    names = {uri.removeprefix("functions/").replace("_", "-") for uri, of in kinds.items() if "Api" in of}
    (listed,) = re.findall(r"Each function logs to `/aws/lambda/\$STACK-<name>`: ([^.]*)\.", SECTIONS["api-errors"])
    assert set(re.findall(r"`([\w-]+)`", listed)) == {"authorizer", *names}


def test_the_runbooks_links_are_valid() -> None:
    """Links point to existing files and headings."""
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", RUNBOOK)
    assert links
    for file, heading in links:
        text = (ROOT / "docs" / file).read_text() if file else RUNBOOK
        assert not heading or heading in sections(text), (file, heading)

"""Alarms, dashboard, metrics and docs/operations.md say the same."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.sam_template import RESOURCES, TEMPLATE
from publishing.calls import BUDGET_SECONDS
from publishing.log_events import LogEvent
from publishing.preflight.findings import Finding, Status, Unverified
from publishing.preflight.objectives import Requirement
from publishing.readiness import metrics
from publishing.readiness.cadence import QUEUED_FOR
from publishing.readiness.events import DETAIL_TYPES
from publishing.readiness.looks import Checked, Outcome
from publishing.readiness.pacing import LEVELS, Pace
from publishing.readiness.snapshot import Look

Metric = tuple[str, str, frozenset[str]]
"""Namespace, name and the names of the dimensions."""

ROOT = Path(__file__).parents[2]
STACK = {"Ref": "AWS::StackName"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of one type."""
    return {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")
FUNCTIONS = of_type("AWS::Serverless::Function")
DASHBOARD: str = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def sections(text: str) -> dict[str, str]:
    """What stands below each heading, by its anchor."""
    parts = re.split(r"^#+ (.+)\n", text, flags=re.MULTILINE)
    return {anchor(heading): below for heading, below in zip(parts[1::2], parts[2::2], strict=True)}


SECTIONS = sections(RUNBOOK)
PAGES = {
    said[1]: (name, text)
    for name, text in SECTIONS.items()
    if (said := re.match(r"\s*`(\w+Alarm)`: ", text)) is not None
}
"""The anchor and the text of the page that begins with an alarm's name."""
COMMANDS = "".join(re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL))
QUERIES = [(group, query) for group, query in re.findall(r'ask "([^"]+)" \d+ \\?\s*\'([^\']+)\'', COMMANDS)]


def look(finding: Finding) -> Look:
    """A look that found the same everywhere."""
    return Look.of_nothing(datetime(2026, 11, 22, tzinfo=UTC), finding)


SATISFIED, TIMED_OUT = Finding(Status.SATISFIED), Finding(Status.UNKNOWN, Unverified.TIMEOUT)
NO_TOKEN = Finding(Status.UNKNOWN, Unverified.NO_TOKEN)


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that the template gives to the functions of a stack."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What CloudWatch reads, line by line."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics_in(line: dict[str, Any]) -> Iterator[Metric]:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            for one in directive["Metrics"]:
                yield directive["Namespace"], one["Name"], frozenset(dimensions)


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """All that can be emitted: every outcome, status, prerequisite and event, of worker, sweep and request."""
    looks = [look(Finding(status)) for status in Status]
    metrics.of_checks([Checked(outcome, one, tuple(DETAIL_TYPES.values())) for outcome in Outcome for one in looks])
    metrics.of_sweep(3, finished=True)
    metrics.of_refused_request()
    return printed(capsys)


# Metrics.


def test_metrics_have_no_ids(emitted: list[dict[str, Any]]) -> None:
    """Their dimensions are few, and so are the values of each."""
    values: dict[str, set[str]] = {}
    for line in emitted:
        for _, _, dimensions in metrics_in(line):
            for name in dimensions:
                values.setdefault(name, set()).add(line[name])
    assert values == {
        "service": {"a-stack"},
        "check": {*Requirement},
        "outcome": {*Outcome, *Status},
        "event": {*DETAIL_TYPES.values()},
    }


def values_of(lines: list[dict[str, Any]], name: str, **dimensions: str) -> list[float]:
    return [value for line in lines if line.items() >= dimensions.items() for value in line.get(name, [])]


def test_each_look_weighs_the_same_in_the_share_of_unverified(capsys: pytest.CaptureFixture[str]) -> None:
    """One sample for each, wherever in the batch it stands; what the connection lacks is no trouble of TikTok's."""
    found = [TIMED_OUT, SATISFIED, NO_TOKEN, SATISFIED]
    metrics.of_checks([Checked(Outcome.LOOKED, look(one)) for one in found])
    assert values_of(printed(capsys), "Unverified") == [1, 0, 0, 0]


def test_a_message_without_a_look_says_nothing_of_tiktok(capsys: pytest.CaptureFixture[str]) -> None:
    """It is counted as a message alone."""
    metrics.of_checks([Checked(Outcome.SUPERSEDED), Checked(Outcome.SUPERSEDED)])
    (line,) = printed(capsys)
    assert values_of([line], "Messages", outcome="superseded") == [2]


def test_checks_are_counted_by_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages, prerequisites and events, each with its number."""
    metrics.of_checks(
        [
            Checked(Outcome.LOOKED, look(SATISFIED), ("TikTok Readiness Changed",)),
            Checked(Outcome.LOOKED, look(SATISFIED)),
            Checked(Outcome.RATE_LIMITED, look(TIMED_OUT)),
        ]
    )
    lines = printed(capsys)
    assert values_of(lines, "Messages", outcome="looked") == [2]
    assert values_of(lines, "Messages", outcome="rate_limited") == [1]
    assert values_of(lines, "Prerequisites", check="pixel", outcome="satisfied") == [2]
    assert values_of(lines, "Prerequisites", check="pixel", outcome="unknown") == [1]
    assert values_of(lines, "Events", event="TikTok Readiness Changed") == [1]


@pytest.mark.parametrize("finished", [True, False])
def test_a_sweep_that_hands_itself_on_is_not_finished(capsys: pytest.CaptureFixture[str], finished: bool) -> None:  # noqa: FBT001 - a case
    """What it has queued is counted in any case."""
    metrics.of_sweep(7, finished=finished)
    lines = printed(capsys)
    assert values_of(lines, "SweepQueued") == [7]
    assert values_of(lines, "SweepFinished") == [int(finished)]


# Alarms.


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_has_a_page(name: str) -> None:
    """Its description points there, and the page begins with its name."""
    page, _ = PAGES[name]
    assert ALARMS[name]["AlarmDescription"].endswith(f" docs/operations.md#{page}")


def test_every_page_has_an_alarm() -> None:
    """None is left over, and no text speaks of an alarm that is not there."""
    assert set(PAGES) == set(ALARMS) == set(re.findall(r"\b\w+Alarm\b", RUNBOOK))


@pytest.mark.parametrize("name", ALARMS)
def test_a_page_says_all_that_is_needed(name: str) -> None:
    """What it means for buyers, how to look, what to do and when it is over, in this order."""
    _, text = PAGES[name]
    assert re.findall(r"^\*\*([\w ]+)", text, re.MULTILINE) == ["For buyers", "Look", "Do", "Over"]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_of_its_end_too(name: str) -> None:
    """Where there is a topic; without one it only shows."""
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert (ALARMS[name]["AlarmActions"], ALARMS[name]["OKActions"]) == (topic, topic)
    assert TEMPLATE["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_one_metric(name: str) -> None:
    """No metric math, which the emulator does not deploy; and what silence means is said."""
    assert "Metrics" not in ALARMS[name]
    assert {"Namespace", "MetricName", "TreatMissingData"} <= set(ALARMS[name])


def dimensions_of(alarm: dict[str, Any]) -> dict[str, Any]:
    return {one["Name"]: one["Value"] for one in alarm["Dimensions"]}


def alarm_metric(alarm: dict[str, Any]) -> Metric:
    return alarm["Namespace"], alarm["MetricName"], frozenset(dimensions_of(alarm))


OURS = [name for name, alarm in ALARMS.items() if alarm["Namespace"] == metrics.NAMESPACE]


@pytest.mark.parametrize("name", OURS)
def test_an_alarm_watches_what_is_emitted(name: str, emitted: list[dict[str, Any]]) -> None:
    """A metric of ours with exactly its dimensions, those of this stack."""
    assert alarm_metric(ALARMS[name]) in {one for line in emitted for one in metrics_in(line)}
    assert dimensions_of(ALARMS[name]) == {"service": STACK}
    assert TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == STACK


WATCHED = {
    "AWS/ApiGateway": ["ApiName", "Stage"],
    "AWS/Lambda": ["FunctionName"],
    "AWS/SQS": ["QueueName"],
    metrics.NAMESPACE: ["service"],
}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_this_stack(name: str) -> None:
    """By the names that its own resources have."""
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
            assert name in OURS


def test_what_has_to_be_watched_is() -> None:
    """Dead letters, sweeps, waiting looks, the API's errors and latency, functions, throttles, unknown, refusals."""
    on = {(one["MetricName"], json.dumps(next(iter(dimensions_of(one).values())))) for one in ALARMS.values()}
    functions = {name: json.dumps({"Ref": name}) for name in FUNCTIONS}
    queues = {name: json.dumps({"Fn::GetAtt": f"{name}.QueueName"}) for name in of_type("AWS::SQS::Queue")}
    stack = json.dumps(STACK)
    assert on == {
        ("ApproximateNumberOfMessagesVisible", queues["ReadinessDeadLetterQueue"]),
        ("ApproximateAgeOfOldestMessage", queues["ReadinessQueue"]),
        ("ApproximateAgeOfOldestMessage", queues["ReadinessUrgentQueue"]),
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
    }


def condition(name: str) -> tuple[str, str, float, str]:
    """Statistic, comparison, threshold, and what silence means."""
    one = ALARMS[name]
    statistic = one.get("Statistic") or one["ExtendedStatistic"]
    return statistic, one["ComparisonOperator"].removesuffix("Threshold"), one["Threshold"], one["TreatMissingData"]


def test_one_dead_letter_is_an_alarm() -> None:
    """And no end of it that nothing is heard of the queue, which stops reporting when nobody touches it."""
    assert condition("DeadLettersAlarm") == ("Maximum", "GreaterThan", 0, "ignore")


def test_two_intervals_without_a_sweep_are_an_alarm() -> None:
    """Silence counts as none; the interval is the default of the schedule."""
    alarm = ALARMS["SweepNotFinishedAlarm"]
    assert condition("SweepNotFinishedAlarm") == ("Sum", "LessThan", 1, "breaching")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, 2)
    assert TEMPLATE["Parameters"]["ReadinessSchedule"]["Default"] == "rate(1 hour)"
    assert "ReadinessSchedule" in alarm["AlarmDescription"]


def test_a_look_waits_no_longer_than_it_counts_as_queued() -> None:
    """An urgent one shorter, yet longer than SQS may delay it."""
    assert condition("LooksWaitAlarm")[2] == QUEUED_FOR.total_seconds()
    assert 15 * 60 < condition("UrgentLooksWaitAlarm")[2] < QUEUED_FOR.total_seconds()


def test_an_answer_is_slow_before_its_time_is_over() -> None:
    """At the 99th percentile, in milliseconds."""
    statistic, comparison, threshold, _ = condition("ApiSlowAlarm")
    assert (statistic, comparison) == ("p99", "GreaterThan")
    assert 1000 < threshold < BUDGET_SECONDS * 1000


def test_one_odd_look_is_no_outage() -> None:
    """More than half in more than one period, and two hourly sweeps fall into what is judged."""
    alarm = ALARMS["MostlyUnverifiedAlarm"]
    assert condition("MostlyUnverifiedAlarm") == ("Average", "GreaterThan", 0.5, "notBreaching")
    assert alarm["DatapointsToAlarm"] == 2
    assert alarm["Period"] * alarm["EvaluationPeriods"] > 3600


# The dashboard.


def dashboard() -> dict[str, Any]:
    """As CloudWatch gets it."""
    body: dict[str, Any] = json.loads(re.sub(r"\$\{([\w:.]+)\}", r"<\1>", DASHBOARD))
    return body


def shown(widget: dict[str, Any]) -> Iterator[tuple[Metric, dict[str, str]]]:
    """The metrics of a widget, with the values of their dimensions where they are said."""
    before: list[str] = []
    for row in widget["properties"].get("metrics", []):
        if isinstance(row[0], dict):
            said = re.fullmatch(
                r"SEARCH\('\{([\w/]+),([\w,]+)\} MetricName=\"(\w+)\" service=\"(.+)\"', 'Sum', 300\)",
                row[0]["expression"],
            )
            assert said is not None, row
            yield (said[1], said[3], frozenset(said[2].split(","))), {"service": said[4]}
            continue
        names = [one for one in row if isinstance(one, str)]
        before = names = [*before[: len(before) - len(names) + 1], *names[1:]] if names[0] == "..." else names
        dimensions = dict(zip(names[2::2], names[3::2], strict=True))
        yield (names[0], names[1], frozenset(dimensions)), dimensions


SHOWN = [one for widget in dashboard()["widgets"] for one in shown(widget)]


def test_the_dashboard_names_what_is_there() -> None:
    """Every name that CloudFormation fills in is one of its own or of a resource."""
    filled = {name.partition(".")[0] for name in re.findall(r"\$\{([^}]*)\}", DASHBOARD)}
    assert filled - set(RESOURCES) == {"AWS::StackName", "AWS::Region"}


def test_widgets_do_not_overlap() -> None:
    """All within the 24 columns."""
    cells = [
        (x, y)
        for one in dashboard()["widgets"]
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_dashboard_shows_every_alarm() -> None:
    """By its state, and beside the metric that it watches."""
    (widget,) = (one for one in dashboard()["widgets"] if one["type"] == "alarm")
    assert set(widget["properties"]["alarms"]) == {f"<{name}.Arn>" for name in ALARMS}
    assert {alarm_metric(one) for one in ALARMS.values()} <= {metric for metric, _ in SHOWN}


def test_the_dashboard_shows_what_is_emitted(emitted: list[dict[str, Any]]) -> None:
    """Every metric of ours with exactly its dimensions, and none that is not emitted, all of this stack."""
    ours = [(metric, dimensions) for metric, dimensions in SHOWN if metric[0] == metrics.NAMESPACE]
    assert {metric for metric, _ in ours} == {one for line in emitted for one in metrics_in(line)}
    assert {dimensions["service"] for _, dimensions in ours} == {"<AWS::StackName>"}


@pytest.mark.parametrize("name", ["Errors", "Throttles", "Duration"])
def test_the_dashboard_shows_every_function(name: str) -> None:
    """Once each."""
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
def test_the_dashboard_shows_what_no_alarm_watches(namespace: str, name: str) -> None:
    """Requests, the table's throttles, looks under way."""
    assert (namespace, name) in {metric[:2] for metric, _ in SHOWN}


def test_latency_is_shown_for_most_and_for_the_slowest() -> None:
    """p50 and p99."""
    rows = [row for one in dashboard()["widgets"] for row in one["properties"].get("metrics", []) if "Latency" in row]
    assert [row[-1]["stat"] for row in rows] == ["p50", "p99"]


# The runbook.


def test_the_runbook_asks_for_what_is_logged() -> None:
    """Every text that a query looks for is one that the functions write."""
    asked = set()
    for _, query in QUERIES:
        for one, several in re.findall(r'message (?:= ("[^"]*")|in \[([^\]]*)\])', query):
            asked |= set(re.findall(r'"([^"]*)"', one or several))
    assert asked - {*LogEvent} == set()
    assert {LogEvent.CHECK_FAILED, LogEvent.SWEPT, LogEvent.REQUEST_REFUSED, LogEvent.FAILED} <= asked


def test_the_runbook_reads_logs_that_are_there() -> None:
    """By the names of the template's log groups, and of the API's log by its fields."""
    groups = {one["LogGroupName"]["Fn::Sub"] for one in of_type("AWS::Logs::LogGroup").values()}
    assert {group.replace("$STACK", "${AWS::StackName}") for group, _ in QUERIES} <= groups
    assert len(QUERIES) == COMMANDS.count('ask "')
    fields = json.loads(RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Format"])
    asked = {one for group, query in QUERIES if "apigateway" in group for one in re.findall(r"\b[a-z]+_[a-z_]+", query)}
    assert asked
    assert asked <= set(fields)


def test_the_runbook_names_outputs_and_resources_that_are_there() -> None:
    """Those that SAM makes of a function's events included."""
    outputs = set(re.findall(r"\$\(output (\w+)\)", RUNBOOK))
    assert outputs
    assert outputs <= set(TEMPLATE["Outputs"])
    made = {f"{name}{event}" for name, one in FUNCTIONS.items() for event in one.get("Events", {})}
    resources = set(re.findall(r"\$\(resource (\w+)\)", RUNBOOK))
    assert resources
    assert resources <= set(RESOURCES) | made


def test_the_runbook_asks_for_metrics_that_are_emitted(emitted: list[dict[str, Any]]) -> None:
    """With their dimensions, and values that occur."""
    asked = re.findall(r"^metric (\w+)((?: Name=\w+,Value=\w+)*)$", COMMANDS, re.MULTILINE)
    assert asked
    for name, said in asked:
        dimensions = dict(re.findall(r"Name=(\w+),Value=(\w+)", said)) | {"service": "a-stack"}
        exact = (metrics.NAMESPACE, name, frozenset(dimensions))
        lines = [line for line in emitted if exact in metrics_in(line)]
        assert [line for line in lines if line.items() >= dimensions.items()], (name, said)


def test_the_runbook_says_what_each_parameter_moves() -> None:
    """All of the template's, and no other; a value that a command gives is one that the template takes."""
    table = SECTIONS["what-each-parameter-moves"]
    first = "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))
    assert sorted(re.findall(r"`(\w+)`", first)) == sorted(TEMPLATE["Parameters"])
    said = re.findall(r"`(\w+)=([^\s`]+)`", RUNBOOK)
    given = [(name, value) for name, value in said if name in TEMPLATE["Parameters"]]
    assert {"TikTokAppLevel", "WizardUrl"} <= {name for name, _ in given}
    for name, value in given:
        parameter = TEMPLATE["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value])
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value)


def test_the_runbook_names_events_that_are_there() -> None:
    """Those that are sent, and those that a rule of the template waits for."""
    heard = {
        kind
        for one in FUNCTIONS.values()
        for event in one.get("Events", {}).values()
        for kind in event["Properties"].get("Pattern", {}).get("detail-type", [])
    }
    named = set(re.findall(r"`((?:TikTok|Campaign)(?: [A-Z]\w+)+)`", RUNBOOK))
    assert named
    assert named <= heard | {*DETAIL_TYPES.values()}


@pytest.mark.parametrize("level", LEVELS)
def test_the_runbook_says_how_fast_each_level_is(level: str) -> None:
    """As the pace is reckoned, at the default share."""
    share = TEMPLATE["Parameters"]["ReadinessSharePercent"]["Default"]
    looks = Pace(LEVELS[level], share / 100).checks_per_minute
    row = f"| {level} | {LEVELS[level].workers} | {looks:.0f} | {looks * 24 * 60:_.0f} |".replace("_", " ")
    assert row in SECTIONS["changing-the-apps-level"]
    assert f"`ReadinessSharePercent={share}`" in SECTIONS["changing-the-apps-level"]


def test_the_runbook_names_every_functions_log() -> None:
    """Of those that answer requests, where one looks for an error of the API."""
    kinds = {one["CodeUri"]: {event["Type"] for event in one.get("Events", {}).values()} for one in FUNCTIONS.values()}
    names = {uri.removeprefix("functions/").replace("_", "-") for uri, of in kinds.items() if "Api" in of}
    (told,) = re.findall(r"Each function logs to `/aws/lambda/\$STACK-<name>`: ([^.]*)\.", SECTIONS["api-errors"])
    assert set(re.findall(r"`([\w-]+)`", told)) == {"authorizer", *names}


def test_the_runbooks_links_lead_somewhere() -> None:
    """To a file, and to a heading of it."""
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", RUNBOOK)
    assert links
    for file, heading in links:
        text = (ROOT / "docs" / file).read_text() if file else RUNBOOK
        assert not heading or heading in sections(text), (file, heading)

"""The flows in docs/architecture.md are the files that a debugger enters, in this order.

The functions' real handlers run on an AWS in memory, with a simulated TikTok.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from local.demo.teams import TEAM, write_demo_data
from local.identity_provider import IdentityProvider
from local.ministack.deployment import Deployment
from local.tiktok_simulator import DemoAdvertiser, Simulator, demo_world
from publishing import concurrency, publish_check
from publishing.bootstrap import Bootstrap, utc_now
from publishing.ports import ReadinessRepository
from publishing.preflight.objectives import Requirement
from publishing.readiness.record import Record
from publishing.readiness.snapshot import PrerequisiteState, Snapshot
from tests.support.function_handlers import Handler, loaded_function
from tests.support.invocations import FakeContext, api_event
from tools.house import flows
from tools.in_memory_aws import InMemoryAws
from tools.lambda_runtime import ENVIRONMENT

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "shared"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FLOWS = flows()
"""The files of each numbered list; tests/unit/test_house.py limits their number."""
BETWEEN = set(re.findall(r"`([\w/]+\.py)`", PAGE.partition("<!-- flow:between -->")[2].partition("<!-- end -->")[0]))
"""The files of the table between the steps."""
ADVERTISER, CHANGED_ADVERTISER = DemoAdvertiser.EVERYTHING_READY.value, DemoAdvertiser.QUIET_PIXEL.value
VARIABLES = {
    "TABLE_NAME": "flows",
    "SECRET_PREFIX": "wevion/flows",
    "TIKTOK_APP_LEVEL": "Ultimate",
    "READINESS_SHARE_PERCENT": "100",  # a worker hardly waits after a check
}
"""What differs from :data:`ENVIRONMENT`."""


class JobOnDemand(Future[Any]):
    """A job that runs when its result is needed: a debugger steps into it there, and so does this test."""

    def __init__(self, job: Callable[[], Any]) -> None:
        super().__init__()
        self._job: Callable[[], Any] | None = job

    def result(self, timeout: float | None = None) -> Any:
        self._run()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._run()
        return super().exception(timeout)

    def _run(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            try:
                self.set_result(job())
            except Exception as error:  # noqa: BLE001 - whatever it is, `result` raises it
                self.set_exception(error)


class JobsOnDemand:
    """Stands in for the thread pool."""

    def submit(self, run: Callable[..., Any], *arguments: Any) -> JobOnDemand:
        """Return the job, not yet started."""
        return JobOnDemand(lambda: run(*arguments))


def _run_all(jobs: Iterable[Future[Any]], **_: object) -> tuple[set[Future[Any]], set[Future[Any]]]:
    """Stand in for concurrent.futures.wait."""
    for job in jobs:
        job.exception()
    return set(jobs), set()


@dataclass
class Debugger:
    """Notes each file of the layer and of the functions when it is first entered."""

    entered: list[str] = field(default_factory=list)

    def invoke(self, name: str, loading: AbstractContextManager[Handler], event: Mapping[str, Any]) -> Any:
        """Load a function and invoke it. Of Init only its app.py is noted: Init loads every module of the function."""
        with loading as handler:
            self.entered.append(f"functions/{name}/app.py")
            monitoring = sys.monitoring
            monitoring.use_tool_id(monitoring.DEBUGGER_ID, "flows")
            try:
                monitoring.register_callback(monitoring.DEBUGGER_ID, monitoring.events.PY_START, self._note)
                monitoring.set_events(monitoring.DEBUGGER_ID, monitoring.events.PY_START)
                monitoring.restart_events()
                return handler(event, FakeContext(120.0))
            finally:
                monitoring.set_events(monitoring.DEBUGGER_ID, monitoring.events.NO_EVENTS)
                monitoring.register_callback(monitoring.DEBUGGER_ID, monitoring.events.PY_START, None)
                monitoring.free_tool_id(monitoring.DEBUGGER_ID)

    def _note(self, code: CodeType, _offset: int) -> object:
        """Note the file of code that starts, once: `DISABLE` ends the events of this code."""
        file = file_of(code.co_filename)
        # An import during a request enters nothing.
        if file is not None and code.co_name != "<module>" and file not in self.entered:
            self.entered.append(file)
        return sys.monitoring.DISABLE


@cache
def file_of(path: str) -> str | None:
    """Return the file's name as the page has it; None for any other code."""
    for folder, packages in (("layers/shared", ("publishing", "tiktok_business")), ("", ("functions",))):
        for package in packages:
            if path.startswith(f"{ROOT / folder / package}/"):
                return Path(path).relative_to(ROOT / folder).as_posix()
    return None


@dataclass(frozen=True)
class System:
    """The demo team, at a simulated TikTok."""

    tiktok: Simulator
    aws: InMemoryAws
    issuer: IdentityProvider

    def invoke(self, debugger: Debugger, name: str, event: Mapping[str, Any]) -> Any:
        """Invoke a function's real handler under the debugger."""
        loading = loaded_function(name, self.tiktok, self.issuer, self.aws, **VARIABLES)
        return debugger.invoke(name, loading, event)

    @property
    def published(self) -> int:
        """How often events were put on the bus."""
        return self.aws.calls.count("events:PutEvents")

    @property
    def records(self) -> ReadinessRepository:
        """The readiness records in the table."""
        return Bootstrap(environment={**ENVIRONMENT, **VARIABLES, "AWS_ENDPOINT_URL": self.aws.url}).readiness


@pytest.fixture(scope="module")
def aws() -> Iterator[InMemoryAws]:
    """Table, queues, bus and secrets with the demo teams. Other tests of this process use the same account after it."""
    with InMemoryAws() as started:
        started.create_table(VARIABLES["TABLE_NAME"])
        started.create_queues_and_bus()
        deployment = Deployment(
            "", "", {"TableName": VARIABLES["TABLE_NAME"]}, {"SecretPrefix": VARIABLES["SECRET_PREFIX"]}
        )
        write_demo_data(started, deployment, demo_world())
        yield started
        started.client("dynamodb").delete_table(TableName=VARIABLES["TABLE_NAME"])
        started.client("events").delete_event_bus(Name=ENVIRONMENT["EVENT_BUS_NAME"])
        sqs, secrets = started.client("sqs"), started.client("secretsmanager")
        for url in sqs.list_queues()["QueueUrls"]:
            sqs.delete_queue(QueueUrl=url)
        for secret in secrets.list_secrets(MaxResults=100)["SecretList"]:
            secrets.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)


@pytest.fixture
def system(tiktok: Simulator, aws: InMemoryAws) -> Iterator[System]:
    aws.calls.clear()
    with IdentityProvider() as issuer:
        yield System(tiktok, aws, issuer)


@pytest.fixture
def debugger(monkeypatch: pytest.MonkeyPatch) -> Debugger:
    """A debugger of one thread: jobs run there, when their results are needed."""
    monkeypatch.setattr(concurrency, "_threads", JobsOnDemand())
    monkeypatch.setattr(concurrency, "wait", _run_all)
    monkeypatch.setattr(publish_check, "wait", _run_all)
    return Debugger()


def answer_a_publish_check(system: System, debugger: Debugger) -> None:
    """GET /publish-check, from API Gateway's event to the response."""
    event = api_event({"advertiser_id": ADVERTISER, "objective": "WEB_CONVERSIONS"}, team_id=TEAM)
    response = system.invoke(debugger, "publish_check", event)
    assert json.loads(response["body"])["ready"]


def publish_a_change(system: System, debugger: Debugger) -> None:
    """From the schedule to an event on the bus, for an advertiser whose pixel was missing."""
    past = utc_now() - timedelta(hours=1)
    missing = PrerequisiteState(satisfied=False, reason="no_pixel", since=past, checked_at=past)
    snapshot = Snapshot(known={Requirement.PIXEL: missing}, generation=1)
    assert system.records.write(Record(TEAM, CHANGED_ADVERTISER, due_at=past, snapshot=snapshot)) is not None
    scheduled = {"id": "1", "detail-type": "Scheduled Event", "time": utc_now().isoformat(), "detail": {}}
    system.invoke(debugger, "readiness_sweep", scheduled)
    batch = _received(system.aws, CHANGED_ADVERTISER)
    assert system.invoke(debugger, "readiness_check", batch) == {"batchItemFailures": []}
    assert system.published == 1


def connect(system: System, debugger: Debugger) -> None:
    """From POST /connections to the event that a person has connected."""
    person: dict[str, Any] = {"user_id": "u-buyer", "team_id": TEAM, "role": "mediabuyer"}
    request = api_event(**person)
    request["requestContext"] |= {"domainName": "127.0.0.1:9", "path": "/live/api/v1/tiktok/connections"}
    response = system.invoke(debugger, "create_connection", request)
    redirect = system.tiktok.consent(json.loads(response["body"])["authorize_url"], "u-buyer")
    response = system.invoke(debugger, "connection_callback", api_event(parse_qsl(urlsplit(redirect).query)))
    handle = dict(parse_qsl(urlsplit(response["headers"]["Location"]).query))["handle"]
    response = system.invoke(debugger, "complete_connection", api_event(**person, body={"handle": handle}))
    assert response["statusCode"] == 201
    assert system.published == 1


def _received(aws: InMemoryAws, advertiser_id: str) -> dict[str, Any]:
    """Return SQS's event with the waiting job of this advertiser."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=ENVIRONMENT["READINESS_QUEUE_URL"].rpartition("/")[2])["QueueUrl"]
    bodies = [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    event: dict[str, Any] = json.loads((ROOT / "events" / "readiness_check.one.json").read_text(encoding="utf-8"))
    (event["Records"][0]["body"],) = [body for body in bodies if advertiser_id in body]
    return event


RUNS = {
    "publish-check": answer_a_publish_check,
    "readiness": publish_a_change,
    "connecting": connect,
}


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_is_the_files_that_a_debugger_enters(name: str, system: System, debugger: Debugger) -> None:
    """In the order of first entry; what comes between is on the page, as a step of another flow or in its table."""
    RUNS[name](system, debugger)
    steps = FLOWS[name]
    assert tuple(file for file in debugger.entered if file in steps) == steps
    assert set(debugger.entered) - BETWEEN <= {file for files in FLOWS.values() for file in files}


def test_every_flow_is_run() -> None:
    """No list on the page is without its run, and no run without its list."""
    assert FLOWS.keys() == RUNS.keys()


def test_every_step_is_a_file() -> None:
    """Each file of a flow exists, below the layer or the repository."""
    steps = {file for files in FLOWS.values() for file in files}
    assert {file for file in steps if not any((folder / file).is_file() for folder in (LAYER, ROOT))} == set()


def test_the_table_between_the_steps_is_current() -> None:
    """Its files exist, and none of them is a step."""
    assert BETWEEN
    assert all((LAYER / file).is_file() for file in BETWEEN)
    assert not BETWEEN & {file for files in FLOWS.values() for file in files}

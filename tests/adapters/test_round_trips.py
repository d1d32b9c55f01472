"""The numbers of calls to AWS and TikTok of each request, cold and warm, with the functions' real handlers."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from local.demo.teams import PEOPLE, TEAM, write_demo_data
from local.identity_provider import IdentityProvider
from local.ministack.deployment import Deployment
from local.paths import ROOT
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import Simulator
from publishing.readiness.cadence import SHARDS
from publishing.repositories.json_api import JsonApi
from publishing.repositories.readiness_repository import DynamoDBReadinessRepository
from publishing.repositories.table import Table
from tests.adapters.conftest import TABLE
from tests.support.function_handlers import Handler, loaded_function
from tests.support.invocations import FakeContext, api_event
from tools.in_memory_aws import InMemoryAws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

QUERY, SECRET = "dynamodb:Query", "secretsmanager:GetSecretValue"
GET, MANY, PUT = "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"
UPDATE, DELETE = "dynamodb:UpdateItem", "dynamodb:DeleteItem"
TEAM_READ = {QUERY: 2}
"""Members and subscription, and connections."""
PUT_SECRET, DELETE_SECRET = "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"
PUBLISH = "events:PutEvents"
SEND, WAITING = "sqs:SendMessage", "sqs:GetQueueAttributes"
FASTEST = {"TIKTOK_APP_LEVEL": "Ultimate", "READINESS_SHARE_PERCENT": "100"}
"""Avoids the worker's waits between checks."""
IDENTITIES, ACCOUNT = "identity/get/", "advertiser/info/"
EXCHANGE, LIST, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
CONNECTED = sum(1 for person in PEOPLE if person.team_id == TEAM and person.token is not None)
PREFIX = "wevion/demo"
BASE = {"domainName": "127.0.0.1:9", "path": "/live/api/v1/tiktok/connections"}
ROLES = {person.user_id: person.role for person in PEOPLE}

Calls = Mapping[str, int]


class Read(NamedTuple):
    """A read, and its calls to TikTok: cold, and warm if fewer."""

    function: str
    user_id: str
    query: Mapping[str, str]
    cold: Calls
    warm: Calls | None = None

    @property
    def concurrent(self) -> Calls:
        """Calls to AWS during the calls to TikTok: a preflight reads the readiness record."""
        return {GET: 1} if self.function == "publish_check" else {}

    @property
    def afterwards(self) -> Calls:
        """Calls to AWS after the calls to TikTok if there is news: a preflight writes the record."""
        return {PUT: 1} if self.function == "publish_check" else {}


def preflight(
    objective: str,
    cold: Calls,
    warm: Calls | None = None,
    user_id: str = "u-owner",
    advertiser: A = A.EVERYTHING_READY,
) -> Read:
    """Return a preflight; by default of an advertiser that has everything."""
    return Read("publish_check", user_id, {"advertiser_id": advertiser, "objective": objective}, cold, warm)


BASIS = {IDENTITIES: 1, ACCOUNT: 1}
FORM = {**BASIS, "page/get/": 1, "term/check/": 1}
CATALOG = {**BASIS, "catalog/get/": 1}
IN_LIBRARY = {**FORM, "page/get/": 2, "page/library/get/": 1}
READS = {
    "check": Read("check_identity", "u-owner", {"advertiser_id": A.EVERYTHING_READY}, {IDENTITIES: 1}),
    "list": Read("list_identities", "u-owner", {"advertiser_id": A.EVERYTHING_READY}, {IDENTITIES: 2}),
    "REACH": preflight("REACH", BASIS),
    "WEB_CONVERSIONS": preflight("WEB_CONVERSIONS", {**BASIS, "pixel/list/": 1}),
    "PRODUCT_SALES": preflight("PRODUCT_SALES", {**CATALOG, "bc/get/": 1}, warm=CATALOG),
    "APP_PROMOTION": preflight("APP_PROMOTION", {**BASIS, "app/list/": 1}),
    "LEAD_GENERATION": preflight("LEAD_GENERATION", FORM),
    "no TikTok account": preflight(
        "REACH", {IDENTITIES: 3, ACCOUNT: 2}, user_id="u-buyer", advertiser=A.CUSTOM_ALLOWED
    ),
    "form in a library": preflight("LEAD_GENERATION", IN_LIBRARY, user_id="u-manager", advertiser=A.LIBRARY_FORM),
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[IdentityProvider]:
    """An issuer of bearer tokens."""
    with IdentityProvider() as started:
        yield started


@pytest.fixture
def tiktok(
    aws: InMemoryAws,
    secrets: "SecretsManagerClient",
    dynamodb: "DynamoDBClient",  # noqa: ARG001 - the table must be there
) -> Iterator[Simulator]:
    """A simulated TikTok, with the demo teams in AWS."""
    with Simulator() as simulator:
        write_demo_data(aws, Deployment("", "", {"TableName": TABLE}, {"SecretPrefix": PREFIX}), simulator.world)
        yield simulator
    for secret in secrets.list_secrets(MaxResults=100)["SecretList"]:
        secrets.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)


@pytest.fixture
def records(dynamodb_api: JsonApi) -> DynamoDBReadinessRepository:
    """The readiness records in the functions' table."""
    return DynamoDBReadinessRepository(Table(dynamodb_api.call, TABLE))


def job_event(message: Mapping[str, str]) -> dict[str, Any]:
    """Return SQS's event with this message."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "readiness_check.one.json").read_text())
    event["Records"][0]["body"] = json.dumps(message)
    return event


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < end, "not reached in time"
        time.sleep(0.002)


def calls_of(
    handler: Handler,
    event: dict[str, Any],
    tiktok: Simulator,
    aws: InMemoryAws,
    *,
    writes: bool = False,
    status: int | None = None,
) -> tuple[Any, Any]:
    """Return the calls to AWS and TikTok of one invocation, and check that it succeeds or has this status.

    ``writes``: a preflight writes its record; on a busy machine its response does not wait for that.
    """
    aws.calls.clear()
    tiktok.requests.clear()
    response = handler(event, FakeContext(120.0))
    match response:
        case {"statusCode": code}:
            assert code == status or (status is None and code < 300), response["body"]
        case {"batchItemFailures": failures}:
            assert not failures
    if writes:
        _until(lambda: PUT in aws.calls)
    return Counter(aws.calls), Counter(request.path for request in tiktok.requests)


@pytest.mark.parametrize("name", READS)
def test_reads(name: str, tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A request makes one query, a cold function reads one secret, and every TikTok call is necessary.

    A preflight reads its record concurrently with TikTok's calls, and writes it only if there is news.
    """
    read = READS[name]
    event = api_event(read.query, user_id=read.user_id, team_id=TEAM, role=ROLES[read.user_id])
    with loaded_function(read.function, tiktok, issuer, aws) as handler:
        cold = {**TEAM_READ, SECRET: 1, **read.concurrent, **read.afterwards}
        assert calls_of(handler, event, tiktok, aws, writes=PUT in cold) == (cold, read.cold)
        for _ in range(2):
            assert calls_of(handler, event, tiktok, aws) == ({**TEAM_READ, **read.concurrent}, read.warm or read.cold)


def test_a_preflight_writes_news_and_refreshes_after_five_minutes(
    tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws, records: DynamoDBReadinessRepository
) -> None:
    """Evidence of another prerequisite, and evidence older than five minutes, is written once."""
    with loaded_function("publish_check", tiktok, issuer, aws) as handler:

        def of_aws(objective: str, *, writes: bool = False) -> Calls:
            event = api_event({"advertiser_id": A.EVERYTHING_READY, "objective": objective}, team_id=TEAM)
            return cast("Calls", calls_of(handler, event, tiktok, aws, writes=writes)[0])

        assert of_aws("REACH", writes=True) == {**TEAM_READ, SECRET: 1, GET: 1, PUT: 1}
        assert of_aws("REACH") == {**TEAM_READ, GET: 1}
        assert of_aws("WEB_CONVERSIONS", writes=True) == {**TEAM_READ, GET: 1, PUT: 1}
        assert of_aws("WEB_CONVERSIONS") == {**TEAM_READ, GET: 1}
        _age(records, timedelta(minutes=4))
        assert of_aws("WEB_CONVERSIONS") == {**TEAM_READ, GET: 1}
        _age(records, timedelta(minutes=1))
        assert of_aws("WEB_CONVERSIONS", writes=True) == {**TEAM_READ, GET: 1, PUT: 1}
        assert of_aws("WEB_CONVERSIONS") == {**TEAM_READ, GET: 1}


def _age(records: DynamoDBReadinessRepository, by: timedelta) -> None:
    """Make the evidence in the record older."""
    record = records.read(TEAM, A.EVERYTHING_READY)
    assert record is not None
    known = {one: replace(state, checked_at=state.checked_at - by) for one, state in record.snapshot.known.items()}
    assert records.write(replace(record, snapshot=replace(record.snapshot, known=known)))


def test_a_preflight_reads_its_record_during_tiktoks_calls(
    tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws
) -> None:
    """The record is read after team and token, during TikTok's calls, and written after TikTok's responses."""
    event = api_event({"advertiser_id": A.EVERYTHING_READY, "objective": "REACH"}, team_id=TEAM)
    tiktok.latency = 1.0
    with loaded_function("publish_check", tiktok, issuer, aws) as handler:
        aws.calls.clear()
        running = threading.Thread(target=handler, args=(event, FakeContext()))
        running.start()
        _until(lambda: len(tiktok.requests) == 2)
        before_tiktok_answers = time.monotonic() + tiktok.latency
        _until(lambda: aws.calls == [QUERY, QUERY, SECRET, GET])
        assert time.monotonic() < before_tiktok_answers
        running.join()
        _until(lambda: aws.calls == [QUERY, QUERY, SECRET, GET, PUT])


def test_readiness(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """GET /readiness reads the team and its records, or the requested record; TikTok is not called."""
    with loaded_function("readiness", tiktok, issuer, aws) as handler:
        for _ in range(2):
            assert calls_of(handler, api_event(team_id=TEAM), tiktok, aws) == ({**TEAM_READ, MANY: 1}, {})
            one = api_event({"advertiser_id": A.EVERYTHING_READY}, team_id=TEAM)
            assert calls_of(handler, one, tiktok, aws) == ({**TEAM_READ, GET: 1}, {})


@pytest.mark.usefixtures("readiness")
def test_checks_and_sweeps(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A request, its check and a sweep read each record once and write it once.

    A check writes twice, since it claims the record first, and the first check of a team schedules the refresh of
    connections that other services wrote. A sweep reads the previous statistics, the shard of launches, the sixteen
    other shards and the due connections, and sends one message for each due connection.
    """
    detail = {"team_id": TEAM, "advertiser_id": A.EVERYTHING_READY.value}
    everything = {IDENTITIES: 1, ACCOUNT: 1, "pixel/list/": 1, "app/list/": 1, "page/get/": 1, "term/check/": 1}
    with loaded_function("readiness_request", tiktok, issuer, aws) as request:
        saved = {"id": "e1", "source": "wevion.campaigns", "detail-type": "Campaign Draft Saved", "detail": detail}
        assert calls_of(request, saved, tiktok, aws) == ({GET: 1, PUT: 1, SEND: 1}, {})
    with loaded_function("readiness_check", tiktok, issuer, aws, **FASTEST) as check:
        first = {**TEAM_READ, SECRET: 1, GET: 1, PUT: 2, UPDATE: CONNECTED}
        event = job_event({**detail, "claim": f"e1/{detail['advertiser_id']}"})
        assert calls_of(check, event, tiktok, aws) == (first, {**everything, "bc/get/": 1, "catalog/get/": 1})
        assert calls_of(check, event, tiktok, aws) == ({GET: 1}, {})
        repeated = {**TEAM_READ, GET: 1, PUT: 2}
        assert calls_of(check, job_event(detail), tiktok, aws) == (repeated, {**everything, "catalog/get/": 1})
    with loaded_function("readiness_sweep", tiktok, issuer, aws) as sweep:
        scheduled = {"id": "e2", "detail-type": "Scheduled Event", "time": "2026-11-22T17:00:00Z", "detail": "{}"}
        sweeps = {QUERY: 1 + 1 + SHARDS + 1, WAITING: 1}
        assert calls_of(sweep, scheduled, tiktok, aws) == ({**sweeps, UPDATE: CONNECTED, SEND: CONNECTED}, {})
        assert calls_of(sweep, scheduled, tiktok, aws) == (sweeps, {})


@pytest.mark.usefixtures("readiness")
def test_connecting(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A state is one write, and so is its return, which calls nobody else.

    Completing exchanges the code and reads the list once, with writes before and after; again, it reads two items.
    The app's secret is cached; a connection's secret is read only if an earlier attempt may have stored a token.
    """
    person: dict[str, Any] = {"user_id": "u-buyer", "team_id": TEAM, "role": "mediabuyer"}
    event = api_event(**person)
    event["requestContext"] |= BASE
    pages: list[str] = []
    handles: list[str] = []
    with loaded_function("create_connection", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as create:
        for cold in ({SECRET: 1}, {}):
            assert calls_of(create, event, tiktok, aws) == ({PUT: 1, **cold}, {})
            pages.append(_consent_page(create, event))
    with loaded_function("connection_callback", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as callback:
        for page in pages:
            callback_event = api_event(parse_qsl(urlsplit(tiktok.consent(page, "u-buyer")).query))
            assert calls_of(callback, callback_event, tiktok, aws, status=303) == ({GET: 1, UPDATE: 1}, {})
            location = callback(callback_event, FakeContext())["headers"]["Location"]
            handles.append(dict(parse_qsl(urlsplit(location).query))["handle"])
    with loaded_function("complete_connection", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as complete:
        for handle, app in zip(handles, ({SECRET: 1}, {}), strict=True):
            completion = api_event(**person, body={"handle": handle})
            expected = {
                # The state, an unfinished operation, the state again in case another attempt closed it, and the
                # connection before, whose list may have to be removed.
                GET: 4,
                PUT: 3,  # the operation, its update, the connection
                UPDATE: 1,  # the state closed
                DELETE: 1,
                PUT_SECRET: 1,
                PUBLISH: 1,
                **app,
            }
            assert calls_of(complete, completion, tiktok, aws, status=201) == (
                expected,
                {EXCHANGE: 1, LIST: 1, ACCOUNT: 1},
            )
            assert calls_of(complete, completion, tiktok, aws, status=201) == ({GET: 1, **TEAM_READ}, {})
    with loaded_function("list_connections", tiktok, issuer, aws) as handler:
        assert calls_of(handler, api_event(**person), tiktok, aws) == (TEAM_READ, {})


def _consent_page(create: Handler, event: dict[str, Any]) -> str:
    response: dict[str, str] = json.loads(create(event, FakeContext())["body"])
    return response["authorize_url"]


@pytest.mark.usefixtures("readiness")
def test_refreshing_and_disconnecting(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A refresh reads and writes one list; disconnecting revokes once, and a repetition only reads its item."""
    person = {"user_id": "u-buyer", "team_id": TEAM}
    with loaded_function("refresh_connections", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as refresh:
        for secrets in ({SECRET: 2}, {}):  # the app's credentials and the token, then cached
            refreshes = {GET: 1, **TEAM_READ, UPDATE: 1, **secrets}
            assert calls_of(refresh, job_event(person), tiktok, aws) == (refreshes, {LIST: 1, ACCOUNT: 1})
    event = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer") | {"pathParameters": {"user_id": "u-buyer"}}
    with loaded_function("delete_connection", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as delete:
        ends = {QUERY: 4, GET: 1, PUT: 1, UPDATE: 1, SECRET: 2, DELETE_SECRET: 1, DELETE: 1}
        assert calls_of(delete, event, tiktok, aws) == (ends, {REVOKE: 1})
        assert calls_of(delete, event, tiktok, aws) == ({**TEAM_READ, GET: 1}, {})


def test_creating(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A create reads the team and makes two conditional writes; a duplicate makes one conditional write."""
    body = {"advertiser_id": A.NOTHING.value, "display_name": "Acme"}
    event = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer", body=body)
    writes = {**TEAM_READ, PUT: 1, "dynamodb:UpdateItem": 1}
    with loaded_function("create_identity", tiktok, issuer, aws) as handler:
        assert calls_of(handler, event, tiktok, aws) == ({**writes, SECRET: 1}, {"identity/create/": 1, ACCOUNT: 1})
        assert calls_of(handler, event, tiktok, aws) == ({PUT: 1}, {})
        other = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer", body={**body, "display_name": "Other"})
        assert calls_of(handler, other, tiktok, aws) == (writes, {"identity/create/": 1, ACCOUNT: 1})


def test_authorizer(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """The authorizer reads the member and the subscription with one call, whatever the team has."""
    token = issuer.token("u-buyer", TEAM)
    arn = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"
    event = {"headers": {"authorization": f"Bearer {token}"}, "methodArn": arn}
    with loaded_function("authorizer", tiktok, issuer, aws) as handler:
        for _ in range(2):
            aws.calls.clear()
            assert json.dumps(handler(event, FakeContext())).count("Allow") == 2
            assert aws.calls == ["dynamodb:BatchGetItem"]

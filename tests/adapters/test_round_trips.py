"""How often each request asks AWS and TikTok, cold and warm: counted on the wire, with the functions' real handlers."""

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
from publishing.aws.json_api import JsonApi
from publishing.aws.records import DynamoDBRecords
from publishing.aws.table import Table
from publishing.readiness.cadence import SHARDS
from tests.adapters.conftest import TABLE
from tests.support.function_handlers import Handler, wired_function
from tests.support.invocations import FakeContext, api_event
from tools.in_memory_aws import InMemoryAws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

QUERY, SECRET = "dynamodb:Query", "secretsmanager:GetSecretValue"
GET, PUT = "dynamodb:GetItem", "dynamodb:PutItem"
UPDATE, DELETE = "dynamodb:UpdateItem", "dynamodb:DeleteItem"
PUT_SECRET, DELETE_SECRET = "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"
TELL = "events:PutEvents"
SEND, WAITING = "sqs:SendMessage", "sqs:GetQueueAttributes"
FASTEST = {"TIKTOK_APP_LEVEL": "Ultimate", "READINESS_SHARE_PERCENT": "100"}
"""A worker keeps its pace, whatever else is tested."""
IDENTITIES, ACCOUNT = "identity/get/", "advertiser/info/"
EXCHANGE, LIST, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
CONNECTED = sum(1 for person in PEOPLE if person.team_id == TEAM and person.token is not None)
PREFIX = "wevion/demo"
BASE = {"domainName": "127.0.0.1:9", "path": "/live/api/v1/tiktok/connections"}
ROLES = {person.user_id: person.role for person in PEOPLE}

Calls = Mapping[str, int]


class Read(NamedTuple):
    """A read of TikTok's, and what it asks of TikTok: cold, and warm where that is less."""

    function: str
    user_id: str
    query: Mapping[str, str]
    cold: Calls
    warm: Calls | None = None

    @property
    def beside(self) -> Calls:
        """What it asks of AWS while TikTok is being asked: a preflight reads what is known of the advertiser."""
        return {GET: 1} if self.function == "publish_check" else {}

    @property
    def afterwards(self) -> Calls:
        """What it asks of AWS then, if it found anything new: a preflight writes that down."""
        return {PUT: 1} if self.function == "publish_check" else {}


def preflight(
    objective: str,
    cold: Calls,
    warm: Calls | None = None,
    user_id: str = "u-owner",
    advertiser: A = A.EVERYTHING_READY,
) -> Read:
    """A preflight; of an advertiser that has everything unless another one is named."""
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
    """A simulated TikTok, and the demo teams in AWS."""
    with Simulator() as simulator:
        write_demo_data(aws, Deployment("", "", {"TableName": TABLE}, {"SecretPrefix": PREFIX}), simulator.world)
        yield simulator
    for secret in secrets.list_secrets(MaxResults=100)["SecretList"]:
        secrets.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)


@pytest.fixture
def records(dynamodb_api: JsonApi) -> DynamoDBRecords:
    """What is known of advertisers, in the functions' own table."""
    return DynamoDBRecords(Table(dynamodb_api.call, TABLE))


def look_event(message: Mapping[str, str]) -> dict[str, Any]:
    """SQS's event with this message."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "readiness_check.one.json").read_text())
    event["Records"][0]["body"] = json.dumps(message)
    return event


def _until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + 5.0
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.002)


def asked(
    handler: Handler,
    event: dict[str, Any],
    tiktok: Simulator,
    aws: InMemoryAws,
    *,
    writes: bool = False,
    status: int | None = None,
) -> tuple[Any, Any]:
    """What one call asks of AWS and of TikTok; it goes well, or with this status.

    `writes`: a preflight whose record is to be written, for which the answer does not wait on a busy machine.
    """
    aws.calls.clear()
    tiktok.requests.clear()
    answer = handler(event, FakeContext(120.0))
    match answer:
        case {"statusCode": answered}:
            assert answered == status or (status is None and answered < 300), answer["body"]
        case {"batchItemFailures": failures}:
            assert not failures
    if writes:
        _until(lambda: PUT in aws.calls)
    return Counter(aws.calls), Counter(request.path for request in tiktok.requests)


@pytest.mark.parametrize("name", READS)
def test_reads(name: str, tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """One query a request, one secret a cold function, and no call to TikTok that the verdict could do without.

    A preflight reads its record beside TikTok's calls; it writes it where that knew less, and not again right after.
    """
    read = READS[name]
    event = api_event(read.query, user_id=read.user_id, team_id=TEAM, role=ROLES[read.user_id])
    with wired_function(read.function, tiktok, issuer, aws) as handler:
        cold = {QUERY: 1, SECRET: 1, **read.beside, **read.afterwards}
        assert asked(handler, event, tiktok, aws, writes=PUT in cold) == (cold, read.cold)
        for _ in range(2):
            assert asked(handler, event, tiktok, aws) == ({QUERY: 1, **read.beside}, read.warm or read.cold)


def test_a_preflight_writes_what_is_new_or_five_minutes_old(
    tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws, records: DynamoDBRecords
) -> None:
    """Once, and then not for five minutes: evidence of another prerequisite, and evidence that has grown old."""
    with wired_function("publish_check", tiktok, issuer, aws) as handler:

        def of_aws(objective: str, *, writes: bool = False) -> Calls:
            event = api_event({"advertiser_id": A.EVERYTHING_READY, "objective": objective}, team_id=TEAM)
            return cast("Calls", asked(handler, event, tiktok, aws, writes=writes)[0])

        assert of_aws("REACH", writes=True) == {QUERY: 1, SECRET: 1, GET: 1, PUT: 1}
        assert of_aws("REACH") == {QUERY: 1, GET: 1}
        assert of_aws("WEB_CONVERSIONS", writes=True) == {QUERY: 1, GET: 1, PUT: 1}
        assert of_aws("WEB_CONVERSIONS") == {QUERY: 1, GET: 1}
        _age(records, timedelta(minutes=4))
        assert of_aws("WEB_CONVERSIONS") == {QUERY: 1, GET: 1}
        _age(records, timedelta(minutes=1))
        assert of_aws("WEB_CONVERSIONS", writes=True) == {QUERY: 1, GET: 1, PUT: 1}
        assert of_aws("WEB_CONVERSIONS") == {QUERY: 1, GET: 1}


def _age(records: DynamoDBRecords, by: timedelta) -> None:
    """Let what is known of the advertiser be older."""
    record = records.read(TEAM, A.EVERYTHING_READY)
    assert record is not None
    known = {one: replace(state, checked_at=state.checked_at - by) for one, state in record.snapshot.known.items()}
    assert records.write(replace(record, snapshot=replace(record.snapshot, known=known)))


def test_a_preflight_reads_its_record_while_tiktok_is_asked(
    tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws
) -> None:
    """After the team and the token, without which nobody knows whom to ask; written is it after TikTok's answers."""
    event = api_event({"advertiser_id": A.EVERYTHING_READY, "objective": "REACH"}, team_id=TEAM)
    tiktok.latency = 1.0
    with wired_function("publish_check", tiktok, issuer, aws) as handler:
        aws.calls.clear()
        running = threading.Thread(target=handler, args=(event, FakeContext()))
        running.start()
        _until(lambda: len(tiktok.requests) == 2)
        while_tiktok_is_silent = time.monotonic() + tiktok.latency
        _until(lambda: aws.calls == [QUERY, SECRET, GET])
        assert time.monotonic() < while_tiktok_is_silent
        running.join()
        _until(lambda: aws.calls == [QUERY, SECRET, GET, PUT])


def test_telling_what_is_known(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """The team, and the records of its advertisers or the one that is asked for; TikTok is not asked."""
    with wired_function("readiness", tiktok, issuer, aws) as handler:
        for _ in range(2):
            assert asked(handler, api_event(team_id=TEAM), tiktok, aws) == ({QUERY: 2}, {})
            one = api_event({"advertiser_id": A.EVERYTHING_READY}, team_id=TEAM)
            assert asked(handler, one, tiktok, aws) == ({QUERY: 1, GET: 1}, {})


@pytest.mark.usefixtures("readiness")
def test_watching(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A request, the look it asks for, and a sweep: each step reads its record once and writes it once.

    A look writes twice, since it takes the record first, and the first look at a team schedules the refresh of
    connections that another service wrote. A sweep reads the last account, the launches, and the sixteen other parts of
    the list of what is due, and the connections beside them; of each one that is due it asks once.
    """
    whom = {"team_id": TEAM, "advertiser_id": A.EVERYTHING_READY.value}
    everything = {IDENTITIES: 1, ACCOUNT: 1, "pixel/list/": 1, "app/list/": 1, "page/get/": 1, "term/check/": 1}
    with wired_function("readiness_request", tiktok, issuer, aws) as request:
        saved = {"id": "e1", "source": "wevion.campaigns", "detail-type": "Campaign Draft Saved", "detail": whom}
        assert asked(request, saved, tiktok, aws) == ({GET: 1, PUT: 1, SEND: 1}, {})
    with wired_function("readiness_check", tiktok, issuer, aws, **FASTEST) as look:
        first = {QUERY: 1, SECRET: 1, GET: 1, PUT: 2, UPDATE: CONNECTED}
        event = look_event({**whom, "claim": f"e1/{whom['advertiser_id']}"})
        assert asked(look, event, tiktok, aws) == (first, {**everything, "bc/get/": 1, "catalog/get/": 1})
        assert asked(look, event, tiktok, aws) == ({GET: 1}, {})
        again = {QUERY: 1, GET: 1, PUT: 2}
        assert asked(look, look_event(whom), tiktok, aws) == (again, {**everything, "catalog/get/": 1})
    with wired_function("readiness_sweep", tiktok, issuer, aws) as sweep:
        scheduled = {"id": "e2", "detail-type": "Scheduled Event", "time": "2026-11-22T17:00:00Z", "detail": "{}"}
        sweeps = {QUERY: 1 + 1 + SHARDS + 1, WAITING: 1}
        assert asked(sweep, scheduled, tiktok, aws) == ({**sweeps, UPDATE: CONNECTED, SEND: CONNECTED}, {})
        assert asked(sweep, scheduled, tiktok, aws) == (sweeps, {})


@pytest.mark.usefixtures("readiness")
def test_connecting(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A state is one write; coming back is TikTok's exchange and its list, once, each written down before and after.

    The app's secret is remembered; a connection's is read only where an earlier attempt may have stored a token.
    """
    whom: dict[str, Any] = {"user_id": "u-buyer", "team_id": TEAM, "role": "mediabuyer"}
    ask = api_event(**whom)
    ask["requestContext"] |= BASE
    pages: list[str] = []
    with wired_function("create_connection", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as create:
        for cold in ({SECRET: 1}, {}):
            assert asked(create, ask, tiktok, aws) == ({PUT: 1, **cold}, {})
            pages.append(_asked_for_consent(create, ask))
    with wired_function("connection_callback", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as callback:
        for page, app in zip(pages, ({SECRET: 1}, {}), strict=True):
            back = api_event(parse_qsl(urlsplit(tiktok.consent(page, "u-buyer")).query))
            connects = {
                GET: 2,  # the state; a change that was left
                QUERY: 1,
                PUT: 3,  # the change, what was granted, the connection
                UPDATE: 2,  # the state taken, and over
                DELETE: 1,
                PUT_SECRET: 1,
                TELL: 1,
                **app,
            }
            assert asked(callback, back, tiktok, aws, status=303) == (connects, {EXCHANGE: 1, LIST: 1, ACCOUNT: 1})
            assert asked(callback, back, tiktok, aws, status=303) == ({GET: 1}, {})
    with wired_function("list_connections", tiktok, issuer, aws) as overview:
        assert asked(overview, api_event(**whom), tiktok, aws) == ({QUERY: 1}, {})


def _asked_for_consent(create: Handler, event: dict[str, Any]) -> str:
    answer: dict[str, str] = json.loads(create(event, FakeContext())["body"])
    return answer["authorize_url"]


@pytest.mark.usefixtures("readiness")
def test_refreshing_and_ending(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """A refresh reads a list and writes it; ending a connection revokes once, and is told from its item afterwards."""
    whom = {"user_id": "u-buyer", "team_id": TEAM}
    with wired_function("refresh_connections", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as refresh:
        for app in (1, 0):
            refreshes = {GET: 1, QUERY: 1, SECRET: 1 + app, UPDATE: 1}
            assert asked(refresh, look_event(whom), tiktok, aws) == (refreshes, {LIST: 1, ACCOUNT: 1})
    event = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer") | {"pathParameters": {"user_id": "u-buyer"}}
    with wired_function("delete_connection", tiktok, issuer, aws, SECRET_PREFIX=PREFIX) as delete:
        ends = {QUERY: 2, GET: 1, PUT: 1, UPDATE: 1, SECRET: 2, DELETE_SECRET: 1, DELETE: 1}
        assert asked(delete, event, tiktok, aws) == (ends, {REVOKE: 1})
        assert asked(delete, event, tiktok, aws) == ({QUERY: 1, GET: 1}, {})


def test_creating(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """Beside the query two conditional writes, which make it once for each intent; a repetition reads one of them."""
    body = {"advertiser_id": A.NOTHING.value, "display_name": "Acme"}
    event = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer", body=body)
    writes = {QUERY: 1, PUT: 1, "dynamodb:UpdateItem": 1}
    with wired_function("create_identity", tiktok, issuer, aws) as handler:
        assert asked(handler, event, tiktok, aws) == ({**writes, SECRET: 1}, {"identity/create/": 1, ACCOUNT: 1})
        assert asked(handler, event, tiktok, aws) == ({PUT: 1}, {})
        other = api_event(user_id="u-buyer", team_id=TEAM, role="mediabuyer", body={**body, "display_name": "Other"})
        assert asked(handler, other, tiktok, aws) == (writes, {"identity/create/": 1, ACCOUNT: 1})


def test_authorizing(tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws) -> None:
    """One query a request."""
    token = issuer.token("u-buyer", TEAM)
    arn = "arn:aws:execute-api:eu-central-1:123456789012:api/live/GET/api/v1/tiktok/identities/check"
    event = {"headers": {"authorization": f"Bearer {token}"}, "methodArn": arn}
    with wired_function("authorizer", tiktok, issuer, aws) as handler:
        for _ in range(2):
            aws.calls.clear()
            assert json.dumps(handler(event, FakeContext())).count("Allow") == 2
            assert aws.calls == [QUERY]

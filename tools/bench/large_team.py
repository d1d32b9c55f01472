"""The authorizer and the preflight for a large team, relative to a small one: read units and duration (contract §6)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name

from local.console import Console, StackError
from local.demo.teams import OWNER, Person
from local.identity_provider import IdentityProvider
from local.paths import ROOT
from local.tiktok_simulator import DemoAdvertiser
from publishing.connections.advertiser_list import REFRESH_INTERVAL
from publishing.repositories.connection_repository import DynamoDBConnectionRepository
from publishing.repositories.table import Table
from publishing.teams import MAX_LISTED, Connection, ConnectionStatus, Role, in_utc
from tools.bench.builds import Build
from tools.bench.fan_out import FUNCTION, Case
from tools.bench.harness import Handler, Invoked, MeteredAws, SimulatedTikTok, handler
from tools.bench.samples import Figure, milliseconds
from tools.lambda_runtime import ENVIRONMENT

CONNECTIONS = 10
SMALL, LARGE = 1, MAX_LISTED
"""Ad accounts of each connection."""
PREFLIGHTS = 15
AUTHORIZATIONS = 500
_WARM_UP = 3
_ASKED = DemoAdvertiser.EVERYTHING_READY
_FIRST_ID = 7_400_000_000_000_000_000
_CONNECTED_AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Compared:
    """A warm function that was called for the small team and for the large one in turn."""

    small_read_units: float
    large_read_units: float
    large_queries: int
    small_milliseconds: Figure
    large_over_small: Figure
    """Of the durations of each two calls that followed each other."""


@dataclass(frozen=True)
class LargeTeam:
    """Both functions."""

    authorizer: Compared
    preflight: Compared


def measure(build: Build, tiktok: SimulatedTikTok, aws: MeteredAws, console: Console) -> LargeTeam:
    """Write both teams and call both functions."""
    callers = [Person("u-0", f"team-{each}", Role.OWNER) for each in (SMALL, LARGE)]
    table = through_boto3(aws.client("dynamodb"), ENVIRONMENT["TABLE_NAME"])
    secret_id = f"wevion/tiktok/connections/{OWNER.team_id}/{OWNER.user_id}"
    with console.step(f"Writing a team with {CONNECTIONS} lists of {LARGE} ad accounts"):
        for caller, each in zip(callers, (SMALL, LARGE), strict=True):
            write_team(table, caller.team_id, each, _ASKED.value, 0, secret_id)
    with console.step("Authorizer and preflight, for a small team and a large one"), IdentityProvider() as issuer:
        trusting = {
            "JWKS_URL": issuer.jwks_url,
            "TOKEN_ISSUER": issuer.issuer,
            "TOKEN_AUDIENCE": issuer.audience,
            "SSL_CERT_FILE": str(tiktok.certificate),
        }
        with handler(build, "AuthorizerFunction", tiktok, aws, **trusting) as function:
            bearers = [_authorizer_event(issuer, caller) for caller in callers]
            authorizer = _compared(function, bearers, AUTHORIZATIONS, aws)
        with handler(build, FUNCTION, tiktok, aws) as function:
            requests = [Case("WEB_CONVERSIONS", caller, _ASKED).event() for caller in callers]
            preflight = _compared(function, requests, PREFLIGHTS, aws)
    return LargeTeam(authorizer, preflight)


def write_team(table: Table, team_id: str, each: int, asked: str, whose: int, secret_id: str) -> list[Connection]:
    """Write a team of people who all have connected as many ad accounts, none of them in two lists.

    The first one is the owner. The last ad account of number ``whose`` is ``asked``. All tokens are the one secret.
    """
    team = {"pk": {"S": f"TEAM#{team_id}"}}
    items = [{**team, "sk": {"S": "SUBSCRIPTION"}, "status": {"S": "active"}}]
    connections = []
    for number in range(CONNECTIONS):
        first = _FIRST_ID + number * each
        ids = [str(one) for one in range(first, first + each)]
        if number == whose:
            ids[-1] = asked
        connection = Connection(
            team_id=team_id,
            user_id=f"u-{number}",
            status=ConnectionStatus.ACTIVE,
            advertiser_ids=tuple(ids),
            secret_id=secret_id,
            connected_at=in_utc(_CONNECTED_AT),
            names={one: f"Ad account {one} of a customer" for one in ids},
            verified_at=in_utc(_CONNECTED_AT),
        )
        DynamoDBConnectionRepository(table).save(connection, datetime.now(UTC) + REFRESH_INTERVAL)
        role = Role.MEDIA_BUYER if number else Role.OWNER
        items.append({**team, "sk": {"S": f"MEMBER#{connection.user_id}"}, "role": {"S": role}})
        connections.append(connection)
    table.write_many([{"PutRequest": {"Item": item}} for item in items])
    return connections


def _compared(function: Handler, events: Sequence[Mapping[str, Any]], samples: int, aws: MeteredAws) -> Compared:
    units, queries = [], []
    for event in events:
        function.invoke(event, _WARM_UP)  # whatever it responds: in-memory AWS may be too slow at the first time
        aws.reset()
        _check(function.invoke(event))
        units.append(aws.read_units())
        queries.append(aws.calls.count("dynamodb:Query"))
    pairs = [[function.invoke(event).seconds[0] for event in events] for _ in range(samples)]
    return Compared(
        small_read_units=units[0],
        large_read_units=units[1],
        large_queries=queries[1],
        small_milliseconds=milliseconds([small for small, _ in pairs]),
        large_over_small=Figure.of([large / small for small, large in pairs]),
    )


def _check(invoked: Invoked) -> None:
    """Raise StackError unless the function responded as it does to somebody who may ask, and can publish."""
    if "policyDocument" in invoked.answer:
        allowed = '"Allow"' in json.dumps(invoked.answer) and invoked.answer["context"]["deny_code"] == ""
    else:
        allowed = invoked.body()["ready"]
    if not allowed:
        raise StackError(f"the function responded {invoked.answer}")


def _authorizer_event(issuer: IdentityProvider, caller: Person) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / "authorizer.bad_token.json").read_text())
    token = issuer.token(caller.user_id, caller.team_id, algorithm="ES256")
    return {**event, "headers": {"authorization": f"Bearer {token}"}}


def through_boto3(client: Any, name: str) -> Table:
    """Return the table through boto3's client, which waits longer than the functions' own."""

    def call(operation: str, **request: Any) -> Any:
        return getattr(client, xform_name(operation))(**request)

    return Table(call, name)

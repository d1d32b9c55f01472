"""The flows of connections around in-memory repositories, at a simulated TikTok."""

import copy
import functools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from local.tiktok_simulator import STARTER, Scope, Simulator
from local.tiktok_simulator.oauth import granted_ids
from publishing.connections.advertiser_list import OwnListRefresher
from publishing.connections.authorize import Authorize
from publishing.connections.callback import Callback, callback_endpoint
from publishing.connections.completion import ConnectionServices
from publishing.connections.connect import BUDGET_SECONDS, Connect
from publishing.connections.disconnect import Disconnect
from publishing.connections.list_connections import list_advertisers, list_connections
from publishing.connections.refresh import ConnectionSweep, RefreshWorker
from publishing.events.notifications import ExpiryNotifier
from publishing.events.schemas import OutboxEvent
from publishing.http.check_schemas import PublishCheck
from publishing.http.endpoint import body_endpoint, path_endpoint, query_endpoint
from publishing.http.request_context import Principal, RequestContext
from publishing.http.request_schemas import (
    CompleteConnectionBody,
    ConnectionAdvertisersQuery,
    ConnectionPath,
    NoInput,
    PageQuery,
    PublishCheckQuery,
)
from publishing.publish_check import publish_check
from publishing.teams import Connection, Role
from tests.support.clock import MovableClock
from tests.support.effects import Effects, WatchedBus
from tests.support.in_memory_repositories import (
    InMemoryAuthorizationStates,
    InMemoryConnections,
    InMemoryPendingOperations,
    InMemoryRefreshQueue,
    InMemorySecrets,
    secret_id_of,
)
from tests.support.invocations import FakeContext, Received, api_event
from tests.support.product import Product, product
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RawAnswer, Transport
from tools.in_memory_readiness import InMemoryBus

TEAM = "northlight"
WIZARD = "https://wizard.example/campaigns/new?step=tiktok#connect"
CONNECTIONS_URL = "http://127.0.0.1:9/prod/api/v1/tiktok/connections"
LEASE_EXPIRED = timedelta(seconds=31)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONNECTED, EXPIRED = "TikTok Connected", "TikTok Connection Expired"


@dataclass
class WatchedTransport:
    """A transport to TikTok; each request is an effect."""

    inner: Transport
    effects: Effects
    deadlines: list[Deadline] = field(default_factory=list)

    def send(self, method: str, endpoint: str, *, deadline: Deadline, **what: Any) -> RawAnswer:
        self.deadlines.append(deadline)
        return self.effects(endpoint, lambda: self.inner.send(method, endpoint, deadline=deadline, **what))


@dataclass(frozen=True)
class Redirect:
    """The callback's response."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def outcome(self) -> str:
        """``confirm``, or the error's code."""
        return self._query.get("code", self._query["tiktok"])

    @property
    def handle(self) -> str:
        """The handle with which the wizard completes the connection."""
        return self._query["handle"]

    @property
    def _query(self) -> dict[str, str]:
        query = parse_qs(urlsplit(self.headers["Location"]).query)
        return {name: query[name][0] for name in ("tiktok", "code", "handle") if name in query}


@dataclass
class System:
    """All flows of connections in memory, at one simulated TikTok."""

    tiktok: Simulator
    transport: Transport
    clock: MovableClock = field(default_factory=MovableClock)
    effects: Effects = field(default_factory=Effects)
    seconds: float = 30.0
    """How long the Lambda that completes a connection may run."""
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        world = self.tiktok.world
        self.product = product(self.transport, clock=self.clock)
        self.teams = self.product.teams
        self.states = InMemoryAuthorizationStates(self.effects)
        self.operations = InMemoryPendingOperations(self.teams, self.effects)
        self.connections = InMemoryConnections(self.teams, self.effects)
        app = DeveloperApp(world.app_id, SecretStr(world.app_secret))
        self.secrets = InMemorySecrets(self.effects, credentials=app)
        self.queue = InMemoryRefreshQueue(self.effects)
        self.bus = InMemoryBus()
        publish_events = WatchedBus(self.bus, self.effects).publish
        self.watched = WatchedTransport(self.transport, self.effects)
        self.services = ConnectionServices(
            teams=self.teams,
            states=self.states,
            operations=self.operations,
            connections=self.connections,
            secrets=self.secrets,
            publish_events=publish_events,
            open_oauth=self._open_oauth,
            open_tiktok=self._open_tiktok,
            clock=self.clock,
        )
        self.connection_sweep = ConnectionSweep(self.connections, self.queue.send, self.clock)
        self.worker = RefreshWorker(self.services, ExpiryNotifier(self.connections, publish_events, self.clock))
        self.own_list_refresher = OwnListRefresher(self.connections, self.secrets, self._open_oauth, self.clock)
        self.tokens = replace(
            self.product.tokens,
            secrets=self.secrets,
            mark_expired=self.connections.mark_expired,
            refresh_own_list=self.own_list_refresher.refresh,
        )
        self.callback = Callback(self.states, self.clock)
        self.teams.put(TEAM, "SUBSCRIPTION", status="active")

    def replace_services(self, **services: Any) -> None:
        """Have the worker and completions use these from now on."""
        self.services = replace(self.services, **services)
        self.worker = replace(self.worker, services=self.services)

    def add_member(self, user_id: str, role: str = "owner", team_id: str = TEAM) -> str:
        """Add a member to the team; return the user id."""
        self.teams.member(team_id, user_id, role)
        return user_id

    def request_consent(self, user_id: str, team_id: str = TEAM) -> str:
        """Return the address of TikTok's consent page for the person."""
        principal = Principal(user_id, team_id, str(self.teams.read(team_id).roles[user_id]))
        context = RequestContext(principal, Deadline.after(7.5), self.clock(), url=CONNECTIONS_URL)
        authorize = Authorize(self.states, self.secrets, self.tiktok.base_url, WIZARD)
        return authorize.respond(context, NoInput()).authorize_url

    def consent(
        self, user_id: str, as_whom: str = STARTER, scopes: Collection[Scope] | None = None, team_id: str = TEAM
    ) -> str:
        """Let the person consent at TikTok; return the callback address to which TikTok redirects."""
        return self.tiktok.consent(self.request_consent(user_id, team_id), as_whom, scopes=scopes)

    def open_callback(self, url: str) -> Redirect:
        """Open the callback address to which TikTok redirected."""
        return self.get_callback(parse_qsl(urlsplit(url).query, keep_blank_values=True))

    def get_callback(self, query: Sequence[tuple[str, str]]) -> Redirect:
        """Request the callback as API Gateway does: without a principal."""
        event = api_event(query)
        del event["requestContext"]["authorizer"]
        response = callback_endpoint(self.callback.keep_code, WIZARD)(event, FakeContext())
        return Redirect(response["statusCode"], response["headers"], response["body"])

    def return_to_wizard(
        self, user_id: str, as_whom: str = STARTER, scopes: Collection[Scope] | None = None, team_id: str = TEAM
    ) -> str:
        """Consent and open the callback; return the handle that the wizard is opened with."""
        return self.open_callback(self.consent(user_id, as_whom, scopes, team_id)).handle

    def complete(self, handle: str, user_id: str, team_id: str = TEAM) -> Received:
        """Request the completion of a connection as a person."""
        role = str(self.teams.read(team_id).roles.get(user_id, ""))
        event = api_event(user_id=user_id, team_id=team_id, role=role, body={"handle": handle})
        handler = body_endpoint(Connect(self.services).respond, CompleteConnectionBody, budget_seconds=BUDGET_SECONDS)
        return Received.of(handler(event, FakeContext(self.seconds)))

    def connect(self, user_id: str, as_whom: str = STARTER, scopes: Collection[Scope] | None = None) -> str:
        """Consent, open the callback and complete; return the outcome."""
        return outcome_of(self.complete(self.return_to_wizard(user_id, as_whom, scopes), user_id))

    def disconnect(self, user_id: str, by: str | None = None, *, seconds: float = 15.0) -> Received:
        """Request the end of a person's connection, by default as that person."""
        caller = by or user_id
        event = api_event(user_id=caller, team_id=TEAM, role=str(self.teams.read(TEAM).roles.get(caller, "")))
        event["pathParameters"] = {"user_id": unquote(user_id)}
        handler = path_endpoint(Disconnect(self.services).respond, ConnectionPath)
        return Received.of(handler(event, FakeContext(seconds)))

    def list_connections(self, user_id: str, role: str | None = None) -> list[dict[str, Any]]:
        """Return the connections on the first page that the endpoint lists for a person."""
        stored_role = str(self.teams.read(TEAM).roles.get(user_id, ""))
        response = self.page_of_connections(user_id, stored_role if role is None else role)
        assert response.status == 200
        listed: list[dict[str, Any]] = response.json["connections"]
        return listed

    def page_of_connections(self, user_id: str, role: str, **query: str) -> Received:
        """Return the endpoint's response for a page."""
        handler = query_endpoint(
            functools.partial(list_connections, self.teams, self.services.connections.read_pages), PageQuery
        )
        return Received.of(handler(api_event(query, user_id=user_id, team_id=TEAM, role=role), FakeContext()))

    def page_of_advertisers(self, whose: str, user_id: str, role: str, **query: str) -> Received:
        """Return the endpoint's response for a page of a connection's advertisers."""
        handler = query_endpoint(
            functools.partial(list_advertisers, self.teams, self.services.connections.read_pages),
            ConnectionAdvertisersQuery,
        )
        event = api_event(query, user_id=user_id, team_id=TEAM, role=role) | {"pathParameters": {"user_id": whose}}
        return Received.of(handler(event, FakeContext()))

    def preflight(
        self,
        user_id: str,
        advertiser_id: str | None = None,
        objective: str = "REACH",
        deadline: Deadline | None = None,
    ) -> PublishCheck:
        """Return a person's publish check."""
        role = self.teams.read(TEAM).roles.get(user_id, Role.MEDIA_BUYER)
        context = RequestContext(Principal(user_id, TEAM, role), deadline or Deadline.after(7.5), self.clock())
        values = {"objective": objective, **({} if advertiser_id is None else {"advertiser_id": advertiser_id})}
        query = PublishCheckQuery.model_validate(values)
        return publish_check(self.tokens, self.product.refresher, self.product.accepted_types, context, query)

    def sweep(self) -> list[dict[str, str]]:
        """Queue what is due and process the queue; return the messages to retry."""
        self.connection_sweep.run(out_of_time=lambda: False)
        return self.process_queue()

    def process_queue(self) -> list[dict[str, str]]:
        """Let the worker process the waiting messages; return those to retry."""
        waiting, self.queue.sent[:] = [*self.queue.sent], []
        bodies = [json.dumps({"team_id": one.team_id, "user_id": one.user_id}) for one in waiting]
        return self.deliver(bodies) if bodies else []

    def deliver(self, bodies: Sequence[str]) -> list[dict[str, str]]:
        """Invoke the worker with one batch of messages as Lambda does; return the messages to retry."""
        records = [{"messageId": str(at), "body": body, "eventSource": "aws:sqs"} for at, body in enumerate(bodies)]
        response = self.worker.handle({"Records": records}, FakeContext(120))
        failures: list[dict[str, str]] = response["batchItemFailures"]
        return failures

    def pass_time(self, span: timedelta) -> None:
        """Move the clock, and sweep each hour."""
        end = self.clock() + span
        while self.clock() < end:
            self.clock.forward(HOUR)
            assert self.sweep() == []

    def connection(self, user_id: str) -> Connection | None:
        """Return the stored connection of the person."""
        return self.teams.read(TEAM).connection_of(user_id)

    def stored_connection(self, user_id: str) -> Connection:
        """Return the stored connection of the person, which must exist."""
        return self.teams.connection(TEAM, user_id)

    def due_in(self, user_id: str) -> timedelta | None:
        """Return the time until the person's connection is due for refresh; None if no refresh is scheduled."""
        due_at = self.teams.items[TEAM, f"USER#{user_id}"].get("due_at")
        return None if due_at is None else due_at - self.clock()

    def token(self, user_id: str) -> str | None:
        """Return the current token in the person's secret; None if there is none."""
        found = self.secrets.current(secret_id_of(TEAM, user_id))
        return found.get_secret_value() if found else None

    def is_valid(self, token: str | None) -> bool:
        """Whether TikTok accepts the token."""
        known = self.tiktok.world.tokens.get(token) if token else None
        return known is not None and not known.revoked

    def published(self, detail_type: str = CONNECTED) -> list[OutboxEvent]:
        """Return the published events of this type, each id once."""
        return self.bus.of_type(detail_type)

    def full_state(self) -> tuple[object, ...]:
        """Return a copy of all that is stored here and at TikTok, for comparison."""
        world, secrets = self.tiktok.world, self.secrets.secrets
        return copy.deepcopy(
            (self.teams.items, self.states.stored, secrets, self.bus.events, world.tokens, world.auth_codes)
        )

    def assert_consistent(self, user_id: str) -> None:
        """Assert that the connection is active exactly if it has a valid token, and that no operation is unfinished.

        An active connection has the advertisers and scopes of its own token, and its event is the last published one.
        """
        assert len(self.operations) == 0
        connection, token = self.connection(user_id), self.token(user_id)
        active = connection is not None and connection.status == "active"
        assert active == self.is_valid(token), "both a connection and a valid token, or neither"
        if connection is None or connection.status == "revoked":
            assert token is None
            assert secret_id_of(TEAM, user_id) not in self.secrets or not len(self.secrets)
        if active and connection is not None and token is not None:
            known = self.tiktok.world.tokens[token]
            assert connection.secret_id == secret_id_of(TEAM, user_id)
            assert connection.advertiser_ids == known.advertiser_ids, "the advertisers of its own token"
            scopes = granted_ids(frozenset(Scope) - known.missing_scopes)
            assert connection.scopes is not None
            assert set(connection.scopes) == {str(one) for one in scopes}, "the scopes of its own token"
            last = [one.id for one in self.published() if one.detail["user_id"] == user_id][-1]
            assert last == f"connected/{TEAM}/{user_id}/{connection.connected_at}"

    def _open_oauth(self, app: DeveloperApp, deadline: Deadline) -> TikTokOAuth:
        return TikTokOAuth(self.watched, app, deadline, sleep=_do_not_sleep, jitter=_no_jitter)

    def _open_tiktok(self, token: SecretStr, deadline: Deadline) -> TikTokBusinessApi:
        return TikTokBusinessApi(TikTokClient(self.watched, token, deadline, sleep=_do_not_sleep, jitter=_no_jitter))


def outcome_of(response: Received) -> str:
    """Return ``connected`` if a connection was completed, the problem's code, or any other status."""
    return "connected" if response.status == 201 else str(response.json.get("code", response.status))


def _do_not_sleep(_seconds: float) -> None:
    """Retries do not wait."""


def _no_jitter() -> float:
    return 0.0

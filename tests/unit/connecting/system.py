"""Connecting around stores in memory, at a simulated TikTok: people at its consent page, the sweep, preflights."""

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
from publishing.calls import Call, Caller
from publishing.connecting.callback import Callback
from publishing.connecting.callback_endpoint import callback_endpoint
from publishing.connecting.consent import ConsentRequest
from publishing.connecting.disconnect import Disconnect
from publishing.connecting.overview import Overview
from publishing.connecting.own_list import OwnList
from publishing.connecting.services import ConnectServices
from publishing.connecting.sweep import ConnectionSweep
from publishing.connecting.worker import Worker
from publishing.endpoint import path_endpoint, query_endpoint
from publishing.inputs import ConnectionPath, NoInput, PublishCheckQuery
from publishing.publish_check import publish_check
from publishing.readiness.expiry import Expiry
from publishing.readiness.record import OutgoingEvent
from publishing.teams import Connection, Role
from tests.support.clock import MovableClock
from tests.support.effects import Effects, WatchedAnnouncements, WatchedBus, WatchedMarks
from tests.support.in_memory_connecting import (
    InMemoryApp,
    InMemoryChanges,
    InMemoryConnections,
    InMemoryDueConnections,
    InMemoryStates,
    InMemoryVault,
    VaultTokens,
)
from tests.support.in_memory_stores import secret_id_of
from tests.support.invocations import FakeContext, Received, api_event
from tests.support.product import Product, product
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import RawAnswer, RequestsTransport
from tools.in_memory_readiness import InMemoryAnnouncements, InMemoryBus

TEAM = "northlight"
WIZARD = "https://wizard.example/campaigns/new?step=tiktok#connect"
CONNECTIONS_URL = "http://127.0.0.1:9/prod/api/v1/tiktok/connections"
LEASE_OVER = timedelta(seconds=31)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONNECTED = "TikTok Connected"

_transport = functools.cache(RequestsTransport)  # as in a function that stays warm


@dataclass
class WatchedTransport:
    """TikTok, each request of which is an effect."""

    inner: RequestsTransport
    effects: Effects
    deadlines: list[Deadline] = field(default_factory=list)

    def send(self, method: str, endpoint: str, *, deadline: Deadline, **what: Any) -> RawAnswer:
        self.deadlines.append(deadline)
        return self.effects(endpoint, lambda: self.inner.send(method, endpoint, deadline=deadline, **what))


@dataclass(frozen=True)
class Landing:
    """Where a person's browser ends up."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def outcome(self) -> str:
        """``connected``, or the code of the error."""
        query = parse_qs(urlsplit(self.headers["Location"]).query)
        return query["code"][0] if query["tiktok"] == ["error"] else query["tiktok"][0]


@dataclass
class System:
    """All of connecting in memory, at one simulated TikTok."""

    tiktok: Simulator
    clock: MovableClock = field(default_factory=MovableClock)
    effects: Effects = field(default_factory=Effects)
    seconds: float = 30.0
    """What a return's Lambda has."""
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        world = self.tiktok.world
        self.product = product(self.tiktok.base_url, clock=self.clock)
        self.teams = self.product.teams
        self.vault = InMemoryVault(self.effects)
        self.states = InMemoryStates(self.effects)
        self.changes = InMemoryChanges(self.teams, self.effects)
        self.connections = InMemoryConnections(self.teams, self.effects)
        self.due_connections = InMemoryDueConnections(self.teams, self.effects)
        self.app = InMemoryApp(DeveloperApp(world.app_id, SecretStr(world.app_secret)))
        self.bus = InMemoryBus()
        self.transport = WatchedTransport(_transport(self.tiktok.base_url), self.effects)
        bus = WatchedBus(self.bus, self.effects)
        self.marks = WatchedMarks(self.product.marks, self.effects)
        announcements = WatchedAnnouncements(InMemoryAnnouncements(self.teams.current), self.effects)
        self.services = ConnectServices(
            teams=self.teams,
            states=self.states,
            changes=self.changes,
            connections=self.connections,
            vault=self.vault,
            app=self.app,
            bus=bus,
            open_oauth=self._open_oauth,
            open_tiktok=self._open_tiktok,
            clock=self.clock,
        )
        self.worker = Worker(self.services, self.marks, Expiry(announcements, bus, self.clock))
        self.tokens = VaultTokens(self.vault)
        self.own_lists = OwnList(self.connections, self.tokens, self.marks, self.app, self._open_oauth, self.clock)
        self.preflight_services = replace(
            self.product.services, tokens=self.tokens, marks=self.marks, own_lists=self.own_lists
        )
        self.consent_callback = Callback(self.services)
        self.teams.put(TEAM, "SUBSCRIPTION", status="active")

    def use(self, **services: Any) -> None:
        """From now on the worker and the callback have these in the place of their own."""
        self.services = replace(self.services, **services)
        self.worker = replace(self.worker, services=self.services)
        self.consent_callback = Callback(self.services)

    def member(self, user_id: str, role: str = "owner", team_id: str = TEAM) -> str:
        """Somebody joins; returns who."""
        self.teams.member(team_id, user_id, role)
        return user_id

    def ask_consent(self, user_id: str, team_id: str = TEAM) -> str:
        """Where the person is sent to connect TikTok."""
        caller = Caller(user_id, team_id, str(self.teams.read(team_id).roles[user_id]))
        call = Call(caller, Deadline.after(7.5), self.clock(), url=CONNECTIONS_URL)
        return ConsentRequest(self.states, self.app, self.tiktok.base_url, WIZARD).answer(call, NoInput()).authorize_url

    def consent(
        self, user_id: str, as_whom: str = STARTER, scopes: Collection[Scope] | None = None, team_id: str = TEAM
    ) -> str:
        """The person asks for consent and gives it at TikTok; returns where TikTok sends their browser."""
        return self.tiktok.consent(self.ask_consent(user_id, team_id), as_whom, scopes=scopes)

    def come_back(self, url: str) -> Landing:
        """The browser opens the address that TikTok sent it to."""
        return self.callback(parse_qsl(urlsplit(url).query, keep_blank_values=True))

    def callback(self, query: Sequence[tuple[str, str]]) -> Landing:
        """A request for the callback, without a caller, as API Gateway hands it over."""
        event = api_event(query)
        del event["requestContext"]["authorizer"]
        answer = callback_endpoint(self.consent_callback.connect, WIZARD)(event, FakeContext(self.seconds))
        return Landing(answer["statusCode"], answer["headers"], answer["body"])

    def connect(self, user_id: str, as_whom: str = STARTER, scopes: Collection[Scope] | None = None) -> str:
        """From the request to the return; what comes of it."""
        return self.come_back(self.consent(user_id, as_whom, scopes)).outcome

    def disconnect(self, user_id: str, by: str | None = None, *, seconds: float = 15.0) -> Received:
        """A request to end a person's connection, by default their own."""
        caller = by or user_id
        event = api_event(user_id=caller, team_id=TEAM, role=str(self.teams.read(TEAM).roles.get(caller, "")))
        event["pathParameters"] = {"user_id": unquote(user_id)}
        return Received.of(path_endpoint(Disconnect(self.services).answer, ConnectionPath)(event, FakeContext(seconds)))

    def overview(self, user_id: str, role: str | None = None) -> list[dict[str, Any]]:
        """What a person sees of the connections."""
        known = str(self.teams.read(TEAM).roles.get(user_id, ""))
        event = api_event(user_id=user_id, team_id=TEAM, role=known if role is None else role)
        answer = Received.of(query_endpoint(Overview(self.teams).answer, NoInput)(event, FakeContext()))
        assert answer.status == 200
        seen: list[dict[str, Any]] = answer.json["connections"]
        return seen

    def preflight(self, user_id: str, advertiser_id: str | None = None, objective: str = "REACH") -> Any:
        """A person's publish check now, whoever must not wait for."""
        role = self.teams.read(TEAM).roles.get(user_id, Role.MEDIA_BUYER)
        call = Call(Caller(user_id, TEAM, role), Deadline.after(7.5), self.clock())
        values = {"objective": objective, **({} if advertiser_id is None else {"advertiser_id": advertiser_id})}
        return publish_check(self.preflight_services, self.product.live, call, PublishCheckQuery.model_validate(values))

    def sweep(self) -> list[dict[str, str]]:
        """The sweep puts what is due into the queue, and the worker works it; what it gives back."""
        ConnectionSweep(self.due_connections, self.clock).run(out_of_time=lambda: False)
        return self.work()

    def work(self) -> list[dict[str, str]]:
        """The worker works what waits; what it gives back."""
        due_connections, self.due_connections.sent[:] = [*self.due_connections.sent], []
        bodies = [json.dumps({"team_id": one.team_id, "user_id": one.user_id}) for one in due_connections]
        return self.deliver(bodies) if bodies else []

    def deliver(self, bodies: Sequence[str]) -> list[dict[str, str]]:
        """One batch of messages, as Lambda hands it over."""
        records = [{"messageId": str(at), "body": body, "eventSource": "aws:sqs"} for at, body in enumerate(bodies)]
        answer = self.worker.handle({"Records": records}, FakeContext(120))
        failures: list[dict[str, str]] = answer["batchItemFailures"]
        return failures

    def pass_time(self, span: timedelta) -> None:
        """Time passes, and the sweep runs each hour."""
        end = self.clock() + span
        while self.clock() < end:
            self.clock.forward(HOUR)
            assert self.sweep() == []

    def connection(self, user_id: str) -> Connection | None:
        """The person's connection as the table has it."""
        return self.teams.read(TEAM).connection_of(user_id)

    def due_in(self, user_id: str) -> timedelta | None:
        """How long until the person's connection is refreshed, None where it is not scheduled."""
        due_at = self.teams.items[TEAM, f"CONNECTION#{user_id}"].get("due_at")
        return None if due_at is None else due_at - self.clock()

    def token(self, user_id: str) -> str | None:
        """The current token of the person's secret, None where there is none to be had."""
        found = self.vault.current(secret_id_of(TEAM, user_id))
        return found.get_secret_value() if found else None

    def is_live(self, token: str | None) -> bool:
        """Whether TikTok accepts the token."""
        known = self.tiktok.world.tokens.get(token) if token else None
        return known is not None and not known.revoked

    def told(self, detail_type: str = CONNECTED) -> list[OutgoingEvent]:
        """The events, each id once."""
        return self.bus.of_type(detail_type)

    def everything(self) -> tuple[object, ...]:
        """All that is stored here and at TikTok, to compare."""
        world = self.tiktok.world
        return copy.deepcopy(
            (self.teams.items, self.states.stored, self.vault.secrets, self.bus.events, world.tokens, world.auth_codes)
        )

    def assert_well(self, user_id: str) -> None:
        """Active exactly with a living token of its own, nothing half-made, and one event for each connection."""
        assert len(self.changes) == 0
        connection, token = self.connection(user_id), self.token(user_id)
        active = connection is not None and connection.status == "active"
        assert active == self.is_live(token), "a connection with a token, or neither"
        if connection is None or connection.status == "revoked":
            assert token is None
            assert secret_id_of(TEAM, user_id) not in self.vault or not len(self.vault)
        if active and connection is not None and token is not None:
            granted = self.tiktok.world.tokens[token]
            assert connection.secret_id == secret_id_of(TEAM, user_id)
            assert connection.advertiser_ids == granted.advertiser_ids, "those of its own token"
            scopes = granted_ids(frozenset(Scope) - granted.missing_scopes)
            assert connection.scopes is not None
            assert set(connection.scopes) == {str(one) for one in scopes}, "those of its own token"
            last = [one.id for one in self.told() if one.detail["user_id"] == user_id][-1]
            assert last == f"connected/{TEAM}/{user_id}/{connection.connected_at}"

    def _open_oauth(self, app: DeveloperApp, deadline: Deadline) -> TikTokOAuth:
        return TikTokOAuth(self.transport, app, deadline, sleep=_no_sleep, jitter=_no_jitter)

    def _open_tiktok(self, token: SecretStr, deadline: Deadline) -> TikTokBusinessApi:
        return TikTokBusinessApi(TikTokClient(self.transport, token, deadline, sleep=_no_sleep, jitter=_no_jitter))


def _no_sleep(_seconds: float) -> None:
    """Retries do not wait."""


def _no_jitter() -> float:
    return 0.0

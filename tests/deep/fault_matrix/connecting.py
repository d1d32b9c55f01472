"""Runs a cell about connections with the flows' real handlers around in-memory repositories."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from local.tiktok_simulator import Simulator, User
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.recorded_errors import recorded_errors, text_of
from tests.deep.fault_matrix.worlds import ADVERTISER, SECOND, USER, everything
from tests.support.addresses import query_of
from tests.support.captured_output import captured_output
from tests.unit.connections.system import TEAM, System, outcome_of
from tiktok_business.transport import Transport

PERSON = "u-connecting"
LIST, STATUSES = "oauth2/advertiser/get/", "advertiser/info/"
SECONDS = 30.0
SHORT_SECONDS = {"connect": 8.5, "disconnect": 2.0, "refresh": 20.0}
"""How long the Lambda may run if TikTok does not answer; the worker has a deadline of its own."""
_MANY_SECONDS = 1000.0


@dataclass(frozen=True)
class After:
    """The result of a cell, and of repeating the request without the fault."""

    cell: Cell
    outcome: str
    """The response; for the worker, what the connection is afterwards."""
    seconds: float
    hits: int
    failures: int
    """How many messages are retried."""
    unfinished: str
    """What is unfinished after the request with the fault; empty if nothing is."""
    repeated: str
    """The outcome of the same request without the fault."""
    unfinished_finally: str
    """What is unfinished after that; empty if nothing is."""
    usable: bool
    """Whether the connection may be used between the two requests."""
    removed: bool
    """Whether the secret is scheduled for deletion in the end."""
    reconnected: str
    """The outcome of connecting again, at last."""
    writes: int
    """How often the endpoint was called while the fault lasted."""
    paths: tuple[str, ...]
    """The called endpoints."""
    lines: int
    leaks: tuple[str, ...]


class ConnectingRequest:
    """One cell."""

    def __init__(self, cell: Cell, number: int, tiktok: Simulator, transport: Transport) -> None:
        self.cell = cell
        self.tiktok = tiktok
        tiktok.world = everything(f"canary-token-{number}-7d1f")
        tiktok.world.app_secret = f"canary-app-secret-{number}-5ab2"
        tiktok.world.users[USER] = User(USER, (ADVERTISER,))
        cell.row.scenes[cell.scene](tiktok.world)
        self.system = System(tiktok, transport, seconds=_MANY_SECONDS)
        self.system.add_member(PERSON)

    def seen(self) -> After:
        """Prepare without the fault, send the request with it, and repeat the request without it."""
        with captured_output() as written, recorded_errors() as errors:
            send, secrets = self._prepared()
            self.tiktok.requests.clear()
            # The token of a new connection is not known yet.
            unknown = self.cell.row.operation == "connect" and self.cell.row.endpoint == STATUSES
            fault = self.cell.fault("what was sent" if unknown else secrets[0])
            if fault is not None:
                self.tiktok.faults.add(fault.model_copy(update={"token": None}))
            before = time.monotonic()
            outcome, failures = send(SHORT_SECONDS[self.cell.row.operation] if self.cell.takes_time else SECONDS)
            seconds = time.monotonic() - before
            asked = self.tiktok.requests.to(self.cell.row.endpoint)
            paths = tuple(one.path for one in self.tiktok.requests)
            hits = sum(1 for one in asked if one.fault is not None)
            lines = written.getvalue().count("\n")
            unfinished, usable = self._unfinished(), self._usable()
            self.tiktok.faults.clear()
            repeated, _ = send(SECONDS)
            unfinished_finally = self._unfinished()
            removed = all(one.to_be_deleted for one in self.system.secrets.secrets.values())
            reconnected = self.system.connect(PERSON, USER)
        secrets += [token for token in self.tiktok.world.tokens if token not in self._visible()]
        places = {
            "the answer": outcome + repeated,
            "what is logged or printed": written.getvalue(),
            "what is stored": self._stored(),
            "an error's text": "".join(text_of(error) for error in errors),
        }
        return After(
            cell=self.cell,
            outcome=outcome,
            seconds=seconds,
            hits=hits,
            failures=failures,
            unfinished=unfinished,
            repeated=repeated,
            unfinished_finally=unfinished_finally,
            usable=usable,
            removed=removed,
            reconnected=reconnected,
            writes=len(asked),
            paths=paths,
            lines=lines,
            leaks=tuple(where for where, text in places.items() if any(one in text for one in secrets)),
        )

    def _prepared(self) -> tuple[Callable[[float], tuple[str, int]], list[str]]:
        """Return what sends the request, given the Lambda's time; and the secrets, first the one TikTok repeats."""
        secret = self.tiktok.world.app_secret
        if self.cell.row.operation == "connect":
            address = self.system.consent(PERSON, USER)
            query = query_of(address)
            handle = self.system.open_callback(address).handle
            sent = secret if self.cell.row.endpoint == LIST else query["auth_code"]
            secrets = [sent, secret, query["auth_code"], query["state"], handle]
            return lambda seconds: (self._connected(handle, seconds), 0), secrets
        if self.system.connect(PERSON, USER) != "connected":
            raise AssertionError("connecting failed without a fault")
        token = self.system.token(PERSON) or ""
        if self.cell.row.operation == "disconnect":
            return lambda seconds: (self._disconnected(seconds), 0), [token, secret]
        self.tiktok.world.reach(USER, (SECOND,) if self.cell.scene == "there" else ())
        return lambda _seconds: self._refreshed(), [token, secret]

    def _connected(self, handle: str, seconds: float) -> str:
        self.system.seconds = seconds
        response = self.system.complete(handle, PERSON)
        outcome = outcome_of(response)
        return f"{response.status} {outcome}" if outcome != "connected" else f"connected, {self._listed()}"

    def _disconnected(self, seconds: float) -> str:
        response = self.system.disconnect(PERSON, seconds=seconds)
        return f"{response.status} {response.json.get('code') or response.json['status']}"

    def _refreshed(self) -> tuple[str, int]:
        connection = self.system.connection(PERSON)
        failures = self.system.deliver([json.dumps({"team_id": TEAM, "user_id": PERSON})])
        after = self.system.connection(PERSON)
        if after is None or after.status != "active":
            return str(after and after.status), len(failures)
        return "as before" if after == connection else self._listed(), len(failures)

    def _listed(self) -> str:
        connection = self.system.connection(PERSON)
        if connection is None or connection.verified_at is None:
            return "not listed"
        disabled = f", {len(connection.disabled)} disabled" if connection.disabled else ""
        return f"{len(connection.advertiser_ids)} listed{disabled}"

    def _unfinished(self) -> str:
        connection, token = self.system.connection(PERSON), self.system.token(PERSON)
        exists = connection is not None and connection.status != "revoked"
        found = []
        if len(self.system.operations):
            found.append("a pending operation")
        if exists != (token is not None):
            found.append("a connection without its token, or a token without its connection")
        return ", ".join(found)

    def _usable(self) -> bool:
        connection = self.system.connection(PERSON)
        return connection is not None and connection.status == "active"

    def _stored(self) -> str:
        system = self.system
        return repr((system.teams.items, system.states.stored, system.queue.sent, system.bus.events))

    def _visible(self) -> set[str]:
        """Return the world's tokens that no request of this cell uses."""
        return {name for name in self.tiktok.world.tokens if name.startswith("simulated-token-of")}

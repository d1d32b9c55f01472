"""Runs a cell of connecting: its own real handlers around stores in memory, and what is left behind."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from local.tiktok_simulator import Simulator, User
from tests.deep.fault_matrix.cells import Cell
from tests.deep.fault_matrix.observing import remembering_errors, text_of
from tests.deep.fault_matrix.worlds import ADVERTISER, SECOND, USER, everything
from tests.support.addresses import query_of
from tests.support.listening import listening
from tests.unit.connecting.system import TEAM, System

PERSON = "u-connecting"
LISTING, ACCOUNTS = "oauth2/advertiser/get/", "advertiser/info/"
SECONDS = 30.0
SHORT_SECONDS = {"connect": 8.5, "disconnect": 2.0, "refresh": 20.0}
"""Of Lambda's time, where TikTok keeps silent; the worker's is its own."""
_MANY_SECONDS = 1000.0


@dataclass(frozen=True)
class After:
    """What came of a cell, and of the same once more when TikTok is well."""

    cell: Cell
    told: str
    """What the person is told; of the worker, what the connection is then."""
    seconds: float
    struck: int
    failures: int
    """Messages that come again."""
    half_made: str
    """What is left half-made; empty where nothing is."""
    again: str
    """The same request once TikTok is well."""
    half_made_in_the_end: str
    usable: bool
    """Whether the connection may be used between the two."""
    removed: bool
    """Whether the secret is on its way out in the end."""
    anew: str
    """A whole new connection, made last."""
    writes: int
    """How often the endpoint was asked before TikTok was well."""
    paths: tuple[str, ...]
    """What TikTok was asked."""
    lines: int
    leaks: tuple[str, ...]


class ConnectingRequest:
    """One cell."""

    def __init__(self, cell: Cell, number: int, tiktok: Simulator) -> None:
        self.cell = cell
        self.tiktok = tiktok
        tiktok.world = everything(f"canary-token-{number}-7d1f")
        tiktok.world.app_secret = f"canary-app-secret-{number}-5ab2"
        tiktok.world.users[USER] = User(USER, (ADVERTISER,))
        cell.row.scenes[cell.scene](tiktok.world)
        self.system = System(tiktok, seconds=_MANY_SECONDS)
        self.system.member(PERSON)

    def seen(self) -> After:
        """Prepare in peace, ask with the fault, look; then once more in peace."""
        with listening() as written, remembering_errors() as errors:
            ask, secrets = self._prepared()
            self.tiktok.requests.clear()
            # The token of a new connection is not known beforehand.
            unknown = self.cell.row.asks == "connect" and self.cell.row.endpoint == ACCOUNTS
            fault = self.cell.fault("what was sent" if unknown else secrets[0])
            if fault is not None:
                self.tiktok.faults.add(fault.model_copy(update={"token": None}))
            before = time.monotonic()
            told, failures = ask(SHORT_SECONDS[self.cell.row.asks] if self.cell.takes_time else SECONDS)
            seconds = time.monotonic() - before
            asked = self.tiktok.requests.to(self.cell.row.endpoint)
            paths = tuple(one.path for one in self.tiktok.requests)
            struck = sum(1 for one in asked if one.fault is not None)
            lines = written.getvalue().count("\n")
            half_made, usable = self._half_made(), self._usable()
            self.tiktok.faults.clear()
            again, _ = ask(SECONDS)
            half_made_in_the_end = self._half_made()
            removed = all(one.to_be_deleted for one in self.system.vault.secrets.values())
            anew = self.system.connect(PERSON, USER)
        secrets += [token for token in self.tiktok.world.tokens if token not in self._visible()]
        places = {
            "the answer": told + again,
            "what is logged or printed": written.getvalue(),
            "what is stored": self._stored(),
            "an error's text": "".join(text_of(error) for error in errors),
        }
        return After(
            cell=self.cell,
            told=told,
            seconds=seconds,
            struck=struck,
            failures=failures,
            half_made=half_made,
            again=again,
            half_made_in_the_end=half_made_in_the_end,
            usable=usable,
            removed=removed,
            anew=anew,
            writes=len(asked),
            paths=paths,
            lines=lines,
            leaks=tuple(where for where, text in places.items() if any(one in text for one in secrets)),
        )

    def _prepared(self) -> tuple[Callable[[float], tuple[str, int]], list[str]]:
        """What asks, told how long Lambda has; and what must stay in, the one that TikTok repeats first."""
        secret = self.tiktok.world.app_secret
        if self.cell.row.asks == "connect":
            address = self.system.consent(PERSON, USER)
            query = query_of(address)
            told = (
                secret if self.cell.row.endpoint == LISTING else query["auth_code"]
            )  # by us to TikTok, which repeats it
            return lambda seconds: (self._returned(address, seconds), 0), [
                told,
                secret,
                query["auth_code"],
                query["state"],
            ]
        if self.system.connect(PERSON, USER) != "connected":
            raise AssertionError("nothing is wrong with TikTok yet")
        token = self.system.token(PERSON) or ""
        if self.cell.row.asks == "disconnect":
            return lambda seconds: (self._disconnected(seconds), 0), [token, secret]
        self.tiktok.world.reach(USER, (SECOND,) if self.cell.scene == "there" else ())
        return lambda _seconds: self._refreshed(), [token, secret]

    def _returned(self, address: str, seconds: float) -> str:
        self.system.seconds = seconds
        landing = self.system.come_back(address)
        if landing.status != 303 or landing.body:
            return f"{landing.status} {landing.body}"
        return landing.outcome if landing.outcome != "connected" else f"connected, {self._listed()}"

    def _disconnected(self, seconds: float) -> str:
        answer = self.system.disconnect(PERSON, seconds=seconds)
        return f"{answer.status} {answer.json.get('code') or answer.json['status']}"

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

    def _half_made(self) -> str:
        """What is there without what belongs to it."""
        connection, token = self.system.connection(PERSON), self.system.token(PERSON)
        there = connection is not None and connection.status != "revoked"
        wrong = []
        if len(self.system.changes):
            wrong.append("a change")
        if there != (token is not None):
            wrong.append("a connection without its token, or a token without its connection")
        return ", ".join(wrong)

    def _usable(self) -> bool:
        connection = self.system.connection(PERSON)
        return connection is not None and connection.status == "active"

    def _stored(self) -> str:
        system = self.system
        return repr((system.teams.items, system.states.stored, system.due_connections.sent, system.bus.events))

    def _visible(self) -> set[str]:
        """Tokens of the world that no request of this cell is about."""
        return {name for name in self.tiktok.world.tokens if name.startswith("simulated-token-of")}

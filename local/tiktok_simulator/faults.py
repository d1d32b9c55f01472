"""Faults that can be switched on: the one table of their kinds, a fault, and the set that is switched on."""

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from local.tiktok_simulator.answers import JsonObject
from local.tiktok_simulator.endpoints import ENDPOINTS
from local.tiktok_simulator.journal import fingerprint


class FaultKind(StrEnum):
    """What can go wrong between TikTok and its caller."""

    CODE = "code"
    HTTP_STATUS = "http_status"
    HANG = "hang"
    LATENCY = "latency"
    SLOW_DRIP = "slow_drip"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    SHORT_BODY = "short_body"
    TRUNCATED_JSON = "truncated_json"
    NON_JSON = "non_json"
    WRONG_TOP_LEVEL = "wrong_top_level"
    DATA_NULL = "data_null"
    MISSING_KEY = "missing_key"
    WRONG_TYPE = "wrong_type"
    HUGE_LIST = "huge_list"
    DUPLICATE_PAGES = "duplicate_pages"
    CHANGING_TOTALS = "changing_totals"
    CURSOR = "cursor"


@dataclass(frozen=True)
class KindRule:
    """What a kind of fault does, and the parameters it takes."""

    meaning: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


def _rule(meaning: str, *required: str, optional: Collection[str] = ()) -> KindRule:
    return KindRule(meaning, frozenset(required), frozenset(optional))


FAULT_KINDS: Mapping[FaultKind, KindRule] = MappingProxyType(
    {
        FaultKind.CODE: _rule("HTTP 200 with this code", "code", optional=("message", "applied")),
        FaultKind.HTTP_STATUS: _rule("this HTTP status with an HTML page", "status", optional=("applied",)),
        FaultKind.HANG: _rule("silence for so long, then the end", "seconds", optional=("applied",)),
        FaultKind.LATENCY: _rule("the right answer, so much later", "seconds"),
        FaultKind.SLOW_DRIP: _rule("the right answer, byte by byte over so long", "seconds"),
        FaultKind.RESET_BEFORE: _rule("a connection reset; a write is not applied"),
        FaultKind.RESET_AFTER: _rule("a connection reset; a write is applied"),
        FaultKind.SHORT_BODY: _rule("the connection closes in the middle of the body"),
        FaultKind.TRUNCATED_JSON: _rule("a whole HTTP answer whose JSON stops in the middle"),
        FaultKind.NON_JSON: _rule("HTTP 200 with an HTML page"),
        FaultKind.WRONG_TOP_LEVEL: _rule("the envelope inside a list"),
        FaultKind.DATA_NULL: _rule("data is null"),
        FaultKind.MISSING_KEY: _rule("this key is left out of data and everything in it", "key"),
        FaultKind.WRONG_TYPE: _rule(
            "this key of data, everywhere in it, is a text or value", "key", optional=("value",)
        ),
        FaultKind.HUGE_LIST: _rule("the rows of the answer, repeated so often", "repeat"),
        FaultKind.DUPLICATE_PAGES: _rule("every page has the rows of the first"),
        FaultKind.CHANGING_TOTALS: _rule("page_info's totals move by step on every answer", optional=("step",)),
        FaultKind.CURSOR: _rule("cursor and has_more instead of page_info"),
    }
)


class FaultError(ValueError):
    """A fault that makes no sense; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: where it strikes (path, token, advertiser), when (skip, times) and what it does.

    `path` is an endpoint such as "identity/get/", or "*" for all. `skip` lets the first matching requests
    through, `times` None means always. `applied` says that the endpoint does its work all the same: a write
    whose answer is lost. The other fields belong to single kinds: see FAULT_KINDS.
    """

    path: str
    kind: FaultKind
    token: str | None = field(default=None, repr=False)
    advertiser_id: str | None = None
    skip: int = 0
    times: int | None = None
    code: int | None = None
    message: str | None = None
    status: int | None = None
    seconds: float | None = None
    key: str | None = None
    value: Any = "unexpected"
    repeat: int | None = None
    step: int = 1
    applied: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense, rather than be a fault that never strikes."""
        if not isinstance(self.kind, str) or self.kind not in FAULT_KINDS:
            raise FaultError(f"kind must be one of {', '.join(FAULT_KINDS)}, not {self.kind!r}")
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if self.path != "*" and self.path not in ENDPOINTS:
            raise FaultError(f"path must be * or one of {', '.join(ENDPOINTS)}, not {self.path!r}")
        for name in ("token", "advertiser_id", "message", "key"):
            if not isinstance(getattr(self, name), str | None):
                raise FaultError(f"{name} must be a text")
        if not isinstance(self.applied, bool):
            raise FaultError(f"applied must be true or false, not {self.applied!r}")
        for name, bounds in _NUMBERS.items():
            _expect_number(name, getattr(self, name), bounds)
        self._expect_own_parameters()

    def _expect_own_parameters(self) -> None:
        rule = FAULT_KINDS[self.kind]
        given = self._given() & _KIND_PARAMETERS
        if missing := rule.required - given:
            raise FaultError(f"a {self.kind} fault needs {', '.join(sorted(missing))}")
        if unwanted := given - rule.required - rule.optional:
            raise FaultError(f"a {self.kind} fault takes no {', '.join(sorted(unwanted))}")

    def _given(self) -> set[str]:
        return {item.name for item in fields(self) if getattr(self, item.name) != item.default}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Fault":
        """The fault that a JSON object describes."""
        names = [item.name for item in fields(cls)]
        if unknown := set(values) - set(names):
            raise FaultError(f"unknown {', '.join(sorted(unknown))}; a fault has {', '.join(names)}")
        if missing := {"path", "kind"} - set(values):
            raise FaultError(f"a fault needs {', '.join(sorted(missing))}")
        return cls(**values)

    def to_json(self) -> JsonObject:
        """The fault as JSON, its token as a fingerprint."""
        values = {name: getattr(self, name) for name in sorted(self._given())}
        return values | ({"token": fingerprint(self.token)} if self.token is not None else {})

    def strikes(self, path: str, token: str | None, advertiser_ids: Collection[str]) -> bool:
        """Whether a request is one this fault is meant for."""
        return (
            self.path in {"*", path}
            and self.token in {None, token}
            and (self.advertiser_id is None or self.advertiser_id in advertiser_ids)
        )

    @property
    def work_is_done(self) -> bool:
        """Whether the endpoint does its work although its caller may never hear of it."""
        if self.kind in {FaultKind.CODE, FaultKind.HTTP_STATUS, FaultKind.HANG}:
            return self.applied
        return self.kind is not FaultKind.RESET_BEFORE


_KIND_PARAMETERS = frozenset[str]().union(*(rule.required | rule.optional for rule in FAULT_KINDS.values()))
_NUMBERS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "skip": (0, 1_000_000),
        "times": (1, 1_000_000),
        "code": (1, 999_999),
        "status": (400, 599),
        "seconds": (0, 600),
        "repeat": (1, 1_000_000),
        "step": (-1_000_000, 1_000_000),
    }
)
_NEVER_NULL = frozenset({"skip", "step"})


def _expect_number(name: str, value: object, bounds: tuple[float, float]) -> None:
    if value is None and name not in _NEVER_NULL:
        return
    kinds = int | float if name == "seconds" else int
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise FaultError(f"{name} must be a number, not {value!r}")
    if not bounds[0] <= value <= bounds[1]:
        raise FaultError(f"{name} must be from {bounds[0]} to {bounds[1]}, not {value!r}")


@dataclass
class _Counted:
    fault: Fault
    matched: int = 0
    struck: int = 0


class Faults:
    """The faults that are switched on. The first that strikes wins; one that skips lets the others by."""

    def __init__(self) -> None:
        self._entries: list[_Counted] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on, behind those that are on already."""
        with self._lock:
            self._entries.append(_Counted(fault))
        return fault

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._entries.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter([entry.fault for entry in self._entries])

    def __len__(self) -> int:
        return len(self._entries)

    def next_for(self, path: str, token: str | None, advertiser_ids: Collection[str]) -> tuple[Fault, int] | None:
        """The fault that strikes this request and how often it has struck, this time included."""
        with self._lock:
            for entry in self._entries:
                fault = entry.fault
                if not fault.strikes(path, token, advertiser_ids) or entry.struck == fault.times:
                    continue
                entry.matched += 1
                if entry.matched > fault.skip:
                    entry.struck += 1
                    return fault, entry.struck
        return None

"""Simulated faults: the one table of their kinds, a fault, the active faults, and how they change a response."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from local.tiktok_simulator.endpoints import ENDPOINTS
from local.tiktok_simulator.http_messages import JsonObject
from local.tiktok_simulator.journal import fingerprint


class FaultKind(StrEnum):
    """The kinds of failure between TikTok and its client."""

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
    """What a kind of fault does, and its parameters."""

    meaning: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


def _rule(meaning: str, *required: str, optional: Collection[str] = ()) -> KindRule:
    return KindRule(meaning, frozenset(required), frozenset(optional))


FAULT_KINDS: Mapping[FaultKind, KindRule] = MappingProxyType(
    {
        FaultKind.CODE: _rule("HTTP 200 with this code", "code", optional=("message", "applied")),
        FaultKind.HTTP_STATUS: _rule("this HTTP status with an HTML page", "status", optional=("applied",)),
        FaultKind.HANG: _rule(
            "no response for this many seconds, then the connection closes", "seconds", optional=("applied",)
        ),
        FaultKind.LATENCY: _rule("the correct response, this many seconds later", "seconds"),
        FaultKind.SLOW_DRIP: _rule("the correct response, in small pieces over this many seconds", "seconds"),
        FaultKind.RESET_BEFORE: _rule("a connection reset; a write is not applied"),
        FaultKind.RESET_AFTER: _rule("a connection reset; a write is applied"),
        FaultKind.SHORT_BODY: _rule("the connection closes in the middle of the body"),
        FaultKind.TRUNCATED_JSON: _rule("a complete HTTP response whose JSON stops in the middle"),
        FaultKind.NON_JSON: _rule("HTTP 200 with an HTML page"),
        FaultKind.WRONG_TOP_LEVEL: _rule("the envelope inside a list"),
        FaultKind.DATA_NULL: _rule("data is null"),
        FaultKind.MISSING_KEY: _rule("this key is missing from data, at every depth", "key"),
        FaultKind.WRONG_TYPE: _rule(
            "this key has the given value, or a text, in data at every depth", "key", optional=("value",)
        ),
        FaultKind.HUGE_LIST: _rule("the rows of the response, repeated this many times", "repeat"),
        FaultKind.DUPLICATE_PAGES: _rule("every page has the rows of the first"),
        FaultKind.CHANGING_TOTALS: _rule("page_info's totals change by step with every response", optional=("step",)),
        FaultKind.CURSOR: _rule("cursor and has_more instead of page_info"),
    }
)
_KIND_PARAMETERS = frozenset[str]().union(*(rule.required | rule.optional for rule in FAULT_KINDS.values()))
_MANY = 1_000_000


class Fault(BaseModel):
    """One simulated fault: which requests it affects (path, token, advertiser), when (skip, times), and its effect.

    `path` is an endpoint such as "identity/get/", or "*" for all. The first `skip` matching requests are unaffected;
    `times` None means no limit. `applied` true: the endpoint still does its work, so a write happens but its response
    is lost. The other fields belong to single kinds: see FAULT_KINDS.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)

    path: str
    kind: FaultKind = Field(strict=False)
    token: str | None = Field(default=None, repr=False)
    advertiser_id: str | None = None
    skip: int = Field(default=0, ge=0, le=_MANY)
    times: int | None = Field(default=None, ge=1, le=_MANY)
    code: int | None = Field(default=None, ge=1, le=999_999)
    message: str | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    seconds: float | None = Field(default=None, ge=0, le=600)
    key: str | None = None
    value: JsonValue = "unexpected"
    repeat: int | None = Field(default=None, ge=1, le=_MANY)
    step: int = Field(default=1, ge=-_MANY, le=_MANY)
    applied: bool = False

    @field_validator("path")
    @classmethod
    def _check_path(cls, path: str) -> str:
        if path != "*" and path not in ENDPOINTS:
            raise ValueError(f"not an endpoint; use * or one of {', '.join(ENDPOINTS)}")
        return path

    @model_validator(mode="after")
    def _check_parameters_of_kind(self) -> Self:
        rule = FAULT_KINDS[self.kind]
        given = set(self.model_dump(exclude_defaults=True)) & _KIND_PARAMETERS
        if missing := rule.required - given:
            raise ValueError(f"a {self.kind} fault needs {', '.join(sorted(missing))}")
        if unwanted := given - rule.required - rule.optional:
            raise ValueError(f"a {self.kind} fault takes no {', '.join(sorted(unwanted))}")
        return self

    def to_json(self) -> JsonObject:
        """The fault as JSON without default values, its token as a fingerprint."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return values | ({"token": fingerprint(self.token)} if self.token is not None else {})

    def matches(self, path: str, token: str | None, advertiser_ids: Collection[str]) -> bool:
        """Whether a request is one of those that this fault affects."""
        return (
            self.path in {"*", path}
            and self.token in {None, token}
            and (self.advertiser_id is None or self.advertiser_id in advertiser_ids)
        )

    @property
    def work_is_done(self) -> bool:
        """Whether the endpoint does its work although the client may never receive the response."""
        if self.kind in {FaultKind.CODE, FaultKind.HTTP_STATUS, FaultKind.HANG}:
            return self.applied
        return self.kind is not FaultKind.RESET_BEFORE


@dataclass
class _ActiveFault:
    fault: Fault
    matched: int = 0
    used: int = 0


class Faults:
    """The active faults. The first that matches a request is used; while it skips, the next ones may be used."""

    def __init__(self) -> None:
        self._entries: list[_ActiveFault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Activate a fault, after those that are active already."""
        with self._lock:
            self._entries.append(_ActiveFault(fault))
        return fault

    def clear(self) -> None:
        """Deactivate every fault."""
        with self._lock:
            self._entries.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter([entry.fault for entry in self._entries])

    def __len__(self) -> int:
        return len(self._entries)

    def next_for(self, path: str, token: str | None, advertiser_ids: Collection[str]) -> tuple[Fault, int] | None:
        """The fault for this request and how many requests it has affected, this one included; None without a fault."""
        with self._lock:
            for entry in self._entries:
                if not entry.fault.matches(path, token, advertiser_ids) or entry.used == entry.fault.times:
                    continue
                entry.matched += 1
                if entry.matched > entry.fault.skip:
                    entry.used += 1
                    return entry.fault, entry.used
        return None


def changed_query(query: Mapping[str, str], fault: Fault) -> Mapping[str, str]:
    """The query that the endpoint receives; some kinds of fault change the requested page."""
    if fault.kind is FaultKind.DUPLICATE_PAGES:
        return {**query, "page": "1"}
    if fault.kind is FaultKind.CURSOR and "cursor" in query:
        return {**query, "page": query["cursor"]}
    return query


def changed_envelope(envelope: JsonObject, fault: Fault, used: int) -> JsonValue:
    """What is sent instead of this envelope; `used` counts the requests that the fault has affected."""
    change = _CHANGES.get(fault.kind)
    return envelope if change is None else change(envelope, fault, used)


def _wrong_top_level(envelope: JsonObject, _fault: Fault, _used: int) -> JsonValue:
    return [envelope]


def _data_null(envelope: JsonObject, _fault: Fault, _used: int) -> JsonObject:
    return {**envelope, "data": None}


def _missing_key(envelope: JsonObject, fault: Fault, _used: int) -> JsonObject:
    return {**envelope, "data": _without(envelope["data"], fault.key)}


def _wrong_type(envelope: JsonObject, fault: Fault, _used: int) -> JsonObject:
    return {**envelope, "data": _replacing(envelope["data"], fault.key, fault.value)}


def _huge_list(envelope: JsonObject, fault: Fault, _used: int) -> JsonObject:
    data = envelope["data"]
    repeat = fault.repeat or 1
    grown = {key: value * repeat if isinstance(value, list) else value for key, value in data.items()}
    return {**envelope, "data": grown}


def _changing_totals(envelope: JsonObject, fault: Fault, used: int) -> JsonObject:
    data = envelope["data"]
    if "page_info" not in data:
        return envelope
    info = dict(data["page_info"])
    for name in ("total_number", "total_page"):
        info[name] = max(0, info[name] + used * fault.step)
    return {**envelope, "data": {**data, "page_info": info}}


def _cursor(envelope: JsonObject, _fault: Fault, _used: int) -> JsonObject:
    data = dict(envelope["data"])
    info = data.pop("page_info", None)
    if info is None:
        return envelope
    rows = next(value for value in data.values() if isinstance(value, list))
    # An untyped identity list has no total; there a full page means that more may follow.
    more = info["page"] < info["total_page"] or (info["total_page"] == 0 and len(rows) == info["page_size"])
    return {**envelope, "data": {**data, "cursor": str(info["page"] + 1), "has_more": more}}


_CHANGES: Mapping[FaultKind, Callable[[JsonObject, Fault, int], JsonValue]] = MappingProxyType(
    {
        FaultKind.WRONG_TOP_LEVEL: _wrong_top_level,
        FaultKind.DATA_NULL: _data_null,
        FaultKind.MISSING_KEY: _missing_key,
        FaultKind.WRONG_TYPE: _wrong_type,
        FaultKind.HUGE_LIST: _huge_list,
        FaultKind.CHANGING_TOTALS: _changing_totals,
        FaultKind.CURSOR: _cursor,
    }
)


def _without(node: JsonValue, key: str | None) -> JsonValue:
    if isinstance(node, list):
        return [_without(item, key) for item in node]
    if isinstance(node, dict):
        return {name: _without(value, key) for name, value in node.items() if name != key}
    return node


def _replacing(node: JsonValue, key: str | None, value: JsonValue) -> JsonValue:
    if isinstance(node, list):
        return [_replacing(item, key, value) for item in node]
    if isinstance(node, dict):
        return {name: value if name == key else _replacing(item, key, value) for name, item in node.items()}
    return node

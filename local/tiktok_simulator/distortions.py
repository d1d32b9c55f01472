"""The faults that change what an answer says: an envelope goes in, what is sent instead comes out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from local.tiktok_simulator.answers import JsonObject
from local.tiktok_simulator.faults import Fault, FaultKind

Distortion = Callable[[JsonObject, Fault, int], object]


def asked_instead(query: Mapping[str, str], fault: Fault) -> dict[str, str]:
    """The query that the endpoint gets: some faults are about which page is answered."""
    if fault.kind is FaultKind.DUPLICATE_PAGES:
        return {**query, "page": "1"}
    if fault.kind is FaultKind.CURSOR and "cursor" in query:
        return {**query, "page": query["cursor"]}
    return dict(query)


def distorted(envelope: JsonObject, fault: Fault, struck: int) -> object:
    """What is sent instead of this envelope; `struck` counts how often the fault has struck."""
    distortion = _DISTORTIONS.get(fault.kind)
    return envelope if distortion is None else distortion(envelope, fault, struck)


def _wrong_top_level(envelope: JsonObject, _fault: Fault, _struck: int) -> object:
    return [envelope]


def _data_null(envelope: JsonObject, _fault: Fault, _struck: int) -> object:
    return {**envelope, "data": None}


def _missing_key(envelope: JsonObject, fault: Fault, _struck: int) -> object:
    return {**envelope, "data": _without(envelope["data"], fault.key)}


def _wrong_type(envelope: JsonObject, fault: Fault, _struck: int) -> object:
    return {**envelope, "data": _replacing(envelope["data"], fault.key, fault.value)}


def _huge_list(envelope: JsonObject, fault: Fault, _struck: int) -> object:
    data = envelope["data"]
    repeat = fault.repeat or 1
    grown = {key: value * repeat if isinstance(value, list) else value for key, value in data.items()}
    return {**envelope, "data": grown}


def _changing_totals(envelope: JsonObject, fault: Fault, struck: int) -> object:
    data = envelope["data"]
    if "page_info" not in data:
        return envelope
    info = dict(data["page_info"])
    for name in ("total_number", "total_page"):
        info[name] = max(0, info[name] + struck * fault.step)
    return {**envelope, "data": {**data, "page_info": info}}


def _cursor(envelope: JsonObject, _fault: Fault, _struck: int) -> object:
    data = dict(envelope["data"])
    info = data.pop("page_info", None)
    if info is None:
        return envelope
    rows = next(value for value in data.values() if isinstance(value, list))
    # Of an untyped identity list the total is unknown; there a full page is all the hint there is.
    more = info["page"] < info["total_page"] or (info["total_page"] == 0 and len(rows) == info["page_size"])
    return {**envelope, "data": {**data, "cursor": str(info["page"] + 1), "has_more": more}}


_DISTORTIONS: Mapping[FaultKind, Distortion] = MappingProxyType(
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


def _without(node: object, key: str | None) -> object:
    if isinstance(node, list):
        return [_without(item, key) for item in node]
    if isinstance(node, dict):
        return {name: _without(value, key) for name, value in node.items() if name != key}
    return node


def _replacing(node: object, key: str | None, value: object) -> object:
    if isinstance(node, list):
        return [_replacing(item, key, value) for item in node]
    if isinstance(node, dict):
        return {name: value if name == key else _replacing(item, key, value) for name, item in node.items()}
    return node

"""Compares observed answers with the models and definitions of `tiktok_business`."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tiktok_business.errors import ScopeMissingError
from tiktok_business.return_codes import RETURN_CODES
from tools.verify_tiktok.observe import Exchange, Observation

_CODES_OF_A_RANGE = 1_000
"""A row of the return codes with more codes than this is a guess by the first digit."""
_VALUE = re.compile(r"[A-Z][A-Z0-9_]{2,40}")
_TYPES: Mapping[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


@dataclass(frozen=True)
class Finding:
    """One result. `surprise` is true if TikTok differs from what this code relies on; None: nothing could be learnt."""

    subject: str
    text: str
    surprise: bool | None


def compare(observations: Sequence[Observation]) -> list[Finding]:
    """Every agreement and surprise of all observations, and notes on the endpoints; each once."""
    found = [finding for one in observations for finding in _findings(one)]
    rows: dict[tuple[str, type[BaseModel]], list[Any]] = defaultdict(list)
    for one in observations:
        if one.shape is not None and one.expected is None:
            rows[one.endpoint, one.shape.model] += _all_rows(one)
    notes = (Finding(endpoint, text, None) for (endpoint, model), some in rows.items() for text in _notes(model, some))
    return list(dict.fromkeys((*found, *notes)))


def _findings(one: Observation) -> Iterator[Finding]:
    subject = f"{one.endpoint or '(nothing asked)'} {one.name}"
    texts = _refusal(one) if one.expected is not None else _read(one)
    # An expected refusal may have any code of its kind.
    faults = ((text, True) for text in (_envelope_faults(one) if one.outcome not in (one.expected or ()) else ()))
    return (Finding(subject, text, surprise) for text, surprise in chain(faults, texts))


def _refusal(one: Observation) -> Iterator[tuple[str, bool | None]]:
    if isinstance(one.error, ScopeMissingError):
        yield "the token lacks the permission: grant it to learn more", None
        return
    fits = one.outcome in (one.expected or ())
    yield f"answers {_outcome(one)}" + ("" if fits else f", not {_listed(one.expected or ())}"), not fits


def _read(one: Observation) -> Iterator[tuple[str, bool | None]]:
    if isinstance(one.error, ScopeMissingError):
        yield "the token lacks the permission: grant it to learn more", None
        return
    if one.error is not None:
        yield _outcome(one), True
    rows = _all_rows(one)
    faults = list(_paging_faults(one, rows))
    if one.shape is not None and rows:
        faults += _row_faults(one.shape.model, _fields(one), rows)
    yield from ((text, True) for text in faults)
    if one.error is None and not rows:
        yield "no rows: use an ad account that has some", None
    elif one.error is None and not faults:
        yield f"{len(rows)} rows with {', '.join(_fields(one))}", False


def _envelope_faults(one: Observation) -> Iterator[str]:
    for exchange in one.exchanges:
        if exchange.code is None:
            yield f"HTTP {exchange.status} without TikTok's envelope"
        elif exchange.status != HTTPStatus.OK:
            yield f"code {exchange.code} comes with HTTP {exchange.status}, not 200"
        elif not any(row.first <= exchange.code <= row.last and _is_exact(row) for row in RETURN_CODES):
            yield f"code {exchange.code} is in no row of return_codes.py of its own: {exchange.answer.get('message')}"


def _is_exact(row: Any) -> bool:
    return bool(row.last - row.first < _CODES_OF_A_RANGE)


def _all_rows(one: Observation) -> list[Any]:
    return [row for exchange in one.exchanges for row in _rows(one, exchange)]


def _rows(one: Observation, exchange: Exchange) -> list[Any]:
    if exchange.code != 0 or one.shape is None:
        return []
    if not one.shape.keys:
        return [exchange.data]
    return next((exchange.data[key] for key in one.shape.keys if isinstance(exchange.data.get(key), list)), [])


def _fields(one: Observation) -> list[str]:
    """The fields that the model declares and, where a request names its fields, that the request asks for."""
    declared = list(one.shape.model.model_fields) if one.shape else []
    asked = one.exchanges[0].params.get("fields") if one.exchanges else None
    return [name for name in declared if asked is None or name in asked]


def _paging_faults(one: Observation, rows: Sequence[Any]) -> Iterator[str]:
    if one.shape is None or one.shape.page_size is None or one.error is not None:
        return
    for exchange in one.exchanges:
        info = exchange.data.get("page_info")
        if not isinstance(info, dict):
            yield "has no page_info"
            continue
        for name in ("page", "page_size", "total_number", "total_page"):
            if type(info.get(name)) is not int:
                yield f"page_info.{name} is {_type(info.get(name))}, not a number"
        asked = exchange.params.get("page_size")
        if isinstance(info.get("page_size"), int) and info["page_size"] != asked:
            yield f"the page size is {info['page_size']}, although {asked} was asked for"
        # Without a type TikTok's counts are not to be relied on (DOC:1740218420781057).
        reliable = exchange.endpoint != "identity/get/" or "identity_type" in exchange.params
        total = info.get("total_number")
        if reliable and one.complete and type(total) is int and total != len(rows):
            yield f"{len(rows)} rows came, but total_number is {total}"


def _row_faults(model: type[BaseModel], fields: Sequence[str], rows: Sequence[Any], path: str = "") -> Iterator[str]:
    unreadable: dict[str, int] = defaultdict(int)
    for row in rows:
        for place in _unreadable(model, row):
            unreadable[place] += 1
    for place, count in unreadable.items():
        yield f"{count} of {len(rows)} rows are unreadable: {path}{place}"
    objects = [row for row in rows if isinstance(row, dict)]
    for name in fields:
        values = [row[name] for row in objects if name in row]
        if objects and not values:
            yield f"{path}{name} is in no row"
        nested = _nested(model, name)
        inner = [value for value in values if isinstance(value, dict)]
        if nested and inner:
            yield from _row_faults(nested, list(nested.model_fields), inner, f"{path}{name}.")
        for kind in sorted({kind for row in objects for kind in _lost(model, name, row)}):
            yield f"{path}{name} is {kind}, and is read as nothing"


def _unreadable(model: type[BaseModel], row: Any) -> Iterator[str]:
    try:
        model.model_validate(row)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            place = ".".join(map(str, one["loc"])) or "the row"
            yield f"{place} is {'absent' if one['type'] == 'missing' else _type(one['input'])}"


def _lost(model: type[BaseModel], name: str, row: Mapping[str, Any]) -> Iterator[str]:
    """The type of a row's field that the model reads as None, although it says something."""
    try:
        read = getattr(model.model_validate(row), name)
    except ValidationError:
        return  # reported as unreadable
    if read is None and row.get(name) not in (None, ""):
        yield _type(row[name])


def _nested(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    annotation = model.model_fields[name].annotation
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _notes(model: type[BaseModel], rows: Sequence[Any]) -> Iterator[str]:
    """What else came: the values of fields that hold words, fields that are always null, and further fields."""
    objects = [row for row in rows if isinstance(row, dict)]
    for name in model.model_fields:
        values = [row[name] for row in objects if name in row]
        words = sorted({value for value in values if isinstance(value, str) and _VALUE.fullmatch(value)})
        if words and "name" not in name:
            yield f"{name}: {', '.join(words)}"
        if values and all(value is None for value in values):
            yield f"{name} is null in every row"
    further = sorted({str(name) for row in objects for name in row} - set(model.model_fields))
    if further:
        yield f"further fields: {', '.join(further)}"


def _outcome(one: Observation) -> str:
    if one.error is None:
        return f"{one.outcome} rows"
    return f"{one.outcome} ({one.error.code}: {one.error.message})"


def _listed(expected: Sequence[int | str]) -> str:
    return " or ".join(str(one) if isinstance(one, str) else f"{one} rows" for one in expected)


def _type(value: Any) -> str:
    return _TYPES.get(type(value), type(value).__name__)

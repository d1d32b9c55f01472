"""The problem table as schemas, examples and responses."""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Any

from publishing.http.problems import (
    CONTENT_TYPE,
    PROBLEMS,
    TYPE_PREFIX,
    Problem,
    invalid,
    problem_of_tiktok_error,
    rejection,
)
from publishing.identities.avatars import MAX_DECODED_PIXELS, Size, check_avatar, check_decodable
from publishing.preflight.objectives import OBJECTIVES
from tiktok_business.errors import RateLimitedError, RequestRejectedError, ScopeMissingError
from tools.openapi.schemas import Schema, ref

REQUEST_ID = "550a2429-7890-4bc3-adbd-07eef3478639"


def _raised(check: Callable[[Size], None], size: Size) -> Problem:
    """Return the problem that a check raises for a picture of this size."""
    try:
        check(size)
    except Problem as problem:
        return problem
    raise ValueError(f"{size} is not rejected")


_EXAMPLES: Mapping[str, Problem] = MappingProxyType(
    {
        "invalid_request": invalid("advertiser_id", "must be TikTok's id: 1 to 20 digits"),
        "unauthorized": Problem("unauthorized", headers={"WWW-Authenticate": "Bearer"}),
        "unknown_objective": Problem("unknown_objective", accepted=list(OBJECTIVES)),
        "missing_scope": problem_of_tiktok_error(ScopeMissingError("identity/get/")),
        "tiktok_rejected": rejection(
            RequestRejectedError(
                "identity/create/",
                "Avatar's width & height is not equal.",
                code=40002,
                request_id="202611221700000101890740351A2B3C4D",
            )
        ),
        "tiktok_rate_limited": problem_of_tiktok_error(RateLimitedError("identity/get/")),
        "image_not_square": _raised(check_avatar, Size(1200, 628)),
        "image_unusable": _raised(check_decodable, Size(8000, 6000)),
    }
)
"""Examples of problems with further members or headers."""

_TEXT: Schema = {"type": "string"}
_SIZE: Schema = {
    "type": "object",
    "properties": {side: {"type": "integer", "minimum": 1} for side in Size._fields},
    "required": [*Size._fields],
    "additionalProperties": False,
}
_MEMBERS: Mapping[str, Schema] = MappingProxyType(
    {
        "errors": {
            "description": "What is wrong, by field; absent if API Gateway rejected the request.",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"field": _TEXT, "message": _TEXT},
                "required": ["field", "message"],
                "additionalProperties": False,
            },
        },
        "accepted": {
            "description": "The known objectives.",
            "type": "array",
            "items": {"type": "string", "enum": [*OBJECTIVES]},
        },
        "tiktok": {
            "description": "TikTok's error.",
            "type": "object",
            "properties": {
                "code": {"type": ["integer", "null"]},
                "message": _TEXT,
                "request_id": {"type": ["string", "null"]},
            },
            "required": ["code", "message", "request_id"],
            "additionalProperties": False,
        },
        "image": {"description": "The actual size, in pixels.", **_SIZE},
        "needed": {"description": "The size of the largest square that fits, in pixels.", **_SIZE},
        "max_pixels": {
            "description": "The maximum number of pixels.",
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_DECODED_PIXELS,
        },
    }
)
_OPTIONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {"invalid_request": frozenset({"errors"}), "image_unusable": frozenset({"image", "max_pixels"})}
)
"""Members that may be absent."""
_HEADERS: Mapping[str, Schema] = MappingProxyType(
    {
        "Retry-After": {
            "description": "Seconds after which to retry the request.",
            "schema": {"type": "integer", "minimum": 1},
        },
        "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"const": "Bearer"}},
    }
)


def schema_name(code: str) -> str:
    """Return the name of a problem's component schema."""
    return "".join(word.title() for word in code.split("_")) + "Problem"


def problem_schemas() -> dict[str, Schema]:
    """Return one schema for each row of the problem table."""
    return {schema_name(code): _schema(code) for code in PROBLEMS}


def problem_examples() -> dict[str, Schema]:
    """Return one example for each row, built like the API's responses."""
    return {code: {"summary": kind.title, "value": _example(code).body(REQUEST_ID)} for code, kind in PROBLEMS.items()}


def problem_responses(codes: Iterable[str]) -> dict[str, Schema]:
    """Return the responses with these codes, by status."""
    by_status = sorted(codes, key=lambda code: (PROBLEMS[code].status, list(PROBLEMS).index(code)))
    return {
        str(int(status)): _response(list(group))
        for status, group in groupby(by_status, key=lambda code: PROBLEMS[code].status)
    }


def component_responses() -> dict[str, Schema]:
    """Return the response with each single code."""
    return {code: _full_response([code]) for code in PROBLEMS}


def _response(codes: list[str]) -> Schema:
    """Return the response with one of these codes, which have the same status."""
    return _full_response(codes) if len(codes) > 1 else {"$ref": f"#/components/responses/{codes[0]}"}


def _full_response(codes: list[str]) -> Schema:
    names = [set(_example(code).headers) for code in codes]
    headers = {name: {**_HEADERS[name], "required": all(name in one for one in names)} for name in set().union(*names)}
    return {
        "description": "\n\n".join(f"`{code}`: {PROBLEMS[code].detail}" for code in codes),
        **({"headers": dict(sorted(headers.items()))} if headers else {}),
        "content": {
            CONTENT_TYPE: {
                "schema": _one_of(codes),
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _one_of(codes: list[str]) -> Schema:
    refs = {code: ref(schema_name(code)) for code in codes}
    if len(refs) == 1:
        return refs[codes[0]]
    mapping = {code: one["$ref"] for code, one in refs.items()}
    return {"oneOf": [*refs.values()], "discriminator": {"propertyName": "code", "mapping": mapping}}


def _schema(code: str) -> Schema:
    kind = PROBLEMS[code]
    example = _example(code)
    properties: dict[str, Any] = {
        "type": {"const": TYPE_PREFIX + code},
        "title": _TEXT,
        "status": {"const": int(kind.status)},
        "detail": {**_TEXT, "description": "What is wrong, and what to do."},
        "code": {"const": code},
        "request_id": {**_TEXT, "description": "Report this id if the problem persists."},
        **{name: _MEMBERS[name] for name in example.members},
    }
    return {
        "description": kind.detail,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in _OPTIONAL.get(code, frozenset())],
        "additionalProperties": False,
    }


def _example(code: str) -> Problem:
    return _EXAMPLES.get(code) or Problem(code)

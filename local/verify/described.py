"""docs/openapi.yaml as a judge of responses."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests
import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from local.ministack.deployment import API
from local.paths import OPENAPI

_CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True)
class Route:
    """An operation of the document. `path` is below the API's root, `secured` whether it needs a bearer token."""

    method: str
    path: str
    secured: bool
    required: tuple[str, ...]
    """The query parameters that it requires."""


def routes() -> list[Route]:
    """Every operation of the document."""
    return list(_routes())


def _routes() -> Iterator[Route]:
    raw = _schema().raw_schema
    for path, operations in raw["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", ())
            required = tuple(one["name"] for one in parameters if one["in"] == "query" and one.get("required"))
            secured = operation.get("security", raw["security"]) != []
            yield Route(method.upper(), path.removeprefix(API), secured, required)


def assert_described(method: str, path: str, response: requests.Response) -> None:
    """Check that status, content type, headers and body are among those that the document gives the operation.

    `path` is below the API's root and may have a query. A path that is not in the document is not checked.

    Raises:
        FailureGroup: the response is not described; its text holds parts of the response.
    """
    operation = _schema().find_operation_by_path(method, API + path.partition("?")[0])
    if operation is not None:
        named: dict[str, Any] = {
            one["name"]: "x" for one in operation.definition.raw.get("parameters", ()) if one["in"] == "path"
        }
        operation.Case(path_parameters=named).validate_response(response, checks=_CHECKS)


def undescribed(method: str, path: str, response: requests.Response) -> str | None:
    """What of the response is not described, in one line; None if all of it is."""
    try:
        assert_described(method, path, response)
    except FailureGroup as failures:
        return "; ".join(sorted({one.title for one in failures.exceptions}))
    return None


@cache
def _schema() -> OpenApiSchema:
    return schemathesis.openapi.from_path(OPENAPI)

"""docs/openapi.yaml as a judge of answers."""

from functools import cache

import requests
import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from local.paths import OPENAPI

ROOT = "/api/v1/tiktok"
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@cache
def _schema() -> OpenApiSchema:
    return schemathesis.openapi.from_path(OPENAPI)


def assert_described(method: str, path: str, answer: requests.Response) -> None:
    """Status, content type, headers and body are among those that the document gives the operation, if it has it."""
    operation = _schema().find_operation_by_path(method, ROOT + path.partition("?")[0])
    if operation is not None:
        named = {one["name"]: "x" for one in operation.definition.raw.get("parameters", ()) if one["in"] == "path"}
        operation.Case(path_parameters=named).validate_response(answer, checks=CHECKS)

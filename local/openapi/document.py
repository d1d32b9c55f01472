"""The OpenAPI document, put together."""

import tomllib
from collections.abc import Mapping
from typing import Any

import yaml

from local.openapi.examples import READY, Example
from local.openapi.operations import OPERATIONS, Operation
from local.openapi.problems import component_responses, problem_examples, problem_responses, problem_schemas
from local.openapi.schemas import Schema, component_schemas, prose, ref
from local.paths import ROOT
from publishing.endpoint import MAX_BODY_BYTES
from publishing.inputs import MAX_IDEMPOTENCY_KEY
from publishing.problems import PROBLEMS

_HEADER = "# Made by `make openapi` from the models and tables of layers/shared/publishing. Do not edit.\n"

_DESCRIPTION = """\
Has this advertiser an identity, and everything else that the campaign's objective needs, before its TikTok ad is
published?

All ids are strings. Parameters and fields that an operation does not know are refused. User and team come from the
bearer token alone.

Every error is a problem of RFC 9457 with a stable `code`:

| status | code | what is wrong, and what to do |
|---|---|---|
"""

_EXAMPLE_VALUES = {"advertiser_id": READY, "objective": "TRAFFIC", "strict": False}


def openapi() -> dict[str, Any]:
    """The document as data."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    schemas = component_schemas([one.reads for one in OPERATIONS], [one.answers for one in OPERATIONS])
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    queries = {one.reads.__name__ for one in OPERATIONS if not one.writes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wevion TikTok publishing",
            "version": project["version"],
            "description": _DESCRIPTION + "\n".join(_row(code) for code in PROBLEMS) + "\n",
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        "servers": [
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/live",
                "description": "The stack's output ApiBaseUrl",
                "variables": {"api": {"default": "a1b2c3d4e5"}, "region": {"default": "eu-central-1"}},
            }
        ],
        "security": [{"bearer": []}],
        "tags": [
            {"name": "identities", "description": "Who an advertiser's ads can be published as"},
            {"name": "publish-check", "description": "What an ad still lacks before it can be published"},
            {"name": "readiness", "description": "What is known of the advertisers without asking TikTok"},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Signed with RS256 or ES256 by the configured issuer; claims `sub` and `team_id`.",
                }
            },
            "schemas": {
                **{name: schema for name, schema in schemas.items() if name not in queries},
                **problem_schemas(),
            },
            "examples": problem_examples(),
            "responses": component_responses(),
        },
    }


def written(document: dict[str, Any]) -> str:
    """The document as YAML."""
    return _HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Writes equal parts out instead of pointing from one to the other, and long texts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - overrides
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _row(code: str) -> str:
    kind = PROBLEMS[code]
    return f"| {int(kind.status)} | `{code}` | {kind.detail} |"


def _operation(operation: Operation, schemas: dict[str, Schema]) -> dict[str, Any]:
    answer = {
        "description": prose(operation.answers.__doc__),
        "content": {
            "application/json": {
                "schema": ref(operation.answers.__name__),
                "examples": _examples(operation.examples),
            }
        },
    }
    return {
        "operationId": operation.function,
        "tags": [operation.path.removeprefix("/api/v1/tiktok/").split("/")[0]],
        "summary": operation.summary,
        "description": operation.description,
        **(_request(operation) if operation.writes else _query(schemas[operation.reads.__name__])),
        "responses": {str(int(operation.success)): answer, **problem_responses(operation.problems)},
    }


def _query(schema: Schema) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "query",
            "description": of_field["description"],
            "required": name in schema.get("required", ()),
            "schema": _never_null({key: value for key, value in of_field.items() if key != "description"}),
            "example": _EXAMPLE_VALUES[name],
        }
        for name, of_field in schema.get("properties", {}).items()
    ]
    return {"parameters": parameters} if parameters else {}


def _never_null(schema: Schema) -> Schema:
    """A query parameter that is not given is absent, not null."""
    kind = schema["type"]
    return {**schema, "type": next(one for one in kind if one != "null") if isinstance(kind, list) else kind}


def _request(operation: Operation) -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Names the caller's intent: a request with the same key and body gets the first answer, one with another "
            "key is another identity."
        ),
        "required": False,
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_IDEMPOTENCY_KEY,
            "pattern": "^[ -~]*[!-~][ -~]*$",
        },
        "example": "3f0e7a52-8f0b-4a39-9d55-1c2f6f1c9a10",
    }
    body = {
        "description": f"At most {MAX_BODY_BYTES} bytes; read as JSON whatever its Content-Type says.",
        "required": True,
        "content": {
            "application/json": {"schema": ref(operation.reads.__name__), "examples": _examples(operation.sent)}
        },
    }
    return {"parameters": [key], "requestBody": body}


def _examples(examples: Mapping[str, Example]) -> dict[str, Any]:
    return {
        name: {"summary": example.summary, "value": example.value.model_dump(mode="json")}
        for name, example in examples.items()
    }

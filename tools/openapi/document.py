"""The OpenAPI document, put together."""

import tomllib
from collections.abc import Mapping
from typing import Any

import yaml

from local.paths import ROOT
from publishing.inputs import MAX_IDEMPOTENCY_KEY
from publishing.problems import PROBLEMS
from tools.openapi.connection_examples import AUTH_CODE, STATE
from tools.openapi.examples import READY, Example
from tools.openapi.operations import OPERATIONS, Operation
from tools.openapi.problems import component_responses, problem_examples, problem_responses, problem_schemas
from tools.openapi.schemas import Schema, component_schemas, prose, ref

_HEADER = "# Made by `make openapi` from the models and tables of layers/shared/publishing. Do not edit.\n"

_DESCRIPTION = """\
Has this advertiser an identity, and everything else that the campaign's objective needs, before its TikTok ad is
published?

The way there: `POST /connections` connects a person's TikTok, `GET /publish-check` says what is missing,
`POST /identity-images` and `POST /identities` mend the one thing that can be mended from here.

All ids are strings. Parameters and fields that an operation does not know are refused. User and team come from the
bearer token alone.

Every error is a problem of RFC 9457 with a stable `code`:

| status | code | what is wrong, and what to do |
|---|---|---|
"""

_EXAMPLE_VALUES = {
    "advertiser_id": READY,
    "objective": "TRAFFIC",
    "strict": False,
    "user_id": "u-buyer",
    "state": STATE,
    "auth_code": AUTH_CODE,
}


def openapi() -> dict[str, Any]:
    """The document as data."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    schemas = component_schemas(
        [one.reads for one in OPERATIONS], [one.answers for one in OPERATIONS if one.answers is not None]
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    bodies = {one.reads.__name__ for one in OPERATIONS if one.writes}
    parameters = {one.reads.__name__ for one in OPERATIONS} - bodies
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
            {"name": "connections", "description": "Whose TikTok is connected, and how it becomes so"},
            {"name": "identities", "description": "Who an advertiser's ads can be published as"},
            {"name": "identity-images", "description": "Pictures for custom identities"},
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
                **{name: schema for name, schema in schemas.items() if name not in parameters},
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
    return {
        "operationId": operation.function,
        "tags": [operation.path.removeprefix("/api/v1/tiktok/").split("/")[0]],
        "summary": operation.summary,
        "description": operation.description,
        **({} if operation.secured else {"security": []}),
        **(_request(operation) if operation.writes else _parameters(operation, schemas[operation.reads.__name__])),
        "responses": {str(int(operation.success)): _success(operation), **problem_responses(operation.problems)},
    }


def _success(operation: Operation) -> dict[str, Any]:
    if operation.answers is None:
        location = {"type": "string", "format": "uri"}
        headers = {"Location": {"description": "The wizard's page.", "required": True, "schema": location}}
        return {"description": "On to the wizard.", "headers": headers}
    return {
        "description": prose(operation.answers.__doc__),
        "content": {
            "application/json": {"schema": ref(operation.answers.__name__), "examples": _examples(operation.examples)}
        },
    }


def _parameters(operation: Operation, schema: Schema) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path" if operation.reads_path else "query",
            "description": of_field["description"],
            "required": name in schema.get("required", ()),
            "schema": _never_null({key: value for key, value in of_field.items() if key != "description"}),
            "example": _EXAMPLE_VALUES[name],
        }
        for name, of_field in schema.get("properties", {}).items()
    ]
    return {"parameters": parameters} if parameters else {}


def _never_null(schema: Schema) -> Schema:
    """A parameter that is not given is absent, not null."""
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
        "description": f"At most {operation.max_body_bytes} bytes; read as JSON whatever its Content-Type says.",
        "required": bool(operation.reads.model_fields),
        "content": {
            "application/json": {"schema": ref(operation.reads.__name__), "examples": _examples(operation.sent)}
        },
    }
    return {**({"parameters": [key]} if operation.takes_key else {}), "requestBody": body}


def _examples(examples: Mapping[str, Example]) -> dict[str, Any]:
    return {name: {"summary": example.summary, "value": example.json} for name, example in examples.items()}

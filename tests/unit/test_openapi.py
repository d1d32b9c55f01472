"""docs/openapi.yaml is generated from the code, valid and complete."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
import yaml

from local.paths import OPENAPI
from local.sam_template import RESOURCES
from publishing.connections.callback import CALLBACK_MESSAGES, CallbackErrorCode
from publishing.http.problems import CONTENT_TYPE, PROBLEMS
from tests.support.documentation import PAGES, blocks
from tools.openapi import openapi, written
from tools.openapi.operations import OPERATIONS, Operation

FUNCTIONS = Path(__file__).parents[2] / "functions"
DOCUMENT: dict[str, Any] = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))


def _operations() -> Iterator[dict[str, Any]]:
    return (operation for methods in DOCUMENT["paths"].values() for operation in methods.values())


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _responses(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((status, _resolved(response)) for status, response in operation["responses"].items())


def test_the_committed_document_is_the_generated_one() -> None:
    """The committed document is current; `make openapi` updates it."""
    assert OPENAPI.read_text(encoding="utf-8") == written(openapi())


def test_the_document_is_valid() -> None:
    """The document is valid OpenAPI 3.1 with unique operation ids."""
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    ids = [operation["operationId"] for operation in _operations()]
    assert len(ids) == len(set(ids)) > 0


def test_what_may_be_null_is_not_limited_to_other_values() -> None:
    """A schema whose type allows null also has null among its values, if it lists them."""

    def schemas(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            yield node
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from schemas(inner)

    nullable = [one for one in schemas(DOCUMENT) if isinstance(one.get("type"), list) and "null" in one["type"]]
    assert nullable
    assert [one for one in nullable if "const" in one or None not in one.get("enum", [None])] == []


def test_every_route_of_the_template_is_described() -> None:
    """Path, method and function of the operations are exactly those in template.yaml."""
    routes = {
        (event["Properties"]["Path"], event["Properties"]["Method"], resource["Properties"]["CodeUri"])
        for resource in RESOURCES.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    }
    described = {
        (path, method, f"functions/{operation['operationId']}")
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert described == routes


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.response], ids=lambda one: one.function)
def test_an_operation_has_its_functions_request_model(operation: Operation) -> None:
    """The request model of an operation is the one that app.py passes to its endpoint."""
    calls = ast.walk(ast.parse((FUNCTIONS / operation.function / "app.py").read_text(encoding="utf-8")))
    passed = {
        (call.func.id, model.id)
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id.endswith("_endpoint")
        for model in call.args[-1:]
        if isinstance(model, ast.Name)
    }
    endpoint = {"get": "query_endpoint", "post": "body_endpoint", "delete": "path_endpoint"}[operation.method]
    assert passed == {(endpoint, operation.reads.__name__)}


def test_the_callback_is_described() -> None:
    """The callback has no bearer token, responds with a redirect, and lists every code with its message."""
    (described,) = (one for one in _operations() if one.get("security") == [])
    assert described["operationId"] == "connection_callback"
    assert [(one["name"], one["in"]) for one in described["parameters"]] == [("state", "query"), ("auth_code", "query")]
    assert set(described["responses"]) == {"303", "429", "500", "503"}
    assert [*described["responses"]["303"]["headers"]] == ["Location"]
    rows = [line for line in described["description"].splitlines() if line.startswith("| `")]
    assert rows == [f"| `{one.value}` | {CALLBACK_MESSAGES[one]} |" for one in CallbackErrorCode]


def test_every_route_but_one_needs_a_bearer_token() -> None:
    """As in template.yaml: the authorizer is the default, and one route has none."""
    open_routes = {
        resource["Properties"]["CodeUri"]
        for resource in RESOURCES.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api" and event["Properties"].get("Auth") == {"Authorizer": "NONE"}
    }
    described = {f"functions/{one['operationId']}" for one in _operations() if "security" in one}
    assert described == open_routes
    assert DOCUMENT["security"] == [{"bearer": []}]
    authenticated = {one["operationId"] for one in _operations() if "401" in one["responses"]}
    assert authenticated == {one["operationId"] for one in _operations() if "security" not in one}


def test_every_problem_is_described() -> None:
    """Each code is a component, and each but not_found, which no operation returns, belongs to an operation."""
    returned = {
        code
        for operation in _operations()
        for _, response in _responses(operation)
        for code in response.get("content", {}).get(CONTENT_TYPE, {}).get("examples", {})
    }
    assert returned == set(PROBLEMS) - {"not_found"}
    assert set(DOCUMENT["components"]["responses"]) == set(DOCUMENT["components"]["examples"]) == set(PROBLEMS)


def test_a_problem_is_listed_under_its_status() -> None:
    """Problems are listed under their own status; successes and redirects have none."""
    for operation in _operations():
        for status, response in _responses(operation):
            problems = response.get("content", {}).get(CONTENT_TYPE)
            assert (problems is None) == status.startswith(("2", "3"))
            for example in (problems or {"examples": {}})["examples"].values():
                assert _resolved(example)["value"]["status"] == int(status)


def test_retry_after_is_required_if_every_problem_of_a_status_has_it() -> None:
    """Retry-After is not required if one problem of the status lacks it."""
    required = {
        one["operationId"]: response["headers"]["Retry-After"]["required"]
        for one in _operations()
        for status, response in _responses(one)
        if status == "503" and "headers" in response
    }
    assert required == {
        "list_identities": True,
        "create_identity": True,
        "create_identity_image": True,
        "complete_connection": False,
        "delete_connection": False,
    }


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    match node:
        case {"type": "object", **_rest}:
            yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(child)


def test_every_object_is_closed() -> None:
    """No response and no body has undescribed fields; only maps by objective are open."""
    schemas = DOCUMENT["components"]["schemas"]
    open_objects = [one for one in _objects(schemas) if one.get("additionalProperties", True)]
    maps = [schemas[name]["properties"]["objectives"] for name in ("AdvertiserReadiness", "Rules")]
    assert sorted(open_objects, key=repr) == sorted(maps, key=repr)
    assert all(one["additionalProperties"] is not True for one in maps)


def test_responses_always_have_all_their_fields() -> None:
    """All fields are required but ``errors``, which API Gateway omits, and sizes of unreadable pictures."""
    optional = {"InvalidRequestProblem": {"errors"}, "ImageUnusableProblem": {"image", "max_pixels"}}
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if schema["type"] == "object" and name not in {one.reads.__name__ for one in OPERATIONS}:
            assert set(schema["properties"]) - set(schema["required"]) == optional.get(name, set()), name


def _examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for operation in _operations():
        where = operation["operationId"]
        for parameter in operation.get("parameters", ()):
            yield f"{where} {parameter['name']}", parameter["schema"], parameter["example"]
        bodies = [("body", operation["requestBody"])] if "requestBody" in operation else []
        for part, described in [*bodies, *_responses(operation)]:
            yield from _of_content(f"{where} {part}", described)
    for code, described in DOCUMENT["components"]["responses"].items():
        yield from _of_content(f"component {code}", described)


def _of_content(where: str, described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for content in described.get("content", {}).values():
        for name, example in content["examples"].items():
            yield f"{where} {name}", content["schema"], _resolved(example)["value"]


@pytest.mark.parametrize(("schema", "example"), [pytest.param(*rest, id=name) for name, *rest in _examples()])
def test_an_example_is_valid(schema: dict[str, Any], example: Any) -> None:
    """Every example is valid against its schema, including formats."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(example)


def test_the_responses_in_the_readme_are_valid() -> None:
    """Each response in the README is valid against this document."""
    examples = [json.loads(block) for block in blocks(PAGES["README.md"], "json")]
    names = ("IdentityCheck", "PublishCheck", "CreatedIdentityAnswer", "SubscriptionRequiredProblem")
    for name, response in zip(names, examples, strict=True):
        schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(response)

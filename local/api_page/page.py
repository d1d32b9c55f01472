"""The whole OpenAPI document as one HTML page: no script, no file beside it, nothing from elsewhere."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from local.api_page import schemas
from local.api_page.text import anchor, line, paragraphs, table

Document = Mapping[str, Any]
Part = Mapping[str, Any]

STYLE = (Path(__file__).parent / "page.css").read_text()

_METHODS = ("get", "put", "post", "delete", "patch")
_SERVER_ERRORS = 500


def render(document: Document) -> str:
    """The page: operations by tag, then problems, then schemas, with links between them."""
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n"
        '<body>\n<a class="skip" href="#content">To the operations</a>'
        f"\n<header><h1>{title}</h1></header>\n"
        f"{_contents(document)}\n"
        f'<main id="content">\n<section aria-label="Introduction">{paragraphs(document["info"]["description"])}'
        f"{_servers(document)}{_security(document)}</section>\n"
        f"{''.join(_tag(document, tag) for tag in document['tags'])}"
        f"{_problems(document)}{_schemas(document)}</main>\n</body>\n</html>\n"
    )


def operations(document: Document, tag: str | None = None) -> Iterator[tuple[str, str, Part]]:
    """Method, path and operation of each, of one tag or all."""
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods and (tag is None or tag in methods[method]["tags"]):
                yield method.upper(), path, methods[method]


def resolved(document: Document, part: Part) -> Part:
    """What a reference within the document leads to; anything else as it is."""
    if "$ref" not in part:
        return part
    found: Any = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(document, found)


def _contents(document: Document) -> str:
    groups = []
    for tag in document["tags"]:
        links = "".join(
            f'<li><a href="#{anchor("operation", one["operationId"])}">{_call(method, path)}</a></li>'
            for method, path, one in operations(document, tag["name"])
        )
        groups.append(f"<li>{escape(tag['name'])}<ul>{links}</ul></li>")
    return (
        f'<nav aria-label="Contents"><ul>{"".join(groups)}'
        '<li><a href="#problems">problems</a></li><li><a href="#schemas">schemas</a></li></ul></nav>'
    )


def _servers(document: Document) -> str:
    return "".join(
        f"<p>{line(one['description'])}: <code>{escape(one['url'])}</code></p>" for one in document["servers"]
    )


def _security(document: Document) -> str:
    schemes = document["components"]["securitySchemes"].values()
    return "".join(
        f"<p>Authorization: {escape(one['scheme'])} {escape(one['bearerFormat'])}. {line(one['description'])}</p>"
        for one in schemes
    )


def _tag(document: Document, tag: Part) -> str:
    of_tag = "".join(_operation(document, *one) for one in operations(document, tag["name"]))
    identifier = anchor("tag", tag["name"])
    return (
        f'<section aria-labelledby="{identifier}"><h2 id="{identifier}">{escape(tag["name"])}</h2>'
        f"{paragraphs(tag['description'])}{of_tag}</section>\n"
    )


def _operation(document: Document, method: str, path: str, operation: Part) -> str:
    open_to_all = operation.get("security", document["security"]) == []
    name = operation["operationId"]
    return (
        f'<article id="{anchor("operation", name)}"><h3>{_call(method, path)}</h3>'
        f'<p class="summary">{line(operation["summary"])}</p>{paragraphs(operation.get("description", ""))}'
        f"{'<p>Needs no bearer token.</p>' if open_to_all else ''}"
        f"{_parameters(name, operation.get('parameters', []))}{_request(document, name, operation)}"
        f"<h4>Answers</h4>{''.join(_response(document, name, *one) for one in operation['responses'].items())}"
        "</article>\n"
    )


def _parameters(operation: str, parameters: list[Part]) -> str:
    if not parameters:
        return ""
    rows = [
        [
            f"<code>{escape(one['name'])}</code>",
            escape(one["in"]),
            schemas.kind(one["schema"]),
            "yes" if one.get("required") else "no",
            f"{line(one['description'])} For example {schemas.code(one['example'])}",
        ]
        for one in parameters
    ]
    head = ["parameter", "in", "type", "required", "what it is"]
    return f"<h4>Parameters</h4>{table(f'Parameters of {operation}', head, rows)}"


def _request(document: Document, operation: str, described: Part) -> str:
    if "requestBody" not in described:
        return ""
    body = described["requestBody"]
    needed = "" if body.get("required") else " (may be left out)"
    content = _content(document, operation, body, with_fields=True)
    return f"<h4>Request{needed}</h4>{paragraphs(body.get('description', ''))}{content}"


def _response(document: Document, operation: str, status: str, response: Part) -> str:
    if "$ref" in response:
        code = response["$ref"].rpartition("/")[2]
        said = resolved(document, response)["description"]
        return (
            f'<div class="answer"><p><strong class="{_grade(status)}">{escape(status)}</strong> '
            f'<a href="#{anchor("problem", code)}">{escape(code)}</a></p>{paragraphs(said)}</div>'
        )
    return (
        f'<div class="answer"><p><strong class="{_grade(status)}">{escape(status)}</strong></p>'
        f"{paragraphs(response['description'])}{_headers(f'{operation} {status}', response)}"
        f"{_content(document, f'{operation} {status}', response, with_fields=status.startswith('2'))}</div>"
    )


def _headers(title: str, response: Part) -> str:
    if not response.get("headers"):
        return ""
    rows = [
        [f"<code>{escape(name)}</code>", schemas.kind(one["schema"]), line(one.get("description", ""))]
        for name, one in response["headers"].items()
    ]
    return table(f"Headers of {title}", ["header", "type", "what it is"], rows)


def _content(document: Document, title: str, holder: Part, *, with_fields: bool) -> str:
    parts = []
    for media_type, content in holder.get("content", {}).items():
        schema = content["schema"]
        parts.append(f"<p><code>{escape(media_type)}</code>: {schemas.kind(schema)}</p>")
        if with_fields and "$ref" in schema:
            parts.append(_fold("Fields", schemas.fields(title, resolved(document, schema))))
        for name, reference in content.get("examples", {}).items():
            parts.append(_example(name, resolved(document, reference)))
    return "".join(parts)


def _example(name: str, example: Part) -> str:
    text = json.dumps(example["value"], ensure_ascii=False, indent=2)
    return _fold(f"Example: {line(example.get('summary', name))}", f'<pre tabindex="0">{escape(text)}</pre>')


def _fold(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def _problems(document: Document) -> str:
    parts = [
        f'<article id="{anchor("problem", code)}"><h3>{escape(code)}</h3>{paragraphs(response["description"])}'
        f"{_headers(code, response)}{_content(document, code, response, with_fields=True)}</article>"
        for code, response in document["components"]["responses"].items()
    ]
    return f'<section aria-labelledby="problems"><h2 id="problems">problems</h2>{"".join(parts)}</section>\n'


def _schemas(document: Document) -> str:
    parts = [schemas.section(name, schema) for name, schema in document["components"]["schemas"].items()]
    return f'<section aria-labelledby="schemas"><h2 id="schemas">schemas</h2>{"".join(parts)}</section>\n'


def _call(method: str, path: str) -> str:
    # Where a path may break: before each of its parts.
    return f'<span class="method">{method}</span> <code>{escape(path).replace("/", "<wbr>/")}</code>'


def _grade(status: str) -> str:
    if status[0] in "23":
        return "good"
    return "bad" if int(status) >= _SERVER_ERRORS else "refused"

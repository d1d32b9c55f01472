"""JSON schemas as HTML: a type in words, and the fields of an object as a table."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from local.api_page.text import anchor, line, paragraphs, table

Schema = Mapping[str, Any]

_LONG = 30
_LIMITS = {
    "format": "{}",
    "pattern": "like {}",
    "const": "always {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "minimum": "from {}",
    "maximum": "up to {}",
    "contentEncoding": "in {}",
}


def link(reference: str) -> str:
    """A link to a schema of the page, from `#/components/schemas/<name>`."""
    name = reference.rpartition("/")[2]
    return f'<a href="#{anchor("schema", name)}">{escape(name)}</a>'


def in_words(schema: Schema) -> str:
    """The type of a value, as short as can be."""
    if "$ref" in schema:
        return link(schema["$ref"])
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " or ".join(in_words(one) for one in schema[several])
    if "enum" in schema:
        return f"one of {', '.join(code(value) for value in schema['enum'])}"
    if "items" in schema:
        return f"list of {in_words(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {in_words(schema['additionalProperties'])} by name"
    kinds = schema.get("type", [])
    return " or ".join(escape(kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def limits(schema: Schema) -> str:
    """What a value must be besides."""
    return ", ".join(words.format(code(schema[name])) for name, words in _LIMITS.items() if name in schema)


def kind(schema: Schema) -> str:
    """Type and limits."""
    return ", ".join(filter(None, [in_words(schema), limits(schema)]))


def fields(title: str, schema: Schema) -> str:
    """The fields of an object, those of objects within it below them."""
    rows = _rows(schema, "")
    if not rows:
        return f"<p>{kind(schema) or 'anything'}</p>"
    return table(f"Fields of {title}", ["field", "type", "always there", "what it is"], rows)


def section(name: str, schema: Schema) -> str:
    """A schema of the document, where links to it lead."""
    description = paragraphs(schema.get("description", ""))
    return (
        f'<article id="{anchor("schema", name)}"><h3>{escape(name)}</h3>{description}{fields(name, schema)}</article>'
    )


def _rows(schema: Schema, before: str) -> list[list[str]]:
    rows = []
    for name, field in schema.get("properties", {}).items():
        path = f"{before}{name}"
        always = "yes" if name in schema.get("required", []) else "no"
        description = " ".join(line(part) for part in field.get("description", "").split("\n\n"))
        rows.append([f"<code>{escape(path)}</code>", kind(field), always, description])
        rows += _rows(field, f"{path}.")
        rows += _rows(field.get("items", {}), f"{path}[].")
    return rows


def code(value: object) -> str:
    """A value as it is written in JSON, a string without its quotes."""
    said = value if isinstance(value, str) else json.dumps(value)
    may_break = ' class="long"' if len(said) > _LONG else ""
    return f"<code{may_break}>{escape(said)}</code>"

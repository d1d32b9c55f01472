"""The JSON Schemas in docs/events/, generated from the events' models."""

import json
from pathlib import Path
from typing import Any

from local.paths import EVENT_SCHEMAS
from publishing.events.schemas import DETAIL_TYPES, SOURCE, Event
from tools.openapi.schemas import prose, sent_schema


def event_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every event's envelope, as the target of a rule gets it, by file name.

    Objects are open: fields are only ever added, and consumers that validate must not refuse them. The models are not,
    so that no event is published with a field that its schema lacks.
    """
    return {f"{_slug(name)}.json": _open(_schema(model, name)) for model, name in DETAIL_TYPES.items()}


def written(schema: dict[str, Any]) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=2) + "\n"


def write_event_schemas(folder: Path = EVENT_SCHEMAS) -> None:
    """Write all schemas, and remove those of events that no longer exist."""
    folder.mkdir(exist_ok=True)
    schemas = event_schemas()
    for file in folder.glob("*.json"):
        if file.name not in schemas:
            file.unlink()
    for name, schema in schemas.items():
        (folder / name).write_text(written(schema), encoding="utf-8")


def _schema(model: type[Event], detail_type: str) -> dict[str, Any]:
    detail = sent_schema(model)
    definitions = detail.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": detail_type,
        "description": prose(model.__doc__),
        "type": "object",
        "properties": {
            "source": {"const": SOURCE},
            "detail-type": {"const": detail_type},
            "detail": detail,
        },
        "required": ["source", "detail-type", "detail"],
        "$defs": definitions,
    }


def _open(node: Any) -> Any:
    match node:
        case dict():
            return {key: _open(value) for key, value in node.items() if (key, value) != ("additionalProperties", False)}
        case list():
            return [_open(one) for one in node]
        case _:
            return node


def _slug(detail_type: str) -> str:
    return detail_type.lower().replace(" ", "-")

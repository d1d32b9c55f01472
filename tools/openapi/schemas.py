"""The pydantic models as JSON Schema, as strict as the API itself."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

Schema = dict[str, Any]

_REF = "#/components/schemas/{model}"
_CODE = re.compile(r"``(.+?)``")


def component_schemas(requests: Iterable[type[BaseModel]], responses: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    """Return the schemas of the models and of the models in them, by name."""
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in requests),
        *((model, "serialization") for model in responses),
    ]
    _, made = models_json_schema(modes, ref_template=_REF, schema_generator=_Schemas)
    schemas: dict[str, Schema] = _renamed(made["$defs"])
    return schemas


def sent_schema(model: type[BaseModel]) -> Schema:
    """Return the schema of one serialized model, with the models in it in ``$defs``."""
    return model.model_json_schema(mode="serialization", schema_generator=_Schemas)


def ref(name: str) -> Schema:
    """Return a reference to a component schema."""
    return {"$ref": _REF.format(model=name)}


def prose(docstring: str | None) -> str:
    """Return a docstring as Markdown, without its list of exceptions."""
    text = inspect.cleandoc(docstring or "").split("\nRaises:")[0].strip()
    return _CODE.sub(r"`\1`", text)


class _Schemas(GenerateJsonSchema):
    """Omits titles; responses have all their fields and no others; fields are described by their docstrings."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - overrides
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001 - overrides
        return self.mode == "serialization" or super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        if self.mode == "serialization" or schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> Schema:
        inner = self.generate_inner(schema["schema"])
        if "type" not in inner:
            return super().nullable_schema(schema)
        nullable = {**inner, "type": [inner["type"], "null"]}
        values = nullable.pop("enum", None) or ([nullable.pop("const")] if "const" in nullable else None)
        return {**nullable, "enum": [*values, None]} if values else nullable

    def enum_schema(self, schema: core_schema.EnumSchema) -> Schema:
        return _described(super().enum_schema(schema), schema["cls"].__doc__)

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        made = _described(super().model_schema(schema), schema["cls"].__doc__)
        made["additionalProperties"] = False
        for name, docstring in _field_docstrings(schema["cls"]).items():
            made["properties"][name] = _described(made["properties"][name], docstring)
        return made


def _described(schema: Schema, docstring: str | None) -> Schema:
    others = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return {"description": prose(docstring), **others}


def _field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings of fields, which Python does not keep."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, BaseModel) or one is BaseModel:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        assert isinstance(body, ast.ClassDef)  # noqa: S101 - for mypy
        for field, text in pairwise(body.body):
            match field, text:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(docstring))):
                    found[name] = docstring
    return found


def _renamed(node: Any) -> Any:
    """Remove the underscore of names that would shadow a builtin."""
    match node:
        case {"$ref": str(name), **rest}:
            return {"$ref": name.rstrip("_"), **_renamed(rest)}
        case Mapping():
            return {key.rstrip("_"): _renamed(value) for key, value in node.items()}
        case list():
            return [_renamed(one) for one in node]
        case _:
            return node

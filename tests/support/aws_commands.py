"""Checks `aws …` commands against botocore's models of the services, without calling AWS."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

GLOBAL = {"output": 1, "query": 1, "region": 1, "profile": 1}
"""Options of every command that the service models do not have, with their number of values."""


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _operation(service: str, command: str) -> OperationModel | None:
    model = _service(service)
    matching = (one for one in model.operation_names if xform_name(one, "-") == command)
    return next((model.operation_model(one) for one in matching), None)


def faults(words: Sequence[str]) -> Iterator[str]:
    """Yield each error of the command: unknown names, missing options, values of the wrong type."""
    _, service, command, *rest = words
    if service not in Loader().list_available_services("service-2"):
        yield f"unknown service {service}"
        return
    operation = _operation(service, command)
    if operation is None:
        yield f"{service} has no operation {command}"
        return
    shape = operation.input_shape
    members = {xform_name(name, "-"): (name, shape) for name, shape in shape.members.items()} if shape else {}
    given, positional = _options(rest)
    for option, values in given.items():
        if option in GLOBAL:
            if len(values) != GLOBAL[option]:
                yield f"--{option} takes {GLOBAL[option]} value"
            continue
        name = option if option in members else option.removeprefix("no-")
        if name not in members:
            yield f"{service} {command} has no --{option}"
        else:
            yield from _values(option, members[name][1], values)
    required = shape.required_members if shape else []
    yield from (f"--{xform_name(one, '-')} is missing" for one in required if xform_name(one, "-") not in given)
    streams = operation.has_streaming_output
    if len(positional) != int(streams):
        yield f"{len(positional)} positional arguments: {positional}"


def _options(words: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the options with their values, and the positional arguments: before the first option, or a last file."""
    given: dict[str, list[str]] = {}
    positional: list[str] = []
    option: str | None = None
    for word in words:
        if word.startswith("--"):
            option = word[2:]
            given[option] = []
        elif option is None:
            positional.append(word)
        else:
            given[option].append(word)
    if option is not None and given[option][1:] and given[option][-1].startswith("/dev/"):
        positional.append(given[option].pop())
    return given, positional


def _values(option: str, shape: Shape, values: Sequence[str]) -> Iterator[str]:
    if shape.type_name == "boolean":
        if values:
            yield f"--{option} is a flag"
        return
    if not values:
        yield f"--{option} has no value"
    elif shape.type_name in {"structure", "map", "list"} and values[0][:1] in {"{", "["}:
        yield from _shaped(option, shape, " ".join(values))
    elif shape.type_name not in {"list", "structure", "map"} and len(values) != 1:
        yield f"--{option} takes one value, not {list(values)}"
    elif shape.type_name in {"integer", "long"} and not re.fullmatch(r"\d+|\$.+", values[0]):
        yield f"--{option} must be a number, not {values[0]}"
    else:
        allowed = getattr(shape, "enum", None) or getattr(getattr(shape, "member", None), "enum", None)
        yield from (f"--{option}: unknown value {one}" for one in values if allowed and one not in allowed)


def _shaped(option: str, shape: Shape, text: str) -> Iterator[str]:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        yield f"--{option} is not JSON: {error}"
        return
    report = ParamValidator().validate({"value": value}, _wrapped(shape))
    if report.has_errors():
        yield f"--{option}: {report.generate_report()}"


def _wrapped(shape: Shape) -> StructureShape:
    class One(StructureShape):
        members = {"value": shape}  # noqa: RUF012 - botocore's own attribute
        required_members: list[str] = []  # noqa: RUF012 - as above
        metadata: dict[str, Any] = {}  # noqa: RUF012 - as above

    return One("One", {"type": "structure", "members": {}})

"""template.yaml as Python, with CloudFormation's short tags in their long form; the commands and the tests read it."""

from pathlib import Path
from typing import Any

import yaml

from local.paths import ROOT


class _Loader(yaml.SafeLoader):
    """Reads `!Ref x` as `{"Ref": "x"}` and `!Sub x` as `{"Fn::Sub": "x"}`."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            return {name: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case yaml.MappingNode():
            return {name: loader.construct_mapping(node, deep=True)}
        case _:
            raise TypeError(f"YAML has no node of type {type(node).__name__}")


_Loader.add_multi_constructor("!", _long_form)


def read_template(path: Path) -> dict[str, Any]:
    """A CloudFormation template, with short tags in their long form."""
    template: dict[str, Any] = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a safe loader
    return template


TEMPLATE = read_template(ROOT / "template.yaml")
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}


def function_ids() -> dict[str, str]:
    """The logical id of each function, by the name of its folder in functions/."""
    return {FUNCTIONS[name]["Properties"]["CodeUri"].rpartition("/")[2]: name for name in sorted(FUNCTIONS)}


def parameter_default(name: str) -> str:
    """The default value of a parameter. KeyError if the parameter has none."""
    default: str = TEMPLATE["Parameters"][name]["Default"]
    return default


def parameters_without_default() -> list[str]:
    """The parameters that every deployment must set."""
    return [name for name, parameter in TEMPLATE["Parameters"].items() if "Default" not in parameter]


def referenced(reference: dict[str, Any]) -> dict[str, Any]:
    """The resource that a `!Ref x` or `!GetAtt x.Arn` refers to."""
    (name,) = reference.values()
    return RESOURCES[name.removesuffix(".Arn")]


def events(function: str, kind: str) -> list[dict[str, Any]]:
    """The properties of a function's events of one type, for example `Api`; `function` is a logical id."""
    every = FUNCTIONS[function]["Properties"].get("Events", {}).values()
    return [one["Properties"] for one in every if one["Type"] == kind]

"""template.yaml as Python, with CloudFormation's short tags in their long form."""

from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "template.yaml"


class _Loader(yaml.SafeLoader):
    """Reads ``!Ref x`` as ``{"Ref": "x"}`` and ``!Sub x`` as ``{"Fn::Sub": "x"}``."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


def _loaded() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(FILE.read_text(), _Loader)  # noqa: S506 - a subclass of the safe loader
    return loaded


TEMPLATE = _loaded()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}
CALLBACK = "get /api/v1/tiktok/connections/callback"
"""Where a state is the proof, and TikTok sends no bearer token."""


def named(reference: dict[str, Any]) -> dict[str, Any]:
    """The resource that a ``!Ref`` or ``!GetAtt x.Arn`` names."""
    (name,) = reference.values()
    return RESOURCES[name.removesuffix(".Arn")]


def events(function: str, kind: str) -> list[dict[str, Any]]:
    """The properties of the events of one kind that call a function."""
    every = FUNCTIONS[function]["Properties"].get("Events", {}).values()
    return [one["Properties"] for one in every if one["Type"] == kind]

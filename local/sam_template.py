"""What the commands need to know of template.yaml: its functions by folder, and its parameters."""

from functools import cache
from typing import Any

import yaml

from local.paths import ROOT

_SERVERLESS_FUNCTION = "AWS::Serverless::Function"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as nothing: no command here follows a reference."""


_Loader.add_multi_constructor("!", lambda *_: None)


@cache
def _template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a safe loader
    return loaded


def functions() -> dict[str, str]:
    """The logical id of each function, by the name of its folder below functions/."""
    return {
        resource["Properties"]["CodeUri"].rpartition("/")[2]: logical_id
        for logical_id, resource in sorted(_template()["Resources"].items())
        if resource["Type"] == _SERVERLESS_FUNCTION
    }


def parameter_default(name: str) -> str:
    """What a parameter is where nobody says it."""
    default: str = _template()["Parameters"][name]["Default"]
    return default


def parameters_without_default() -> list[str]:
    """What every deployment has to say."""
    return [name for name, parameter in _template()["Parameters"].items() if "Default" not in parameter]

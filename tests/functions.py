"""The functions as the template has them."""

from typing import Any

from tests.template import load_template


def functions() -> dict[str, dict[str, Any]]:
    """The properties of the template's functions, by their folder below functions/."""
    resources = load_template()["Resources"].values()
    found = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {one["CodeUri"].removeprefix("functions/"): one for one in found}

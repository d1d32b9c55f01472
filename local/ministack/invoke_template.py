"""The template for `make invoke`: the functions as they are deployed, for single ones in Docker to reach the stack."""

import json
from pathlib import Path

from local.ministack.build import BUILT_TEMPLATE
from local.ministack.deployment import Deployment
from local.ministack.emulator import CREDENTIALS, REGION, Emulator
from local.paths import WORK
from local.tool_programs import ask_tool

INVOKE_TEMPLATE = WORK / "invoke.json"


def write_invoke_template(emulator: Emulator, deployment: Deployment, path: Path = INVOKE_TEMPLATE) -> None:
    """Write a template whose functions have the variables of the deployed ones, and reach emulated AWS.

    make invoke FN=check_identity EVENT=events/check_identity.linked.json
    """
    access = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    variables = {
        logical_id: {**_deployed_variables(emulator, name), **access}
        for logical_id, name in _functions(emulator, deployment)
    }
    request = {
        "template": str(BUILT_TEMPLATE),
        "parameters": dict(deployment.parameters),
        "variables": variables,
    }
    path.write_text(json.dumps(ask_tool("invoke_template.py", request), indent=1))


def _functions(emulator: Emulator, deployment: Deployment) -> list[tuple[str, str]]:
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources")
    return [
        (row["LogicalResourceId"], row["PhysicalResourceId"])
        for page in pages.paginate(StackName=deployment.stack_name)
        for row in page["StackResourceSummaries"]
        if row["ResourceType"] == "AWS::Lambda::Function"
    ]


def _deployed_variables(emulator: Emulator, function: str) -> dict[str, str]:
    configuration = emulator.client("lambda").get_function_configuration(FunctionName=function)
    variables: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return variables

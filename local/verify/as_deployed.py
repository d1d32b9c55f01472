"""Values of template.yaml as a stage has them: conditions decided, parameters and names of resources filled in.

What cannot be known of a stage is filled in as `…`, which stands for any text without a wildcard.
"""

import re
from typing import Any

from local.sam_template import RESOURCES, TEMPLATE
from local.verify.stage import Stage

UNKNOWN = "…"
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_HERE = "${AWS::Region}:${AWS::AccountId}"
_ARNS = {
    "AWS::DynamoDB::Table": f"arn:${{AWS::Partition}}:dynamodb:{_HERE}:table/",
    "AWS::Events::EventBus": f"arn:${{AWS::Partition}}:events:{_HERE}:event-bus/",
    "AWS::Logs::LogGroup": f"arn:${{AWS::Partition}}:logs:{_HERE}:log-group:",
    "AWS::Serverless::Function": f"arn:${{AWS::Partition}}:lambda:{_HERE}:function:",
    "AWS::SQS::Queue": f"arn:${{AWS::Partition}}:sqs:{_HERE}:",
}
"""The ARN of a resource up to its name, by its type."""
_SUFFIXES = {"AWS::Logs::LogGroup": ":*"}
"""What CloudFormation appends to it."""
_ALIAS = f":{TEMPLATE['Globals']['Function']['AutoPublishAlias']}"


def as_deployed(stage: Stage, node: Any) -> Any:
    """A part of the template with the stage's values; None is what CloudFormation leaves out."""
    match node:
        case {"Ref": str(name), **rest} if not rest:
            return _referenced(stage, name)
        case {"Fn::GetAtt": str(name), **rest} if not rest:
            return _attribute(stage, *name.split("."))
        case {"Fn::Sub": str(text), **rest} if not rest:
            return _substituted(stage, text)
        case {"Fn::If": [str(condition), yes, no], **rest} if not rest:
            return as_deployed(stage, yes if _holds(stage, {"Condition": condition}) else no)
        case _:
            return _filled(stage, node)


def _filled(stage: Stage, node: Any) -> Any:
    if isinstance(node, dict):
        filled = {name: as_deployed(stage, one) for name, one in node.items()}
        return {name: one for name, one in filled.items() if one is not None}
    if isinstance(node, list):
        return [one for one in (as_deployed(stage, each) for each in node) if one is not None]
    return node


def fits(expected: str, actual: str) -> bool:
    """Whether a value of a stage is the expected one, in which `…` stands for a text without a wildcard."""
    return re.fullmatch(re.escape(expected).replace(re.escape(UNKNOWN), r"[^*?\s]+"), actual) is not None


def _referenced(stage: Stage, name: str) -> Any:
    if name == "AWS::NoValue":
        return None
    if name == "AWS::StackName":
        return stage.stack_name
    if name in _of_stack_id(stage):
        return _of_stack_id(stage)[name]
    if name in TEMPLATE["Parameters"]:
        return stage.parameters.get(name, TEMPLATE["Parameters"][name].get("Default", UNKNOWN))
    if name.endswith(".Alias"):
        return f"{_attribute(stage, name.removesuffix('.Alias'), 'Arn')}{_ALIAS}"
    return stage.resources.get(name) or UNKNOWN


def _of_stack_id(stage: Stage) -> dict[str, str]:
    """What a stack's ARN says: `arn:partition:cloudformation:region:account:stack/…`."""
    _, partition, _, region, account, *_ = [*stage.stack_id.split(":"), *[""] * 5]
    found = {"AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": account}
    return {name: value for name, value in found.items() if value}


def _attribute(stage: Stage, name: str, attribute: str) -> str:
    """An attribute of a resource. Of a queue the physical name is a URL."""
    kind, physical = RESOURCES[name]["Type"], stage.resources.get(name)
    if not physical:
        return UNKNOWN
    own_name = physical.rpartition("/")[2] if kind == "AWS::SQS::Queue" else physical
    if attribute == "QueueName":
        return own_name
    if attribute == "Arn" and kind in _ARNS:
        return f"{_substituted(stage, _ARNS[kind])}{own_name}{_SUFFIXES.get(kind, '')}"
    return UNKNOWN


def _substituted(stage: Stage, text: str) -> str:
    def value(found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        return str(_attribute(stage, name, attribute) if attribute else _referenced(stage, name))

    return _PLACEHOLDER.sub(value, text)


def _holds(stage: Stage, condition: Any) -> bool:
    """Whether a condition of the template is true for the stage's parameters.

    Raises:
        NotImplementedError: the template uses a function that is not here yet.
    """
    match condition:
        case {"Condition": str(name)}:
            return _holds(stage, TEMPLATE["Conditions"][name])
        case {"Fn::Equals": [one, other]}:
            return str(as_deployed(stage, one)) == str(as_deployed(stage, other))
        case {"Fn::Not": [one]}:
            return not _holds(stage, one)
        case {"Fn::And": conditions}:
            return all(_holds(stage, one) for one in conditions)
        case _:
            raise NotImplementedError(f"a condition of {', '.join(condition)}")

"""Gives an emulated REST API what MiniStack 1.5.33 leaves out when it deploys a template.

It imports neither the gateway responses nor the answers of MOCK integrations (the CORS preflight) from the API's
OpenAPI body, and transforms SAM templates with the parameters' defaults, so that an authorizer's cache time is
the default too. Here the deployed template is transformed again, with the values that the stack really has, and
its own definitions are applied through the API Gateway API. AWS needs none of this.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local.ministack.emulator import REGION, Emulator
from local.tool_programs import ask_tool

_PLACEHOLDER = re.compile(r"\$\{([\w:]+)\}")


def apply_gateway_definitions(emulator: Emulator, stack_name: str) -> None:
    """Apply the stack's gateway responses, preflight answers and authorizer cache times."""
    cloudformation = emulator.client("cloudformation")
    gateway = emulator.client("apigateway")
    template = cloudformation.get_template(StackName=stack_name, TemplateStage="Original")["TemplateBody"]
    stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    parameters = {row["ParameterKey"]: row["ParameterValue"] for row in stack.get("Parameters", [])}
    bodies = ask_tool("transformed_api.py", {"template": template, "parameters": parameters, "region": REGION})
    for logical_id, unresolved in bodies.items():
        resource = cloudformation.describe_stack_resource(StackName=stack_name, LogicalResourceId=logical_id)
        api_id = resource["StackResourceDetail"]["PhysicalResourceId"]
        values = {**parameters, "AWS::StackName": stack_name, "AWS::Region": REGION}
        body = _resolved(unresolved, values)
        _put_gateway_responses(gateway, api_id, body)
        _put_mock_answers(gateway, api_id, body)
        _put_authorizer_cache_times(gateway, api_id, body)
        for stage in gateway.get_stages(restApiId=api_id)["item"]:
            gateway.create_deployment(restApiId=api_id, stageName=stage["stageName"])


def _put_gateway_responses(gateway: Any, api_id: str, body: Mapping[str, Any]) -> None:
    for response_type, response in body.get("x-amazon-apigateway-gateway-responses", {}).items():
        gateway.put_gateway_response(restApiId=api_id, responseType=response_type, **response)


def _put_mock_answers(gateway: Any, api_id: str, body: Mapping[str, Any]) -> None:
    resources = {row["path"]: row["id"] for row in gateway.get_resources(restApiId=api_id, limit=500)["items"]}
    for path, method, integration in _mocks(body):
        where = {"restApiId": api_id, "resourceId": resources[path], "httpMethod": method.upper()}
        gateway.put_integration(**where, type="MOCK", requestTemplates=integration["requestTemplates"])
        for pattern, answer in integration["responses"].items():
            headers = answer.get("responseParameters", {})
            answered = {**where, "statusCode": answer["statusCode"]}
            gateway.put_method_response(**answered, responseParameters=dict.fromkeys(headers, False))
            gateway.put_integration_response(
                **answered,
                responseParameters=headers,
                responseTemplates=answer.get("responseTemplates", {}),
                **({} if pattern == "default" else {"selectionPattern": pattern}),
            )


def _mocks(body: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            integration = operation.get("x-amazon-apigateway-integration", {})
            if integration.get("type", "").lower() == "mock":
                yield path, method, integration


def _put_authorizer_cache_times(gateway: Any, api_id: str, body: Mapping[str, Any]) -> None:
    schemes = body.get("securityDefinitions") or body.get("components", {}).get("securitySchemes", {})
    for authorizer in gateway.get_authorizers(restApiId=api_id)["items"]:
        wanted = schemes.get(authorizer["name"], {}).get("x-amazon-apigateway-authorizer", {})
        if "authorizerResultTtlInSeconds" in wanted:
            seconds = str(wanted["authorizerResultTtlInSeconds"])
            change = {"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": seconds}
            gateway.update_authorizer(restApiId=api_id, authorizerId=authorizer["id"], patchOperations=[change])


def _resolved(node: Any, values: Mapping[str, str]) -> Any:
    """A node with its references to parameters filled in; others stay as they are."""
    match node:
        case {"Ref": str(name), **rest} if not rest and name in values:
            return values[name]
        case {"Fn::Sub": str(text), **rest} if not rest:
            return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
        case dict():
            return {name: _resolved(value, values) for name, value in node.items()}
        case list():
            return [_resolved(value, values) for value in node]
        case _:
            return node

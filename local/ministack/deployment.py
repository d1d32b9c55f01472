"""A deployed stack on emulated AWS: `sam deploy`, then the parts of the REST API that MiniStack leaves out."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.console import StackError
from local.ministack.build import BUILT_TEMPLATE, SamError, build_parameters, run_sam
from local.ministack.emulator import CREDENTIALS, REGION, Emulator
from local.paths import WORK
from local.tool_programs import ask_tool

API = "/api/v1/tiktok"
"""The path of the routes below a deployment's base URL."""
_BUCKET = "deployments"
_PLACEHOLDER = re.compile(r"\$\{([\w:]+)\}")
_ANY_METHOD = "x-amazon-apigateway-any-method"
"""OpenAPI's extension for a route of every method."""
_API_URL = re.compile(r"https://(?P<api>\w+)\.execute-api\.[^/]+/(?P<stage>[^/]+)")


@dataclass(frozen=True)
class Deployment:
    """A deployed stack and its addresses on this machine."""

    stack_name: str
    base_url: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def table_name(self) -> str:
        """The name of its DynamoDB table."""
        return self.outputs["TableName"]

    @property
    def secret_prefix(self) -> str:
        """The prefix of its secrets' names."""
        return self.parameters["SecretPrefix"]


def deploy(emulator: Emulator, stack_name: str, parameters: Mapping[str, str]) -> Deployment:
    """Deploy the built template as a stack of this name, with these values of template parameters.

    Raises:
        StackError: the deployment fails; the message has CloudFormation's reason.
    """
    s3 = emulator.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    log = WORK / f"sam-deploy-{stack_name}.log"
    options = [
        *("--template-file", str(BUILT_TEMPLATE)),
        *("--stack-name", stack_name, "--region", REGION, "--s3-bucket", _BUCKET),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
    ]
    environment = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    try:
        run_sam("deploy", options, {**build_parameters(), **parameters}, environment, log)
    except SamError as error:
        reason = _failed_resource(emulator, stack_name) or error.reason
        raise StackError(f"Deploying {stack_name} failed: {reason} (whole output: {error.log})") from None
    _apply_gateway_definitions(emulator, stack_name)
    return deployed(emulator, stack_name)


def deployed(emulator: Emulator, stack_name: str) -> Deployment:
    """The stack of this name and its addresses on this machine."""
    stack = emulator.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {row["OutputKey"]: row["OutputValue"] for row in stack["Outputs"]}
    api = _API_URL.fullmatch(outputs["ApiBaseUrl"])
    if api is None:
        raise StackError(f"ApiBaseUrl is not an address of an API stage: {outputs['ApiBaseUrl']}")
    return Deployment(
        stack_name=stack_name,
        base_url=f"{emulator.url}/_aws/execute-api/{api['api']}/{api['stage']}",
        outputs=outputs,
        parameters={row["ParameterKey"]: row["ParameterValue"] for row in stack["Parameters"]},
    )


def _failed_resource(emulator: Emulator, stack_name: str) -> str | None:
    """The first resource that failed and CloudFormation's reason; None if no resource failed."""
    cloudformation = emulator.client("cloudformation")
    try:
        events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    except ClientError:  # the stack does not exist: the output of SAM CLI has the reason
        return None
    failed: list[dict[str, Any]] = [row for row in events if row["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return None
    first = min(failed, key=lambda row: row["Timestamp"])
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def _apply_gateway_definitions(emulator: Emulator, stack_name: str) -> None:
    """Apply the stack's gateway responses, CORS preflight responses and authorizer cache times.

    MiniStack 1.5.33 imports neither the gateway responses nor the responses of MOCK integrations (the CORS preflight)
    nor methods of any verb (the route of unknown paths) from the API's OpenAPI body. It also transforms SAM templates
    with the defaults of parameters, so the authorizer's cache time is the default too. This function transforms the
    deployed template again, with the stack's own parameter values, and applies its definitions through the API Gateway
    API. AWS does not need it.
    """
    cloudformation = emulator.client("cloudformation")
    gateway = emulator.client("apigateway")
    template = cloudformation.get_template(StackName=stack_name, TemplateStage="Original")["TemplateBody"]
    stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    parameters = {row["ParameterKey"]: row["ParameterValue"] for row in stack.get("Parameters", [])}
    resources = ask_tool("transformed_template.py", {"template": template, "parameters": parameters, "region": REGION})
    bodies = {
        name: one["Properties"]["Body"] for name, one in resources.items() if one["Type"] == "AWS::ApiGateway::RestApi"
    }
    for logical_id, unresolved in bodies.items():
        resource = cloudformation.describe_stack_resource(StackName=stack_name, LogicalResourceId=logical_id)
        api_id = resource["StackResourceDetail"]["PhysicalResourceId"]
        values = {**parameters, "AWS::StackName": stack_name, "AWS::Region": REGION}
        body = _resolved(unresolved, values)
        _put_gateway_responses(gateway, api_id, body)
        _put_mock_responses(gateway, api_id, body)
        _put_authorizer_cache_times(gateway, api_id, body)
        for stage in gateway.get_stages(restApiId=api_id)["item"]:
            gateway.create_deployment(restApiId=api_id, stageName=stage["stageName"])


def _put_gateway_responses(gateway: Any, api_id: str, body: Mapping[str, Any]) -> None:
    for response_type, response in body.get("x-amazon-apigateway-gateway-responses", {}).items():
        gateway.put_gateway_response(restApiId=api_id, responseType=response_type, **response)


def _put_mock_responses(gateway: Any, api_id: str, body: Mapping[str, Any]) -> None:
    resources = {row["path"]: row["id"] for row in gateway.get_resources(restApiId=api_id, limit=500)["items"]}
    for path, method, integration in _mocks(body):
        method_id = {"restApiId": api_id, "resourceId": resources[path], "httpMethod": method.upper()}
        if method == "ANY":
            gateway.put_method(**method_id, authorizationType="NONE")
        gateway.put_integration(**method_id, type="MOCK", requestTemplates=integration["requestTemplates"])
        for pattern, response in integration["responses"].items():
            headers = response.get("responseParameters", {})
            response_id = {**method_id, "statusCode": response["statusCode"]}
            gateway.put_method_response(**response_id, responseParameters=dict.fromkeys(headers, False))
            gateway.put_integration_response(
                **response_id,
                responseParameters=headers,
                responseTemplates=response.get("responseTemplates", {}),
                **({} if pattern == "default" else {"selectionPattern": pattern}),
            )


def _mocks(body: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            integration = operation.get("x-amazon-apigateway-integration", {})
            if integration.get("type", "").lower() == "mock":
                yield path, "ANY" if method == _ANY_METHOD else method, integration


def _put_authorizer_cache_times(gateway: Any, api_id: str, body: Mapping[str, Any]) -> None:
    schemes = body.get("securityDefinitions") or body.get("components", {}).get("securitySchemes", {})
    for authorizer in gateway.get_authorizers(restApiId=api_id)["items"]:
        wanted = schemes.get(authorizer["name"], {}).get("x-amazon-apigateway-authorizer", {})
        if "authorizerResultTtlInSeconds" in wanted:
            seconds = str(wanted["authorizerResultTtlInSeconds"])
            change = {"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": seconds}
            gateway.update_authorizer(restApiId=api_id, authorizerId=authorizer["id"], patchOperations=[change])


def _resolved(node: Any, values: Mapping[str, str]) -> Any:
    """A node whose references to parameters are replaced by their values; other references stay."""
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

"""template.yaml as a stack on emulated AWS: `sam deploy`, and what came of it."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.console import StackError
from local.ministack.build import BUILT_TEMPLATE, build_parameters
from local.ministack.emulator import CREDENTIALS, REGION, Emulator
from local.ministack.gateway_parity import apply_gateway_definitions
from local.ministack.sam import SamError, run_sam
from local.paths import WORK

API = "/api/v1/tiktok"
"""Where the routes are, below a deployment's base URL."""
_BUCKET = "deployments"
_API_URL = re.compile(r"https://(?P<api>\w+)\.execute-api\.[^/]+/(?P<stage>[^/]+)")


@dataclass(frozen=True)
class Deployment:
    """A deployed stack, and where it is reached on this machine."""

    stack_name: str
    base_url: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def table_name(self) -> str:
        """Its DynamoDB table."""
        return self.outputs["TableName"]

    @property
    def secret_prefix(self) -> str:
        """What the names of its secrets start with."""
        return self.parameters["SecretPrefix"]


def deploy(emulator: Emulator, stack_name: str, parameters: Mapping[str, str]) -> Deployment:
    """Deploy what was built as a stack of this name.

    StackError with CloudFormation's reason where that fails.
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
    apply_gateway_definitions(emulator, stack_name)
    return _deployment(emulator, stack_name)


def _deployment(emulator: Emulator, stack_name: str) -> Deployment:
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
    """The first resource that failed, with CloudFormation's reason."""
    cloudformation = emulator.client("cloudformation")
    try:
        events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    except ClientError:  # there is no stack at all: sam's own output tells why
        return None
    failed: list[dict[str, Any]] = [row for row in events if row["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return None
    first = min(failed, key=lambda row: row["Timestamp"])
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"

"""The stage that is verified: its addresses, resources, clients and the caller's bearer tokens."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from local.console import CommandError
from local.deploy import stages_of
from local.ministack.deployment import API, deployed
from local.ministack.emulator import Emulator, is_up
from local.sam_template import TEMPLATE
from local.stack import STACK_NAME
from tiktok_business.deadline import Deadline

LOCAL = "local"
"""The name of the stage that `make run` deploys."""
TOKEN, UNSUBSCRIBED_TOKEN = "VERIFY_TOKEN", "VERIFY_TOKEN_UNSUBSCRIBED"
_HOW_TO_GET_A_TOKEN = f"""\
{TOKEN} is not set. Export a bearer token of a person in a team with a subscription (the wizard sends one as
"Authorization: Bearer …"; the browser's network panel shows it), in a way that no history keeps:
  read -rs {TOKEN} && export {TOKEN}
{UNSUBSCRIBED_TOKEN} is optional: the token of a member of a team without a subscription."""
_REQUEST_SECONDS = 30.0
_AWS = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 3, "mode": "standard"})


class TimeUpError(Exception):
    """The time of the whole verification has passed."""


@dataclass(frozen=True)
class Bearer:
    """A bearer token and the claims that are read of it. Nothing is verified here: the authorizer does that."""

    token: SecretStr
    team_id: str

    @classmethod
    def of(cls, name: str, value: str) -> Self:
        """Read the token in the environment variable of this name.

        Raises:
            CommandError: it is not a JWT, or has expired.
        """
        token = value.strip().removeprefix("Bearer ").strip()
        claims = _claims(token)
        if claims is None:
            raise CommandError(f'{name} is not a JWT. Copy the token after "Authorization: Bearer ".')
        expires = claims.get("exp")
        if isinstance(expires, int | float) and expires < time.time():
            raise CommandError(f"{name} expired {(time.time() - expires) / 60:.0f} minutes ago. Export a new one.")
        return cls(SecretStr(token), str(claims.get("team_id", "")))

    def header(self, scheme: str = "Bearer") -> dict[str, str]:
        """The Authorization header.

        API Gateway caches the authorizer's answer per header: another letter case of the scheme has its own.
        """
        return {"Authorization": f"{scheme} {self.token.get_secret_value()}"}


@dataclass
class Stage:
    """A deployed stage and everything that is needed to verify it.

    `client` returns a boto3 client of a service. `resources` are physical names by logical ids, `parameters` and
    `outputs` those of the CloudFormation stack. `unsubscribed` is the token of a team without a subscription, or None.
    """

    name: str
    stack_name: str
    base_url: str
    client: Callable[[str], Any]
    resources: Mapping[str, str]
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    bearer: Bearer
    unsubscribed: Bearer | None
    deadline: Deadline
    started_at: float = field(default_factory=time.time)
    """When the verification started, in seconds since 1970."""
    stack_id: str = ""
    """The ARN of the CloudFormation stack; it names partition, region and account."""

    @property
    def allowed_origin(self) -> str:
        """The origin whose pages may call the API, or *."""
        return self.parameters["AllowedOrigins"]

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **request: Any
    ) -> requests.Response:
        """Send a request to a path below the API's root. Redirects are not followed.

        Raises:
            TimeUpError: no time is left.
        """
        left = self.deadline.remaining()
        if not left:
            raise TimeUpError
        return requests.request(
            method,
            f"{self.base_url}{API}{path}",
            headers=dict(headers or {}),
            timeout=min(_REQUEST_SECONDS, left),
            allow_redirects=False,
            **request,
        )


def stage_of(
    name: str, config: Mapping[str, Any], environment: Mapping[str, str], deadline: Deadline, port: int
) -> Stage:
    """The stage of this name in samconfig.toml (its content is `config`), or that of `make run` on this port.

    Raises:
        CommandError: the stage is unknown or not deployed, AWS cannot be asked, or a token is missing or useless.
    """
    known = [*stages_of(config), LOCAL]
    if name not in known:
        reason = f"Unknown stage {name}" if name else "STAGE is missing"
        raise CommandError(f"{reason}. Stages: {', '.join(known)} ({LOCAL} is what make run started)")
    if not environment.get(TOKEN):
        raise CommandError(_HOW_TO_GET_A_TOKEN)
    bearer = Bearer.of(TOKEN, environment[TOKEN])
    other = environment.get(UNSUBSCRIBED_TOKEN)
    unsubscribed = Bearer.of(UNSUBSCRIBED_TOKEN, other) if other else None
    if name == LOCAL:
        return local_stage(_running(port), bearer, unsubscribed, deadline)
    section = config[name]
    settings = {**section.get("global", {}).get("parameters", {}), **section["deploy"]["parameters"]}
    session = boto3.Session(region_name=settings.get("region"))
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(service, config=_AWS)  # type: ignore[call-overload]  # any service
        return clients[service]

    stack_name = settings["stack_name"]
    try:
        return read_stage(name, stack_name, client, None, (bearer, unsubscribed), deadline)
    except ClientError as error:
        where = session.region_name or "no region"
        raise CommandError(
            f"The stack {stack_name} cannot be read in {where}: {error.response['Error']['Message']}. "
            f"Deploy it with make deploy STAGE={name}, or set AWS_PROFILE and AWS_REGION to its account and region."
        ) from None
    except BotoCoreError as error:
        raise CommandError(f"AWS cannot be asked: {error}. Set AWS_PROFILE and AWS_REGION.") from None


def local_stage(aws: Emulator, bearer: Bearer, unsubscribed: Bearer | None, deadline: Deadline) -> Stage:
    """The stage that the local stack deployed."""
    base_url = deployed(aws, STACK_NAME).base_url
    return read_stage(LOCAL, STACK_NAME, aws.client, base_url, (bearer, unsubscribed), deadline)


def _running(port: int) -> Emulator:
    aws = Emulator(port)
    if not is_up(aws.url):
        raise CommandError(f"No local stack responds at {aws.url}. Start it with make run, or set its PORT=…")
    return aws


def read_stage(
    name: str,
    stack_name: str,
    client: Callable[[str], Any],
    base_url: str | None,
    bearers: tuple[Bearer, Bearer | None],
    deadline: Deadline,
) -> Stage:
    """Read a stack. `base_url` None: the address in its outputs; `bearers` are the two tokens of a stage.

    Raises:
        CommandError: the stack is of another template.
    """
    cloudformation = client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {row["OutputKey"]: row["OutputValue"] for row in stack.get("Outputs", [])}
    if lacking := sorted(TEMPLATE["Outputs"].keys() - outputs.keys()):
        raise CommandError(
            f"The stack {stack_name} has no output {', '.join(lacking)}: it was deployed from another commit, or its "
            "deployment failed. Check out the deployed commit, or deploy this one."
        )
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    rows = [row for page in pages for row in page["StackResourceSummaries"]]
    return Stage(
        name=name,
        stack_name=stack_name,
        base_url=base_url or outputs["ApiBaseUrl"],
        client=client,
        resources={
            row["LogicalResourceId"]: row.get("PhysicalResourceId", "")
            for row in rows
            if not row["ResourceStatus"].startswith("DELETE")
        },
        parameters={row["ParameterKey"]: row["ParameterValue"] for row in stack.get("Parameters", [])},
        outputs=outputs,
        bearer=bearers[0],
        unsubscribed=bearers[1],
        deadline=deadline,
        stack_id=stack.get("StackId", ""),
    )


def _claims(token: str) -> dict[str, Any] | None:
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None

"""The whole local stack: emulated AWS with the deployed product, simulated TikTok, identity provider and wizard."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self
from urllib.parse import urlsplit

from local.console import Console
from local.demo.teams import Person, write_demo_data, write_demo_items
from local.identity_provider import IdentityProvider
from local.ministack.background import Background
from local.ministack.build import build
from local.ministack.deployment import Deployment, deploy
from local.ministack.emulator import Emulator
from local.tiktok_simulator import Simulator
from local.wizard import News, Shown, Wizard, page_settings

STACK_NAME = "wevion-local"


class LocalStack:
    """Everything that `make run` starts and the stack tests use. A context manager that stops what it started.

    with LocalStack() as stack:
        requests.get(f"{stack.base_url}/api/v1/tiktok/identities/check", headers=stack.bearer(MEDIA_BUYER))

    `tiktok` is the simulator (world, faults, received requests), `identity_provider` issues tokens, `aws` makes clients
    of emulated services. Port 0 means any free port; `parameters` are values of template parameters.

    Raises:
        StackError: a part does not start.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        parameters: Mapping[str, str] | None = None,
        console: Console | None = None,
    ) -> None:
        self.aws = Emulator(port)
        self.tiktok = Simulator()
        self.identity_provider = IdentityProvider()
        self.wizard = Wizard()
        self._parameters = dict(parameters or {})
        self._console = console or Console(quiet=True)
        self._started = ExitStack()
        self._main: Deployment | None = None
        self._tokens: dict[Person, str] = {}

    @property
    def main(self) -> Deployment:
        """The deployment made at the start. RuntimeError before the start."""
        if self._main is None:
            raise RuntimeError("the local stack is not started")
        return self._main

    @property
    def base_url(self) -> str:
        """The address before `/api/v1/tiktok`."""
        return self.main.base_url

    @property
    def table_name(self) -> str:
        """The name of the deployed DynamoDB table."""
        return self.main.table_name

    def client(self, service: str) -> Any:
        """A boto3 client of an emulated service, with all rights."""
        return self.aws.client(service)

    def bearer(self, person: Person) -> dict[str, str]:
        """The Authorization header of a demo person, with the same token at each call."""
        if person not in self._tokens:
            token = self.identity_provider.token(person.user_id, person.team_id, algorithm="ES256")
            self._tokens[person] = token
        return {"Authorization": f"Bearer {self._tokens[person]}"}

    @property
    def background(self) -> Background:
        """The functions without a route, and the event bus."""
        return Background(self.aws, self.main)

    def deploy(self, stack_name: str, parameters: Mapping[str, str] | None = None) -> Deployment:
        """Deploy the template as another stack beside the first one, with its own secrets."""
        return deploy(
            self.aws,
            stack_name,
            {
                "TikTokApiBaseUrl": self.tiktok.base_url,
                "JwksUrl": self.identity_provider.jwks_url,
                "TokenIssuer": self.identity_provider.issuer,
                "TokenAudience": self.identity_provider.audience,
                "SecretPrefix": f"{stack_name}/tiktok",
                "WizardUrl": self.wizard.url,
                **(parameters or {}),
            },
        )

    def restore_demo_items(self) -> None:
        """Restore the items of the demo teams as they were at the start."""
        write_demo_items(self.aws, self.main, self.tiktok.world)

    def reset(self) -> None:
        """Restore the simulated TikTok and the demo teams as they were at the start."""
        self.tiktok.reset()
        self.restore_demo_items()

    def write_demo_data(self, deployment: Deployment) -> None:
        """Write the demo teams and their secrets to a deployment."""
        write_demo_data(self.aws, deployment, self.tiktok.world)

    def __enter__(self) -> Self:
        with ExitStack() as started:
            self.aws.choose_port()
            build(self._console)
            started.enter_context(self.tiktok)
            started.enter_context(self.identity_provider)
            started.enter_context(self.wizard)
            with self._console.step("Starting MiniStack (emulated AWS)"):
                started.enter_context(self.aws)
            with self._console.step(f"Deploying {STACK_NAME} (sam deploy)"):
                self._main = self.deploy(STACK_NAME, self._parameters)
            with self._console.step("Writing demo data"):
                self.write_demo_data(self._main)
            listener = started.enter_context(self.background.listener("wizard"))
            started.callback(self.wizard.hide)
            self.wizard.show(self._shown(News(listener)))
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def _shown(self, news: News) -> Shown:
        settings = page_settings(
            base_url=self.base_url, control_url=self.tiktok.control_url, world=self.tiktok.world, bearer=self.bearer
        )
        origins = (_origin(self.base_url), _origin(self.tiktok.control_url))
        return Shown(self.base_url, settings, origins, news, self.reset)


def _origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))

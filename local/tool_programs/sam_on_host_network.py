"""SAM CLI, whose `sam local invoke` puts functions on this machine's own network.

Emulated AWS and the simulated TikTok listen on loopback only, which a container has for itself; SAM CLI 1.167
takes `--docker-network host` and does nothing with it. Linux, or Docker Desktop with host networking enabled.
"""

from typing import Any

from docker.models.containers import ContainerCollection  # type: ignore[import-untyped]
from samcli.cli.main import cli  # type: ignore[import-not-found]

_create = ContainerCollection.create


def _create_on_host_network(self: Any, image: str, command: Any = None, **options: Any) -> Any:
    # No port is mapped then: the runtime interface emulator itself takes the one that SAM CLI calls.
    host, port = options.pop("ports")["8080"]
    options["entrypoint"] = [*options["entrypoint"], "--runtime-interface-emulator-address", f"{host}:{port}"]
    return _create(self, image, command, network_mode="host", **options)


ContainerCollection.create = _create_on_host_network
cli(prog_name="sam")

"""SAM CLI whose `sam local invoke` puts functions on the network of this machine.

Emulated AWS and the simulated TikTok listen only on loopback, and a container has its own loopback. SAM CLI (seen in
1.167) accepts `--docker-network host` without effect. Needs Linux, or Docker Desktop with host networking enabled.
"""

from typing import Any

from docker.models.containers import ContainerCollection  # type: ignore[import-untyped]
from samcli.cli.main import cli  # type: ignore[import-not-found]

_create = ContainerCollection.create


def _create_on_host_network(self: Any, image: str, command: Any = None, **options: Any) -> Any:
    # No port is mapped then: the runtime interface emulator listens on the port that SAM CLI calls.
    host, port = options.pop("ports")["8080"]
    options["entrypoint"] = [*options["entrypoint"], "--runtime-interface-emulator-address", f"{host}:{port}"]
    return _create(self, image, command, network_mode="host", **options)


ContainerCollection.create = _create_on_host_network
cli(prog_name="sam")

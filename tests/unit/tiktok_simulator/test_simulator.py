"""The simulator as a server: start and stop, connections, rate limit and command."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

import local.tiktok_simulator
from local.loopback import certificate
from local.tiktok_simulator import (
    Advertiser,
    DemoAdvertiser,
    DemoToken,
    Fault,
    FaultKind,
    Identity,
    Simulator,
    Token,
    World,
)
from tests.support.patience import FOREVER, GENEROUS_SECONDS

ROOT = Path(local.tiktok_simulator.__file__).parents[2]
OWNER = {"Access-Token": DemoToken.OWNER}


def user_info(simulator: Simulator) -> int:
    response = requests.get(f"{simulator.base_url}/user/info/", headers=OWNER, timeout=5)
    code: int = response.json()["code"]
    return code


class TestLife:
    def test_addresses(self) -> None:
        """Each running simulator has an address with its own port."""
        with Simulator() as one, Simulator(host="localhost") as other:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/open_api/v1\.3", one.base_url)
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/_simulator", one.control_url)
            assert one.base_url != other.base_url

    def test_not_started(self) -> None:
        """A simulator has no address before its start and after its stop."""
        simulator = Simulator()
        with pytest.raises(RuntimeError, match="not started"):
            _ = simulator.base_url
        simulator.start().stop()
        with pytest.raises(RuntimeError, match="not started"):
            _ = simulator.base_url
        simulator.stop()

    def test_start_again(self) -> None:
        """A second start changes nothing; a stopped simulator can be started again."""
        with Simulator() as simulator:
            address = simulator.base_url
            assert simulator.start().base_url == address
            simulator.stop()
            simulator.start()
            assert user_info(simulator) == 0

    @pytest.mark.parametrize("host", [str(ip_address(0)), "", "192.168.1.1", "example.com"])
    def test_loopback_only(self, host: str) -> None:
        """The simulator listens on loopback only."""
        with pytest.raises(ValueError, match="only"):
            Simulator(host=host)

    def test_port_taken(self) -> None:
        """A taken port is an OSError."""
        with Simulator() as simulator:
            port = urlsplit(simulator.base_url).port
            assert port is not None
            with pytest.raises(OSError, match="in use"):
                Simulator(port=port).start()

    def test_stop_while_hanging(self) -> None:
        """Stopping does not wait for hanging, slow or idle connections."""
        with Simulator() as simulator, ThreadPoolExecutor(3) as pool:
            simulator.faults.add(Fault(path="user/info/", kind=FaultKind.HANG, seconds=FOREVER, times=1))
            simulator.faults.add(Fault(path="user/info/", kind=FaultKind.SLOW_DRIP, seconds=FOREVER, times=1))
            session = requests.Session()
            session.get(f"{simulator.control_url}/health", timeout=5)
            asked = [pool.submit(user_info, simulator) for _ in range(2)]
            while len(simulator.requests) < 2:
                time.sleep(0.005)
            start = time.monotonic()
            simulator.stop()
            for future in asked:
                assert isinstance(future.exception(timeout=2), requests.RequestException)
            session.close()
            assert time.monotonic() - start < GENEROUS_SECONDS

    def test_own_world(self) -> None:
        """A simulator uses the given world, and a reset restores its initial state."""
        world = World(
            tokens={"t": Token("t", "u", ("5",))},
            advertisers={"5": Advertiser("5", "Own", identities=[Identity("9", "CUSTOMIZED_USER", "Own")])},
        )
        with Simulator(world) as simulator:
            assert simulator.world is world
            simulator.world.advertisers["5"].identities.clear()
            simulator.reset()
            answer = requests.get(
                f"{simulator.base_url}/identity/get/",
                params={"advertiser_id": "5"},
                headers={"Access-Token": "t"},
                timeout=5,
            ).json()
            assert [row["identity_id"] for row in answer["data"]["identity_list"]] == ["9"]
            listed = requests.get(f"{simulator.control_url}/advertisers", timeout=5).json()
            assert listed["advertisers"] == [{"advertiser_id": "5", "name": "Own", "description": "", "users": ["u"]}]


class TestConnections:
    def test_keep_alive(self) -> None:
        """One connection serves many requests, including errors and refused bodies, without delays."""
        with Simulator() as simulator:
            address = urlsplit(simulator.base_url)
            connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
            connection.connect()
            first = connection.sock
            start = time.monotonic()
            for _ in range(100):
                for method, path in (
                    ("GET", "user/info/"),
                    ("POST", "user/info/"),
                    ("GET", "no"),
                    ("HEAD", "no"),
                ):
                    connection.request(method, f"{address.path}/{path}", body=b"x" * 5000, headers=OWNER)
                    connection.getresponse().read()
                    assert connection.sock is first
            # With Nagle's algorithm each response would wait 40 ms for the client's acknowledgement: 16 s in total.
            assert time.monotonic() - start < GENEROUS_SECONDS
            connection.close()

    def test_parallel(self) -> None:
        """Many requests are handled in parallel."""
        with Simulator(latency=0.5) as simulator, ThreadPoolExecutor(20) as pool:
            start = time.monotonic()
            assert set(pool.map(lambda _: user_info(simulator), range(20))) == {0}
            assert 0.5 <= time.monotonic() - start < GENEROUS_SECONDS

    def test_ids_among_threads(self) -> None:
        """Identities created in parallel have unique ids."""
        with Simulator() as simulator, ThreadPoolExecutor(8) as pool:

            def create(_: int) -> str:
                answer = requests.post(
                    f"{simulator.base_url}/identity/create/",
                    json={"advertiser_id": DemoAdvertiser.NOTHING, "display_name": "Acme"},
                    headers={"Access-Token": DemoToken.MEDIA_BUYER},
                    timeout=5,
                ).json()
                identity_id: str = answer["data"]["identity_id"]
                return identity_id

            assert len(set(pool.map(create, range(24)))) == 24
            assert len(simulator.world.advertisers[DemoAdvertiser.NOTHING].identities) == 24

    def test_tls(self, tmp_path: Path) -> None:
        """With a certificate it uses TLS, even while another client does not start its handshake."""
        public, context = certificate(tmp_path, "127.0.0.1")
        with Simulator(ssl_context=context) as simulator:
            assert simulator.base_url.startswith("https://")
            port = urlsplit(simulator.base_url).port or 0
            with socket.create_connection(("127.0.0.1", port)):
                response = requests.get(
                    f"{simulator.base_url}/user/info/", headers=OWNER, verify=str(public), timeout=5
                )
                assert response.json()["code"] == 0
            simulator.faults.add(Fault(path="*", kind=FaultKind.RESET_AFTER))
            with pytest.raises(requests.ConnectionError):
                requests.get(f"{simulator.base_url}/user/info/", headers=OWNER, verify=str(public), timeout=5)


class TestRateLimit:
    def test_per_endpoint(self) -> None:
        """A request above the limit is 40100 for any token, per endpoint and for one second."""
        with Simulator(rate_limit_qps=3) as simulator:
            codes = [user_info(simulator) for _ in range(4)]
            assert codes == [0, 0, 0, 40100]
            other = {"Access-Token": DemoToken.MANAGER}
            answers = [
                requests.get(f"{simulator.base_url}/{path}", headers=other, timeout=5)
                for path in ("user/info/", "bc/get/")
            ]
            assert [answer.json()["code"] for answer in answers] == [40100, 0]
            assert "Retry-After" not in answers[0].headers
            time.sleep(1)
            assert user_info(simulator) == 0

    def test_refused(self) -> None:
        """A limit below one request per second is refused."""
        with pytest.raises(ValueError, match="1 or more"):
            Simulator(rate_limit_qps=0)


class TestCommand:
    def run(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "local.tiktok_simulator", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_serves(self, number: signal.Signals) -> None:
        """The command prints its address in one line, serves requests, and ends without output."""
        process = self.run("--port", "0")
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert requests.get(f"{address}/user/info/", headers=OWNER, timeout=5).json()["code"] == 0
        process.send_signal(number)
        assert process.communicate(timeout=5) == ("", "")
        assert process.returncode == 0

    def test_port_taken(self) -> None:
        """A taken port causes a one-line message and exit code 1."""
        with Simulator() as simulator:
            port = urlsplit(simulator.base_url).port
            process = self.run("--port", str(port))
            output, errors = process.communicate(timeout=5)
        assert (output, process.returncode) == ("", 1)
        assert errors.count("\n") == 1
        assert f"127.0.0.1:{port}" in errors

"""The transport over TLS, with a test certificate."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from local.loopback import certificate
from local.tiktok_simulator import Simulator
from tests.support.scripted_tiktok import TOKEN
from tests.unit.tiktok_business.conftest import ADVERTISER_ID, one_advertiser
from tiktok_business.deadline import Deadline
from tiktok_business.errors import UnavailableError
from tiktok_business.transport import RawAnswer, RequestsTransport

PARALLEL = 4


class CountingContext(ssl.SSLContext):
    """A client context that counts its connections and the times it loads certificates."""

    wrapped = 0
    read = 0

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        self.wrapped += 1
        return super().wrap_socket(*args, **kwargs)

    def load_verify_locations(self, *args: Any, **kwargs: Any) -> None:
        self.read += 1
        super().load_verify_locations(*args, **kwargs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the certificates."""
    return tmp_path_factory.mktemp("certificates")


def send(transport: RequestsTransport) -> RawAnswer:
    """Request the advertiser's apps."""
    return transport.send(
        "GET",
        "app/list/",
        token=SecretStr(TOKEN),
        deadline=Deadline.after(5),
        params={"advertiser_id": ADVERTISER_ID},
    )


def test_one_context(folder: Path) -> None:
    """All connections, even of other threads, share one context, which loads certificates once."""
    public, server_context = certificate(folder, "127.0.0.1")
    context = CountingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=public)
    with (
        Simulator(one_advertiser(), ssl_context=server_context, latency=0.1) as tiktok,
        ThreadPoolExecutor(PARALLEL) as threads,
    ):
        transport = RequestsTransport(tiktok.base_url, context)
        answers = list(threads.map(lambda _: send(transport), range(PARALLEL)))
        assert context.wrapped == PARALLEL
        answers += list(threads.map(lambda _: send(transport), range(PARALLEL)))
    assert [answer.status for answer in answers] == [200] * 2 * PARALLEL
    assert context.wrapped == PARALLEL
    assert context.read == 1


def test_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a given context, certificates are checked against the CA bundle of `requests`."""
    public, server_context = certificate(folder, "127.0.0.1")
    with Simulator(one_advertiser(), ssl_context=server_context) as tiktok:
        with pytest.raises(UnavailableError):
            send(RequestsTransport(tiktok.base_url))
        assert len(tiktok.requests) == 0
        monkeypatch.setattr("requests.utils.DEFAULT_CA_BUNDLE_PATH", str(public))  # the default is tested
        assert send(RequestsTransport(tiktok.base_url)).status == 200


def test_other_host(folder: Path) -> None:
    """A certificate of another host is rejected before the token is sent."""
    public, server_context = certificate(folder, "127.0.0.2")
    context = ssl.create_default_context(cafile=public)
    with Simulator(one_advertiser(), ssl_context=server_context) as tiktok:
        with pytest.raises(UnavailableError):
            send(RequestsTransport(tiktok.base_url, context))
        assert len(tiktok.requests) == 0

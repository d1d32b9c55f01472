"""The transport over TLS, with a certificate made for these tests."""

import datetime as dt
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from local.tiktok_simulator import Simulator
from tests.unit.tiktok_business.conftest import ADVERTISER_ID, one_advertiser
from tests.unit.tiktok_business.fakes import TOKEN
from tiktok_business.deadline import Deadline
from tiktok_business.errors import UnavailableError
from tiktok_business.transport import RawAnswer, RequestsTransport

PARALLEL = 4


def certificate(folder: Path, address: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for ``address``, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated TikTok")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{address}.crt", folder / f"{address}.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


class CountingContext(ssl.SSLContext):
    """A client's context that counts the connections made with it and the times it reads certificates."""

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
    """Where the certificates are."""
    return tmp_path_factory.mktemp("certificates")


def send(transport: RequestsTransport) -> RawAnswer:
    """Ask for the advertiser's apps."""
    return transport.send(
        "GET",
        "app/list/",
        token=SecretStr(TOKEN),
        deadline=Deadline.after(5),
        params={"advertiser_id": ADVERTISER_ID},
    )


def test_one_context(folder: Path) -> None:
    """All connections, those of other threads too, are made with one context, which reads no certificate again."""
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
    """Without a context of the caller's, certificates are checked against the bundle that `requests` brings."""
    public, server_context = certificate(folder, "127.0.0.1")
    with Simulator(one_advertiser(), ssl_context=server_context) as tiktok:
        with pytest.raises(UnavailableError):
            send(RequestsTransport(tiktok.base_url))
        assert len(tiktok.requests) == 0
        monkeypatch.setattr("requests.utils.DEFAULT_CA_BUNDLE_PATH", str(public))
        assert send(RequestsTransport(tiktok.base_url)).status == 200


def test_other_host(folder: Path) -> None:
    """A certificate of another host is refused before the token is sent."""
    public, server_context = certificate(folder, "127.0.0.2")
    context = ssl.create_default_context(cafile=public)
    with Simulator(one_advertiser(), ssl_context=server_context) as tiktok:
        with pytest.raises(UnavailableError):
            send(RequestsTransport(tiktok.base_url, context))
        assert len(tiktok.requests) == 0

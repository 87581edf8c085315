"""The guarded client over TLS: the name is what is asked for and what the certificate must say."""

import datetime
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboard.lib.clock import now
from dashboard.lib.outbound import Outbound, system_tls
from dashboard.lib.outbound_errors import DeadlinePassed, TlsFailed
from tests.lib.talkers import answer, drips, says, talking

LOOPBACK = ("127.0.0.0/8",)


def made(folder: Path, name: str) -> Path:
    """Key and certificate of a server, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = now() - datetime.timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(encoding))
    return path


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tls"), "shop.example")


@pytest.fixture
def server(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def client(pem: Path) -> Outbound:
    trusting = ssl.create_default_context(cafile=str(pem))
    return Outbound(LOOPBACK, resolver=lambda _host, _port: ["127.0.0.1"], tls=trusting)


def test_the_name_is_kept_for_tls_and_host(server: ssl.SSLContext, client: Outbound) -> None:
    asked: list[str | None] = []
    server.sni_callback = lambda _connection, name, _context: asked.append(name)
    with talking(says(answer(b"hello")), server) as talker:
        url = talker.url(host="shop.example", scheme="https")
        with client.request("GET", url) as response:
            assert response.read() == b"hello"
    assert asked == ["shop.example"]
    assert f"Host: shop.example:{talker.port}\r\n" in talker.heard[0]


def test_a_certificate_for_another_name_is_refused(
    server: ssl.SSLContext, client: Outbound
) -> None:
    with talking(says(answer(b"hello")), server) as talker:
        url = talker.url(host="other.example", scheme="https")
        with pytest.raises(TlsFailed, match="mismatch"), client.request("GET", url):
            pass
    assert talker.heard == []


def test_an_unknown_authority_is_refused(server: ssl.SSLContext) -> None:
    client = Outbound(LOOPBACK, resolver=lambda _host, _port: ["127.0.0.1"])
    with talking(says(answer(b"hello")), server) as talker:
        url = talker.url(host="shop.example", scheme="https")
        with pytest.raises(TlsFailed, match="not trusted"), client.request("GET", url):
            pass


def test_a_server_without_tls_is_told(client: Outbound) -> None:
    with talking(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as talker:
        url = talker.url(host="shop.example", scheme="https")
        with pytest.raises(TlsFailed, match="encrypted"), client.request("GET", url):
            pass


def test_the_deadline_holds_over_tls(server: ssl.SSLContext, client: Outbound) -> None:
    with talking(drips(b"a", b"HTTP/1.1 200 OK\r\n\r\n"), server) as talker:
        url = talker.url(host="shop.example", scheme="https")
        call = client.request("GET", url, deadline=0.3)
        with pytest.raises(DeadlinePassed), call as response:
            response.read()


def test_the_deadline_holds_during_the_handshake(client: Outbound) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://shop.example:{silent.getsockname()[1]}/"
        with pytest.raises(DeadlinePassed), client.request("GET", url, deadline=0.3):
            pass


def test_the_machine_s_own_authorities_are_asked() -> None:
    assert system_tls().verify_mode is ssl.CERT_REQUIRED
    assert system_tls().check_hostname

"""Messages, and handing them to a real server on loopback: plain, with TLS, slow, unwilling."""

import socket
import ssl
import threading
import time
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dashboard.lib.clock import now
from dashboard.lib.mail import Attachment, MailRefused, MailUnavailable, SmtpServer, compose, send

HELLO = {"text": "Hello", "html": "<p>Hello</p>", "message_id": "a.1@example.org"}


class Inbox:
    """Takes mail; `said` is what it answers to the data or to an address that is in it."""

    def __init__(self):
        self.mails, self.said, self.users = [], {}, []

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.said.get(address, "250 OK")

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope, session.ssl is not None))
        return self.said.get("data", "250 OK")

    def authenticate(self, server, session, envelope, mechanism, data):
        self.users.append((data.login, data.password))
        return AuthResult(success=data.password == b"p:w", handled=False)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def serve():
    """Starts servers: `serve(**options of aiosmtpd)` gives their inbox and port."""
    running = []

    def serve(**options):
        inbox = Inbox()
        port, own = free_port(), {"authenticator": inbox.authenticate, **options}
        server = Controller(inbox, "127.0.0.1", port, **own)
        server.start()
        running.append(server)
        return inbox, port

    yield serve
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of localhost, signed by itself: (a server's context, the file that trusts it)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now() - timedelta(1)).not_valid_after(now() + timedelta(1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    path, own = tmp_path_factory.mktemp("tls") / "cert.pem", serialization.Encoding.PEM
    secret = key.private_bytes(own, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(signed.public_bytes(own) + secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context, path


def hello(to="ann@example.org", **values):
    return compose("Engine <e@example.org>", to, "Hi", **{**HELLO, **values})


def test_a_message_in_text_html_and_with_a_file():
    file = Attachment("a b.csv", "text/csv", b"a\n1\n")
    mail = hello(attachments=[file])
    parts = [part.get_content_type() for part in mail.walk()]
    assert parts == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/csv",
    ]
    assert (mail["From"], mail["To"]) == ("Engine <e@example.org>", "ann@example.org")
    assert mail["Message-ID"] == "<a.1@example.org>"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a b.csv"]


def test_no_header_can_be_slipped_in():
    mail = compose("e@example.org", "a@example.org", "Hi\r\nBcc: x@example.org", **HELLO)
    assert mail["Subject"] == "Hi Bcc: x@example.org"
    assert mail["Bcc"] is None


def test_it_arrives(serve):
    inbox, port = serve()
    send(f"smtp://127.0.0.1:{port}", hello())
    [(envelope, secure)] = inbox.mails
    assert envelope.rcpt_tos == ["ann@example.org"]
    assert b"Hello" in envelope.content
    assert not secure


def test_lines_arrive_as_they_are(serve):
    inbox, port = serve()
    lines = "From month: 2013-01\n.\n..\nEnd\n"
    send(f"smtp://127.0.0.1:{port}", hello(text=lines))
    content = inbox.mails[0][0].content
    assert b"\r\nFrom month: 2013-01\r\n.\r\n..\r\nEnd\r\n" in content


def test_letters_of_other_languages_are_for_names_only():
    with pytest.raises(MailRefused, match="jörg"):
        hello("jörg@example.org")
    assert str(hello(text="Grüße")["To"]) == "ann@example.org"


def test_starttls_is_used_when_offered_and_the_certificate_checked(serve, certificate, monkeypatch):
    context, path = certificate
    inbox, port = serve(tls_context=context)
    with pytest.raises(MailUnavailable, match="certificate"):
        send(f"smtp://localhost:{port}", hello())
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    send(f"smtp://me%40x:p%3Aw@localhost:{port}?tls=required", hello())
    assert [secure for _, secure in inbox.mails] == [True]
    assert inbox.users == [(b"me@x", b"p:w")]


def test_tls_from_the_start(serve, certificate, monkeypatch):
    context, path = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    inbox, port = serve(ssl_context=context, server_hostname="localhost")
    send(f"smtps://localhost:{port}", hello())
    assert len(inbox.mails) == 1


def test_no_password_goes_out_in_the_open(serve, monkeypatch):
    inbox, port = serve(auth_require_tls=False)
    monkeypatch.setattr(SmtpServer, "is_here", property(lambda _: False))
    with pytest.raises(MailUnavailable, match="offers no TLS"):
        send(f"smtp://me:secret@127.0.0.1:{port}", hello())
    assert inbox.users == []


def test_a_wrong_password_is_not_named(serve):
    _, port = serve(auth_require_tls=False)
    with pytest.raises(MailUnavailable, match="user or password") as caught:
        send(f"smtp://me:secret@127.0.0.1:{port}", hello())
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("place", "said", "error"),
    [
        ("ann@example.org", "550 No such user", MailRefused),
        ("ann@example.org", "451 Try later", MailUnavailable),
        ("data", "554 Looks like spam", MailRefused),
        ("data", "452 Full", MailUnavailable),
    ],
)
def test_what_the_server_says_is_told(serve, place, said, error):
    inbox, port = serve()
    inbox.said[place] = said
    with pytest.raises(error, match=said[4:]):
        send(f"smtp://127.0.0.1:{port}", hello())


def test_nobody_there():
    with pytest.raises(MailUnavailable, match=r"127\.0\.0\.1:9 cannot be used"):
        send("smtp://127.0.0.1:9", hello())


def test_a_server_that_drips_is_left_at_the_deadline():
    """A byte now and then, so that no single wait is too long."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip():
            connection, _ = server.accept()
            with connection:
                while not done.wait(0.05):
                    try:
                        connection.send(b"2")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(MailUnavailable, match="no answer within"):
            send(f"smtp://127.0.0.1:{server.getsockname()[1]}", hello(), seconds=0.3)
        assert time.monotonic() - began < 3
        done.set()
        thread.join()


def test_a_wrong_choice_of_tls_is_said():
    with pytest.raises(MailRefused, match="offered, required or never"):
        send("smtp://localhost?tls=maybe", hello())

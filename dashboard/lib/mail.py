"""Mail by SMTP: messages as bytes, and one call that hands a message to a server in time."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from dashboard.errors import JobEngineError
from dashboard.lib.clock import now

SECONDS = 20.0
PORTS = {"smtp": 25, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailRefused(JobEngineError):
    """The server said no for good: to us, to the sender or to an address."""

    code = "mail_refused"


class MailUnavailable(JobEngineError):
    """It may be taken later."""

    code = "mail_unavailable"
    permanent = False


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    data: bytes


def compose(
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    *,
    message_id: str,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """A message of text and HTML to one address. `sender` may be `Name <address>`.

    `message_id` (without brackets) is the same each time it is sent: mail programs show it once.
    Raises MailRefused for an address that is not in ASCII, which few servers take.
    """
    if not to.isascii():
        raise MailRefused(f"{to} has letters that mail servers do not take in an address.")
    message = EmailMessage()
    name, address = parseaddr(sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{message_id}>"
    # No "out of office" comes back.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for attachment in attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        message.add_attachment(
            attachment.data, maintype=kind, subtype=subtype, filename=attachment.name
        )
    return message


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`smtp://` goes over to TLS where the server offers it (`?tls=required`: or not at all;
    `?tls=never`), `smtps://` begins with it. Certificates are checked.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    implicit_tls: bool = False
    tls: str = "offered"

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        parts = urlsplit(url)
        tls = parse_qs(parts.query).get("tls", ["offered"])[0]
        if tls not in ("offered", "required", "never"):
            raise MailRefused("SMTP_URL: tls is offered, required or never.")
        return cls(
            host=parts.hostname or "",
            port=parts.port or PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=parts.scheme == "smtps",
            tls=tls,
        )

    @property
    def is_here(self) -> bool:
        return self.host in LOOPBACK


def send(url: str, message: EmailMessage, *, seconds: float = SECONDS) -> None:
    """Hand it over, within `seconds` in all however slowly the server answers.

    Raises MailRefused, MailUnavailable; neither names the password.
    """
    server, deadline = SmtpServer.from_url(url), time.monotonic() + seconds
    where = f"The mail server {server.host}:{server.port}"
    try:
        with TimedClient(server, deadline) as client:
            hand_over(client, message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if time.monotonic() >= deadline:
            raise MailUnavailable(f"{where} gave no answer within {seconds:g} s.") from None
        raise explained(error, where) from None


def hand_over(client: smtplib.SMTP, message: EmailMessage) -> None:
    """Not by `send_message`, which writes ">From" where a line begins with "From"."""
    sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
    policy = message.policy.clone(linesep="\r\n")
    client.sendmail(sender, [to], message.as_bytes(policy=policy))


def explained(error: Exception, where: str) -> JobEngineError:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailUnavailable(f"{where} refuses the user or password of SMTP_URL.")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return refusal(code, f"{where} does not take mail for this address: {plain(said)}.")
    if isinstance(error, smtplib.SMTPResponseException):
        return refusal(error.smtp_code, f"{where} said: {plain(error.smtp_error)}.")
    return MailUnavailable(f"{where} cannot be used: {plain(str(error)) or 'no answer'}.")


class TimedClient:
    """A signed-in connection whose socket is shut at the deadline, whatever it waits for."""

    def __init__(self, server: SmtpServer, deadline: float) -> None:
        self.server, self.left = server, max(deadline - time.monotonic(), 0.1)
        self.client: Any = None
        self.timer = threading.Timer(self.left, self.shut)

    def __enter__(self) -> smtplib.SMTP:
        self.timer.daemon = True
        self.timer.start()
        try:
            self.connect()
            self.secure()
            if self.server.user:
                self.client.login(self.server.user, self.server.password)
        except BaseException:
            self.__exit__()
            raise
        client: smtplib.SMTP = self.client
        return client

    def connect(self) -> None:
        """`client` is known before it connects, so that waiting for a greeting ends too."""
        how: dict[str, Any] = {"local_hostname": socket.gethostname(), "timeout": self.left}
        kind: Any = smtplib.SMTP
        if self.server.implicit_tls:
            kind, how["context"] = smtplib.SMTP_SSL, ssl.create_default_context()
        self.client = kind.__new__(kind)
        self.client.__init__(self.server.host, self.server.port, **how)

    def secure(self) -> None:
        """Raises MailUnavailable rather than send a password anybody could read."""
        if self.server.implicit_tls:
            return
        self.client.ehlo()
        if self.server.tls != "never" and self.client.has_extn("starttls"):
            self.client.starttls(context=ssl.create_default_context())
            self.client.ehlo()
        elif self.server.tls == "required" or (self.server.user and not self.server.is_here):
            raise MailUnavailable(
                f"The mail server {self.server.host} offers no TLS, so the password of SMTP_URL is"
                " not sent. Use smtps://, or a server that offers STARTTLS."
            )

    def shut(self) -> None:
        if sock := getattr(self.client, "sock", None):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *_error: object) -> None:
        if self.client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.client.quit()
            self.client.close()
        self.timer.cancel()


def refusal(code: int, message: str) -> JobEngineError:
    """A 5xx is for good, all else for now."""
    return MailRefused(message) if code >= 500 else MailUnavailable(message)


def plain(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200].rstrip(".")

"""Servers on loopback that say exactly what a test wants them to, well-behaved or not."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

TLS_HELLO = b"\x16"
Talk = Callable[[socket.socket], None]


@dataclass
class Talker:
    """`heard` holds the head of each request; `port` is where it listens."""

    port: int
    heard: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[Talker]:
    """Answers each connection, in a thread, by `talk`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        talker = Talker(listener.getsockname()[1])

        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
                with wrapped:
                    talker.heard.append(head_of(wrapped))
                    talk(wrapped)

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield talker
        talker.done.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def head_of(connection: socket.socket) -> str:
    """The request's head and as much of its body as came along."""
    data = b""
    while b"\r\n\r\n" not in data and not data.startswith(TLS_HELLO):
        piece = connection.recv(65_536)
        if not piece:
            break
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "content-length":
            while len(body) < int(value):
                body += connection.recv(65_536)
    return (head + b"\r\n\r\n" + body).decode("latin-1")


def says(*parts: bytes) -> Talk:
    """Sends these and closes."""

    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return talk


def words(text: str) -> list[str]:
    """A list written in lines."""
    return text.split()


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; `content_type="…"` becomes Content-Type."""
    named = {"content_length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in named.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def drips(parts: bytes, begin: bytes = b"", gap: float = 0.05) -> Talk:
    """Sends `begin`, and after that one byte at a time for as long as it is let."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(begin)
        pause = threading.Event()
        while True:
            for byte in parts:
                connection.sendall(bytes([byte]))
                pause.wait(gap)

    return talk


def hangs(begin: bytes = b"") -> Talk:
    """Sends `begin` and then nothing, until the other side gives up."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(begin)
        connection.recv(1)

    return talk

"""What a browser does, over plain HTTP: sign in, send a form with a file, fetch a fragment."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from bench.services import BenchFailed, Service, wait_for, web_server

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PIECE = 1 << 20


class Browser:
    """One person's session; a connection for each request, since the server closes idle ones."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, str, str]:
        """Status, Location and text."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request(method, path, body, sent)  # type: ignore[arg-type]  # any iterable
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), text

    def token(self, page: str) -> str:
        """The page's CSRF token."""
        status, _, text = self.ask("GET", page)
        found = TOKEN.search(text)
        if found is None:
            raise BenchFailed(f"GET {page}: {status}, no form")
        return found[1]

    def sign_in(self, email: str, password: str) -> None:
        fields = {"csrf_token": self.token("/login"), "email": email, "password": password}
        body, kind = form(fields)
        status, _, text = self.ask("POST", "/login", body, Content_Type=kind)
        if status != 303:
            raise BenchFailed(f"sign-in: {status} {text[:300]}")

    def upload(self, job_type: str, name: str, stream: BinaryIO, size: int) -> int:
        """Through the form of /imports/new, in pieces; the id of the job it made."""
        fields = {"csrf_token": self.token("/imports/new"), "type": job_type}
        head, kind = form(fields, name)
        tail = f"\r\n--{kind.partition('=')[2]}--\r\n".encode()
        length = str(len(head) + size + len(tail))
        status, location, text = self.ask(
            "POST",
            "/imports",
            pieces(head, stream, size, tail),
            Content_Type=kind,
            Content_Length=length,
        )
        if status != 303:
            raise BenchFailed(f"upload: {status} {text[:300]}")
        return int(location.rstrip("/").rpartition("/")[2])


def form(fields: dict[str, str], file: str = "") -> tuple[bytes, str]:
    """A multipart body and its content type; with `file`, open for the file's bytes to follow."""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    if file:
        named = f'name="file"; filename="{file}"'
        parts.append(
            f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\n"
            "Content-Type: text/csv\r\n\r\n"
        )
    else:
        parts.append(f"--{boundary}--\r\n")
    return "".join(parts).encode(), f"multipart/form-data; boundary={boundary}"


def pieces(head: bytes, stream: BinaryIO, size: int, tail: bytes) -> Iterator[bytes]:
    yield head
    while size:
        piece = stream.read(min(PIECE, size))
        size -= len(piece)
        yield piece
    yield tail


@contextmanager
def web(environ: dict[str, str], folder: Path) -> Iterator[tuple[Service, int]]:
    """The real web process on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = web_server(environ, folder, port)
    service.start()
    try:
        wait_for(lambda: answers(port), 30, "the web process", [service])
        yield service, port
    finally:
        service.stop()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False

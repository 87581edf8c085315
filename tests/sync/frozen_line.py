"""A line to a server that can freeze: it stays open, and nothing comes through any more."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Line:
    port: int
    frozen: threading.Event = field(default_factory=threading.Event)


@contextmanager
def line_to(host: str, port: int) -> Iterator[Line]:
    """Passes on what both sides say until it is frozen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line, ends = Line(listener.getsockname()[1]), []

        def pass_on(source: socket.socket, sink: socket.socket) -> None:
            with suppress(OSError):
                while (data := source.recv(65_536)) and not line.frozen.is_set():
                    sink.sendall(data)
                if not line.frozen.is_set():
                    sink.shutdown(socket.SHUT_WR)

        def listen() -> None:
            with suppress(OSError):
                while True:
                    pair = listener.accept()[0], socket.create_connection((host, port))
                    ends.extend(pair)
                    for source, sink in (pair, pair[::-1]):
                        threading.Thread(target=pass_on, args=(source, sink), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield line
        listener.shutdown(socket.SHUT_RDWR)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

"""The guarded client against servers that never end, lie about lengths or send too much."""

import gzip
import socket
import time
import zlib

import pytest

from dashboard.errors import LeaseLost
from dashboard.lib.outbound import Outbound
from dashboard.lib.outbound_errors import (
    BadAnswer,
    BadStatus,
    BodyCutOff,
    BodyTooLarge,
    DeadlinePassed,
    NotReachable,
    OutboundError,
)
from tests.lib.talkers import Talk, answer, drips, hangs, says, talking

CLIENT = Outbound(("127.0.0.0/8",))
OK = b"HTTP/1.1 200 OK\r\n"
OPEN = OK + b"\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def fetched(talk: Talk, **options: object) -> bytes:
    with talking(talk) as talker, CLIENT.request("GET", talker.url(), **options) as response:
        return response.read()


SLOW = {
    "says nothing": hangs(),
    "stops in its status": hangs(b"HTTP/1."),
    "stops in its headers": hangs(OK + b"A: b\r\n"),
    "stops in its body": hangs(OK + b"Content-Length: 10\r\n\r\nabc"),
    "drips its status": drips(b"HTTP/1.1 200 O"),
    "drips a header": drips(b"a", OK + b"A: "),
    "drips headers": drips(b"A: b\r\n", OK),
    "drips a sized body": drips(b"a", OK + b"Content-Length: 100000\r\n\r\n"),
    "drips a body without a size": drips(b"a", OPEN),
    "drips chunks": drips(b"1\r\na\r\n", CHUNKED),
    "drips a chunk's size": drips(b"0", CHUNKED),
    "drips continues": drips(b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("talk", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_whatever_the_server_does(talk: Talk) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlinePassed, match=r"within 0\.3 seconds"):
        fetched(talk, deadline=0.3)
    assert time.monotonic() - began < 5


def test_silence_is_not_waited_out() -> None:
    with pytest.raises(DeadlinePassed, match=r"nothing for 0\.2 seconds"):
        fetched(hangs(OPEN), deadline=30, idle=0.2)


def test_the_deadline_holds_while_a_name_is_looked_up() -> None:
    slow = Outbound(resolver=lambda _host, _port: time.sleep(0.4) or [])
    with pytest.raises(DeadlinePassed), slow.request("GET", "https://shop.example/", deadline=0.1):
        pass


def test_the_deadline_holds_while_sending() -> None:
    with talking(hangs()) as talker:
        big = CLIENT.request("POST", talker.url(), body=b"a" * (16 << 20), deadline=0.3)
        with pytest.raises(DeadlinePassed), big:
            pass


def endless(connection: socket.socket) -> None:
    connection.sendall(OPEN)
    while True:
        connection.sendall(b"a" * 65_536)


ZEROS = gzip.compress(b"\0" * (8 << 20))
LARGE = {
    "a gigabyte": says(OK + b"Content-Length: 1073741824\r\n\r\n" + b"a" * 200_000),
    "no end": endless,
    "endless chunks": says(CHUNKED + (b"4000\r\n" + b"a" * 0x4000 + b"\r\n") * 20),
    "a gzip bomb": says(answer(ZEROS, content_encoding="gzip")),
    "bombs in a row": says(answer(gzip.compress(b"a" * 60_000) * 3, content_encoding="gzip")),
}


@pytest.mark.parametrize("talk", LARGE.values(), ids=LARGE)
def test_a_body_over_the_limit_is_refused(talk: Talk) -> None:
    with pytest.raises(BodyTooLarge, match="100,000 bytes"):
        fetched(talk, deadline=5, max_bytes=100_000)


def test_the_limit_itself_is_allowed() -> None:
    assert len(fetched(says(answer(b"a" * 1000)), max_bytes=1000)) == 1000


CUT_OFF = {
    "short of its length": says(OK + b"Content-Length: 10\r\n\r\nabc"),
    "no last chunk": says(CHUNKED + b"3\r\nabc\r\n"),
    "inside a chunk": says(CHUNKED + b"9\r\nabc"),
    "a gzip without its end": says(answer(gzip.compress(b"abc")[:-5], content_encoding="gzip")),
}


@pytest.mark.parametrize("talk", CUT_OFF.values(), ids=CUT_OFF)
def test_a_part_of_a_body_is_not_taken_for_the_whole(talk: Talk) -> None:
    with pytest.raises(BodyCutOff):
        fetched(talk, deadline=5)


ODD: dict[str, tuple[Talk, type[OutboundError]]] = {
    "closes": (says(), NotReachable),
    "is no HTTP": (says(b"220 mail.example ESMTP\r\n"), BadAnswer),
    "a line without end": (says(OK + b"A: " + b"b" * 70_000 + b"\r\n\r\n"), BadAnswer),
    "too many headers": (says(OK + b"A: b\r\n" * 200 + b"\r\n"), BadAnswer),
    "large headers": (says(OK + (b"A: " + b"b" * 9_000 + b"\r\n") * 9 + b"\r\n"), BadAnswer),
    "packed otherwise": (says(answer(b"abc", content_encoding="br")), BadAnswer),
    "damaged gzip": (says(answer(b"abcdefghijkl", content_encoding="gzip")), BadAnswer),
    "no chunk's size": (says(CHUNKED + b"zz\r\nabc\r\n"), BodyCutOff),
}


@pytest.mark.parametrize(("talk", "error"), ODD.values(), ids=ODD)
def test_answers_that_are_none(talk: Talk, error: type[OutboundError]) -> None:
    with pytest.raises(error):
        fetched(talk, deadline=5)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_packed_bodies_are_unpacked(encoding: str) -> None:
    packed = gzip.compress(b"abc" * 50_000) + gzip.compress(b"d")
    talk = says(answer(packed, content_encoding=encoding))
    assert fetched(talk, deadline=5) == b"abc" * 50_000 + b"d"


def test_an_empty_body_need_not_be_packed() -> None:
    assert fetched(says(answer(b"", content_encoding="gzip")), deadline=5) == b""


def test_other_statuses_are_answers() -> None:
    talk = says(answer(b"no", "404 Not Found"))
    with talking(talk) as talker, CLIENT.request("GET", talker.url()) as response:
        assert (response.status, response.read()) == (404, b"no")
        with pytest.raises(BadStatus, match="status 404") as bad:
            response.raise_for_status()
    assert (bad.value.details, bad.value.permanent) == ({"status": 404}, True)


def test_a_caller_that_is_stopped_stops() -> None:
    def stopped() -> None:
        raise LeaseLost("elsewhere")

    with pytest.raises(LeaseLost):
        fetched(says(answer(b"abc")), check=stopped)


def test_what_is_sent() -> None:
    with talking(says(answer(status="204 No Content"))) as talker:
        sent = {"Content-Type": "application/json", "X-Key": "k"}
        with CLIENT.request("POST", talker.url("/hook?a=b"), headers=sent, body=b"{}") as response:
            assert response.status == 204
    head, _, body = talker.heard[0].partition("\r\n\r\n")
    assert head.startswith("POST /hook?a=b HTTP/1.1\r\n")
    assert "X-Key: k" in head
    assert body == "{}"


@pytest.mark.parametrize(
    "headers", [{"Host": "a"}, {"content-length": "9"}, {"A": "b\r\nC: d"}, {"A b": "c"}, {"": "a"}]
)
def test_headers_that_would_change_the_message_are_refused(headers: dict[str, str]) -> None:
    call = CLIENT.request("GET", "http://127.0.0.1/", headers=headers)
    with pytest.raises(ValueError, match="header"), call:
        pass


def test_deflate_without_its_wrapper_is_no_gzip() -> None:
    with pytest.raises(BadAnswer, match="gzip is damaged"):
        fetched(says(answer(zlib.compress(b"abc"), content_encoding="gzip")), deadline=5)

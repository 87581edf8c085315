"""A stored file as an answer: whole or the range that was asked for, streamed, never shown in
place."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Request, Response
from werkzeug.http import quote_etag

from dashboard.storage.store import Store
from dashboard.storage.troubles import gone

PRESIGNED_SECONDS = 300
# In bytes: file systems take 255, and what saves it may add to it.
LONGEST_NAME = 200
ENDING = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,2}$")
ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
Note = Callable[[int], None]
ANY_KIND = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file to send: its key in the store, what people call it, its size and SHA-256."""

    key: str
    name: str
    bytes: int
    sha256: str
    kind: str = ANY_KIND


def asked(request: Request, file: Sent) -> range | None:
    """The bytes this request asks for; None when the file has none of them (416).

    A range that is not readable, or several at once, count as all of it, and so does a range of
    what the file was before (If-Range).
    """
    unless = request.headers.get("If-Range")
    if request.method != "GET" or (unless and unless.strip() != quote_etag(file.sha256)):
        return range(file.bytes)
    return one_range(request.headers.get("Range", ""), file.bytes)


def one_range(text: str, size: int) -> range | None:
    found = ONE_RANGE.fullmatch(text.strip())
    first, last = (found[1], found[2]) if found else ("", "")
    if not (first or last) or (first and last and int(first) > int(last)):
        return range(size)
    if not first:
        part = range(max(0, size - int(last)), size)
    else:
        part = range(int(first), min(size, int(last) + 1) if last else size)
    return part if len(part) else None


def send(
    store: Store, request: Request, file: Sent, note: Note, *, past_us: bool = False
) -> Response:
    """`note` is told how many bytes are asked for, before the first of them goes out; not for HEAD.

    `past_us` lets the caller fetch the file from the bucket itself, if it lies in one. Raises
    NotFound when the file is gone.
    """
    if (there := store.size(file.key)) != file.bytes:
        raise gone(f"The stored file is damaged: it has {there:,} of {file.bytes:,} bytes.")
    part, getting = asked(request, file), request.method == "GET"
    if part is not None and getting:
        note(len(part))
    if part is None:
        response = Response(status=416, headers={"Content-Range": f"bytes */{file.bytes}"})
    elif getting and past_us and (address := address_of(store, file)):
        response = Response(status=302, headers={"Location": address})
    else:
        response = streamed(store, file, part)
    response.headers["Cache-Control"] = "no-store"
    return response


def streamed(store: Store, file: Sent, part: range) -> Response:
    body = store.pieces(file.key, part.start, part.stop)
    response = Response(body, content_type=file.kind)
    response.content_length = len(part)
    if len(part) < file.bytes:
        response.status_code = 206
        response.content_range.set(part.start, part.stop, file.bytes)
    response.accept_ranges = "bytes"
    response.set_etag(file.sha256)
    response.headers["Content-Disposition"] = attachment(file.name)
    return response


def address_of(store: Store, file: Sent) -> str | None:
    return store.address(
        file.key,
        PRESIGNED_SECONDS,
        ResponseContentDisposition=attachment(file.name),
        ResponseContentType=file.kind,
        ResponseCacheControl="no-store",
    )


def attachment(name: str) -> str:
    """Content-Disposition with a name every browser reads, and the one in full for those that
    know RFC 6266."""
    full = safe_name(name)
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", full).strip("._") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(full, safe='')}"


def safe_name(name: str) -> str:
    """Letters of every script, but no path, no invisible character that turns its end round, and
    nothing a file system or shell reads as more than a name."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter if letter.isprintable() else "_" for letter in last)
    kept = re.sub(r'[<>:"|?*%;]+', "_", kept).strip(" .") or "file"
    ending = ENDING.search(kept)
    end = ending[0] if ending else ""
    start = kept.removesuffix(end).encode()[: LONGEST_NAME - len(end)].decode(errors="ignore")
    return start + end

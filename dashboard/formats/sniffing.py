"""Find out how a delimited file is written by reading its header."""

from typing import BinaryIO, NamedTuple

from dashboard.errors import FileRefused
from dashboard.formats import refusals
from dashboard.formats.cells import split_cells
from dashboard.formats.layout import BOM, DELIMITERS, MAX_COLUMNS, MAX_RECORD_BYTES, Layout
from dashboard.formats.record_index import RecordScan

HEAD_BYTES = 64 << 10
UTF8_NAMES = {"utf8", "utf-8", "utf-8-sig"}
MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or a workbook (XLSX, ODS)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (XLS)"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\0", "an SQLite database"),
)
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\r\f\0")) + b"\x7f"


class Header(NamedTuple):
    """The header's text, its file line, the byte after it; `alone` when no record follows."""

    text: str
    row: int
    after: int
    alone: bool


def detect(
    stream: BinaryIO,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
) -> Layout:
    """Read the header; what is given is not guessed. Raises FileRefused."""
    quote = '"' if quote is None else quote
    check_choices(delimiter, encoding, quote)
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    check_is_text(head)
    skipped = len(BOM) if head.startswith(BOM) else 0
    header = read_header(stream, head[skipped:], quote)
    delimiter = delimiter or sniff_delimiter(header.text, quote)
    columns = parse_header(header.text, delimiter, quote, header.row)
    if header.alone:
        raise refusals.no_rows()
    after, data_row = skipped + header.after, header.row + header.text.count("\n") + 1
    return Layout("utf-8", delimiter, quote, header.row, columns, after, data_row)


def check_choices(delimiter: str | None, encoding: str | None, quote: str) -> None:
    if encoding is not None and encoding.lower() not in UTF8_NAMES:
        raise refusals.unreadable_encoding(encoding)
    if quote and (len(quote) != 1 or not quote.isascii() or quote in "\r\n\0"):
        raise refusals.bad_quote(quote)
    if delimiter is not None and (
        len(delimiter) != 1 or not delimiter.isascii() or delimiter in "\r\n\0" + quote
    ):
        raise refusals.bad_delimiter(delimiter)


def check_is_text(head: bytes) -> None:
    if not head:
        raise refusals.empty()
    for magic, what in MAGIC:
        if head.startswith(magic):
            raise refusals.not_text(what)
    if head.startswith(UTF16_MARKS):
        raise refusals.unreadable_encoding("UTF-16")
    nuls = head.count(b"\0")
    controls = len(head) - len(head.translate(None, CONTROL_BYTES))
    if nuls > len(head) // 4 or controls > len(head) // 4:
        raise refusals.not_text("binary data")
    if nuls + controls > len(head) // 50 and not is_utf8(head):
        raise refusals.not_text("binary data")


def is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The sample may end inside a character.
        return error.start >= len(head) - 3
    return True


def read_header(stream: BinaryIO, data: bytes, quote: str) -> Header:
    """The first record that is no blank line."""
    while True:
        more = stream.read(len(data) or HEAD_BYTES)
        whole = data + more
        scan = RecordScan(whole, ",", quote, last=not more)
        index = scan.index()
        if len(index.starts):
            break
        if not more:
            if scan.open_quote():
                raise refusals.unclosed_quote(1 + scan.line_of_open_quote())
            raise refusals.empty()
        if len(whole) > MAX_RECORD_BYTES:
            raise too_long(scan, index.stop)
        data = whole
    row = 1 + int(index.lines[0])
    start, end = int(index.starts[0]), int(index.ends[0])
    raw = whole[start:end]
    if b"\0" in raw:
        raise refusals.nul_byte(row)
    try:
        header = raw.decode()
    except UnicodeDecodeError as error:
        raise refusals.wrong_encoding(row, raw[error.start]) from None
    breaks = scan.breaks[scan.breaks >= end]
    after = min(int(breaks[0]) + 1, len(whole))
    alone = not more and len(index.starts) == 1 and index.stop == len(whole)
    return Header(header, row, after, alone)


def too_long(scan: RecordScan, stop: int) -> FileRefused:
    if scan.open_quote():
        return refusals.unclosed_quote(1 + scan.line_of_open_quote())
    return refusals.line_too_long(1 + scan.line_of(stop))


def sniff_delimiter(header: str, quote: str) -> str:
    """The candidate that stands most often outside quotes; the first one on a tie."""
    pieces = header.split(quote)[::2] if quote else [header]
    return max(DELIMITERS, key=lambda mark: sum(piece.count(mark) for piece in pieces))


def parse_header(header: str, delimiter: str, quote: str, row: int) -> tuple[str, ...]:
    scan = RecordScan(header.encode(), delimiter, quote, last=True)
    scan.check_returns(row)
    scan.check_quotes(row)
    columns = split_cells(header, delimiter, quote)
    if len(columns) > MAX_COLUMNS:
        raise refusals.too_many_columns(row, len(columns))
    first_seen: dict[str, int] = {}
    for number, name in enumerate(columns, 1):
        if not name.strip():
            raise refusals.missing_header(row, number)
        if name in first_seen:
            raise refusals.duplicate_header(row, name, first_seen[name], number)
        first_seen[name] = number
    return tuple(columns)

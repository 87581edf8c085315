"""COPY into PostgreSQL: the file's own bytes where nothing changes, else text joined from Arrow."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from sqlalchemy import Connection

from dashboard.records.batch import BLANKS_MARK, Batch, Send, insert_all
from dashboard.records.written import Written

pc: Any = pyarrow.compute  # its published types know only some calls


ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


class PostgresWriter:
    """Sends a batch on the runner's own connection, inside its transaction.

    Encoding is done when the writer is made, before the transaction begins.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.null, self.lines = "", None
        if batch.raw is None or batch.isolate:
            self.null, self.lines = encode(batch)

    def open(self, connection: Connection) -> None:
        """COPY needs nothing beforehand."""

    def write(self, connection: Connection) -> Written:
        send = self._sender(connection)
        return insert_all(self.batch, connection, send)

    def close(self, connection: Connection | None) -> None:
        self.batch.raw = self.lines = None

    def _sender(self, connection: Connection) -> Send:
        raw = self.batch.raw or b""
        if self.lines is None:
            statement = copy_sql(self.batch, connection, None)
            return lambda start, stop: copy(connection, statement, raw)
        statement = copy_sql(self.batch, connection, self.null)
        return line_sender(connection, statement, self.lines)


def raw_options(batch: Batch, names: str) -> str:
    """Quotes and backslashes need CSV rules, where FORCE_NULL reads `"",` as blank like `,`."""
    delimiter = literal(batch.delimiter)
    null = literal(BLANKS_MARK.decode()) if batch.keeps_blanks else "''"
    if not batch.quote:
        return f"FORMAT text, NULL {null}, DELIMITER {delimiter}"
    quote = literal(batch.quote)
    blanks = f"NULL {null}" if batch.keeps_blanks else f"FORCE_NULL ({names})"
    return f"FORMAT csv, QUOTE {quote}, DELIMITER {delimiter}, {blanks}"


def literal(character: str) -> str:
    """One character as COPY's options want it."""
    return f"E'\\x{ord(character):02x}'"


def copy_sql(batch: Batch, connection: Connection, null: str | None) -> str:
    """COPY of the batch's own bytes, or (with the marker for `null`) of encoded lines."""
    preparer = connection.dialect.identifier_preparer
    names = undoubled(", ".join(map(preparer.quote, batch.columns)))
    options = raw_options(batch, names) if null is None else line_options(null)
    return copy_into(undoubled(preparer.format_table(batch.table)), names, options)


def undoubled(quoted: str) -> str:
    """SQLAlchemy doubles percent signs for statements with parameters; COPY has none."""
    return quoted.replace("%%", "%")


def line_options(null: str) -> str:
    return f"FORMAT text, NULL '{null}'"


def copy_into(table: str, names: str, options: str) -> str:
    return f"COPY {table} ({names}) FROM STDIN WITH ({options}, ENCODING 'UTF8')"


def line_sender(connection: Connection, statement: str, lines: Any) -> Send:
    """Sends lines [start, stop) out of the array's own buffer."""
    _, offsets, data = lines.buffers()
    ends, text = np.frombuffer(offsets, np.int32, len(lines) + 1), memoryview(data)
    return lambda start, stop: copy(connection, statement, text[ends[start] : ends[stop]])


def copy(connection: Connection, statement: str, data: bytes | memoryview) -> int:
    """Fetches the driver's connection here, inside the transaction: a savepoint may be pending."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        with cursor.copy(statement) as stream:
            stream.write(data)
        return int(cursor.rowcount)


def encode(batch: Batch, *more: Any) -> tuple[str, Any]:
    """The null marker, and one text per record: `a<TAB>b<NEWLINE>` in COPY's text format.

    `more` are arrays of texts without nulls for columns behind the batch's own.

    Joining strings column-wise is what Arrow does fastest; the lines lie end to end in the array's
    own buffer, ready to send.
    """
    columns = [*(as_text(batch, name) for name in batch.columns), *more]
    null = "\\N" if any(holds_blank(column) for column in columns) else ""
    marked = {"null_handling": "replace", "null_replacement": null}
    columns[-1] = pc.binary_join_element_wise(columns[-1], "", "\n", **marked)
    return null, pc.binary_join_element_wise(*columns, "\t", **marked)


def holds_blank(column: Any) -> bool:
    """A text that is '' and not null: only a hook can make one."""
    return bool(pc.any(pc.equal(pc.binary_length(column), 0)).as_py())


def as_text(batch: Batch, name: str) -> Any:
    """A column as COPY's text format writes it."""
    if name in batch.texts:
        return escape(batch.texts[name])
    values = batch.columns[name]
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return escape(values.cast(pa.string()))
    return pc.cast(values, pa.string())


def escape(texts: Any) -> Any:
    """Backslash, tab and line ends escaped, where the column holds any."""
    data = texts.buffers()[2]
    content = memoryview(data).tobytes() if data is not None else b""
    for plain, written in ESCAPES:
        if plain.encode() in content:
            texts = pc.replace_substring(texts, plain, written)
    return texts

"""Record batches as JSON Lines, column by column: numbers, truth and null typed, all else texts."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

import pyarrow as pa
import pyarrow.compute

from dashboard.formats.arrow_text import is_json_number
from dashboard.formats.write_lines import Line, byte_table, holds, nullable, slices, whole
from dashboard.formats.write_refusals import Place, places

pc: Any = pyarrow.compute  # its published types know only some calls
types = pa.types

# A field whose texts are JSON says so in its metadata.
JSON_FIELD = {b"json": b"1"}
CONTROLS = byte_table(range(32))
ESCAPED = byte_table(b'"\\')
CONTROL = r"[\x00-\x1f]"
BLANKS = " \t\r\n"
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class JsonWriter:
    """`NaN` and the infinities, which JSON has no numbers for, are texts."""

    schema: Any

    def head(self) -> bytes:
        return b""

    def part(self, batches: Iterable[Any], *, first_row: int | None = None) -> Iterator[bytes]:
        # The file has no header: its first record stands in line 1.
        for place in places(slices(batches, self.schema), first_row):
            yield self._lines(place)

    def tail(self) -> bytes:
        return b""

    def _lines(self, place: Place) -> bytes:
        line, before = Line(), "{"
        for number, name in enumerate(self.schema.names):
            line.add(f"{before}{encode_basestring(name)}:", *self._cells(place, number))
            before = ","
        line.add("}\n")
        return line.joined(null="null")

    def _cells(self, place: Place, number: int) -> tuple[Any, ...]:
        """Parts of a line."""
        field, texts = self.schema.field(number), place.cells(number)
        kind = field.type
        if types.is_floating(kind):
            return (finite(place.batch.column(number), texts),)
        if is_json_number(kind) or types.is_boolean(kind):
            return (texts,)
        if types.is_nested(kind):
            return (texts,)
        if is_json(field):
            return (embedded(texts),)
        return nullable('"', escaped(texts), '"')


def is_json(field: Any) -> bool:
    return JSON_FIELD.items() <= (field.metadata or {}).items()


def finite(values: Any, texts: Any) -> Any:
    numbers = pc.is_finite(values)
    if pc.all(numbers).as_py() is not False:
        return texts
    return pc.if_else(numbers, texts, whole('"', texts, '"'))


def escaped(texts: Any) -> Any:
    """As JSON writes texts between its quotes."""
    if holds(texts, ESCAPED):
        texts = pc.replace_substring(texts, "\\", "\\\\")
        texts = pc.replace_substring(texts, '"', '\\"')
    if not holds(texts, CONTROLS):
        return texts
    asked = pc.match_substring_regex(texts, CONTROL)
    found = [encode_controls(text) for text in texts.filter(asked).to_pylist()]
    return pc.replace_with_mask(texts, pc.fill_null(asked, False), pa.array(found, pa.string()))


def encode_controls(text: str) -> str:
    return "".join(c if c >= " " else encode_basestring(c)[1:-1] for c in text)


def embedded(texts: Any) -> Any:
    """Objects and arrays go in as they are; what else JSON knows, and what is none, as a text."""
    found = [
        None if text is None else on_one_line(text.strip(BLANKS)) for text in texts.to_pylist()
    ]
    return pa.array(found, pa.string())


def on_one_line(text: str) -> str:
    """JSON, or its text where a reader of JSON Lines might find something else in it."""
    try:
        if not text.startswith(("{", "[")) or HALF_CHARACTER.search(text):
            return encode_basestring(text)
        json.loads(text, parse_constant=refuse_constant, object_pairs_hook=refuse_doubled)
    except (ValueError, RecursionError):
        return encode_basestring(text)
    # Inside a JSON text line ends are always escaped: these stand between values.
    return text.replace("\r", " ").replace("\n", " ")


def refuse_constant(name: str) -> Any:
    raise ValueError(name)


def refuse_doubled(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found

"""JSON answers: the list of rows taken out of what is around it, in constant memory."""

import codecs
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from dashboard.formats.layout import MAX_RECORD_BYTES
from dashboard.sync.source import SourceError

BLOCK_BYTES = 1 << 20
BLANKS = " \t\r\n"
CLOSED = ('"', "}", "]")
DECODER = json.JSONDecoder()
KINDS = {
    "{": "an object",
    "[": "a list",
    '"': "a text",
    "n": "null",
    "t": "true",
    "f": "false",
    "": "nothing",
}


class JsonText:
    """Text that is read on as it is needed; what stands before `place` is done with."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream, self.name = stream, name
        self.text, self.place, self.line = "", 0, 1
        self._decode = codecs.getincrementaldecoder("utf-8")().decode

    def _more(self) -> bool:
        data = self.stream.read(BLOCK_BYTES)
        self.line += self.text.count("\n", 0, self.place)
        try:
            added = self._decode(data, final=not data)
        except UnicodeDecodeError:
            raise self.refusal("holds bytes that are not UTF-8") from None
        self.text, self.place = self.text[self.place :] + added, 0
        return bool(data)

    def refusal(self, what: str, place: int | None = None) -> SourceError:
        line = self.line + self.text.count("\n", 0, self.place if place is None else place)
        return SourceError(f"{self.name}: line {line} {what}.", code="not_json")

    def next(self) -> str:
        """The next character that is no blank, "" at the end; not stepped over."""
        while True:
            while self.place < len(self.text):
                if self.text[self.place] not in BLANKS:
                    return self.text[self.place]
                self.place += 1
            if not self._more():
                return ""

    def take(self, marks: str) -> str:
        """One of these characters. Raises SourceError."""
        found = self.next()
        if not found or found not in marks:
            wanted = " or ".join(marks)
            what = f"has {found!r}" if found else "is the last: the answer is cut off"
            raise self.refusal(f"{what} where {wanted} is needed")
        self.place += 1
        return found

    def value(self) -> tuple[Any, str]:
        """The next value, and its text. Raises SourceError."""
        self.next()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.place)
            except json.JSONDecodeError as error:
                if len(self.text) - self.place > MAX_RECORD_BYTES or not self._more():
                    raise self._wrong(error.msg) from None
                continue
            except RecursionError:
                raise self.refusal("is nested too deep") from None
            # A number may go on in what has not been read yet.
            if end == len(self.text) and self.text[end - 1] not in CLOSED and self._more():
                continue
            written, self.place = self.text[self.place : end], end
            return value, written

    def _wrong(self, reason: str) -> SourceError:
        try:
            DECODER.raw_decode(self.text, self.place)
        except json.JSONDecodeError as error:
            if error.pos >= len(self.text.rstrip()):
                return self.refusal("is the last: the answer is cut off", len(self.text))
            return self.refusal(f"is not JSON ({error.msg})", error.pos)
        return self.refusal(f"is not JSON ({reason})")

    def elements(self) -> Iterator[str]:
        """The texts of a list's elements, one by one."""
        self.take("[")
        if self.next() == "]":
            self.place += 1
            return
        while True:
            yield self.value()[1]
            if self.take(",]") == "]":
                return

    def members(self) -> Iterator[str]:
        """The names of an object; the caller takes each one's value before the next."""
        self.take("{")
        if self.next() == "}":
            self.place += 1
            return
        while True:
            name, _ = self.value()
            if not isinstance(name, str):
                raise self.refusal("has an object with a name that is no text")
            self.take(":")
            yield name
            if self.take(",}") == "}":
                return


def split_items(stream: BinaryIO, name: str, path: Sequence[str], out: BinaryIO) -> Any:
    """Write the list at `path` into `out`; what is around it, without its lists, is returned.

    Raises SourceError naming the line, or the names there are in place of `path`.
    """
    text = JsonText(stream, name)
    around = walk(text, path, (), out)
    if text.next():
        raise text.refusal("goes on after the end of the JSON")
    return around


def walk(text: JsonText, path: Sequence[str], before: Sequence[str], out: BinaryIO) -> Any:
    if not path:
        return copy_list(text, before, out)
    if text.next() != "{":
        raise missing(text, [*before, *path], ())
    around: dict[str, Any] = {}
    found = False
    for name in text.members():
        if name == path[0]:
            found = True
            around[name] = walk(text, path[1:], (*before, name), out)
        else:
            around[name] = skip(text)
    if not found:
        raise missing(text, [*before, *path], around)
    return around


def skip(text: JsonText) -> Any:
    """A value that is not asked for; of lists nothing is kept."""
    kind = text.next()
    if kind == "[":
        for _ in text.elements():
            pass
        return None
    if kind == "{":
        return {name: skip(text) for name in text.members()}
    return text.value()[0]


def copy_list(text: JsonText, before: Sequence[str], out: BinaryIO) -> None:
    kind = text.next()
    if kind == "n" and text.value()[0] is None:
        out.write(b"[]")
        return
    if kind != "[":
        where = f"At {'.'.join(before)} it has" if before else "It is"
        raise SourceError(
            f"{text.name}: {where} {KINDS.get(kind, 'a number')}, not a list of rows. Say where the"
            ' list stands (items, such as "data.items").',
            code="no_items",
        )
    for number, element in enumerate(text.elements(), 1):
        if not element.startswith("{"):
            raise SourceError(
                f"{text.name}: row {number} of the list is {KINDS.get(element[0], 'a number')}, but"
                " an object with named values is needed.",
                code="not_an_object",
            )
        out.write((b",\n" if number > 1 else b"[") + element.encode())
    out.write(b"]" if out.tell() else b"[]")


def missing(
    text: JsonText, path: Sequence[str], names: Sequence[str] | dict[str, Any]
) -> SourceError:
    found = f" Names found: {', '.join(names)}." if names else ""
    return SourceError(
        f"{text.name}: there are no rows at {'.'.join(path)}.{found} Say where the list stands"
        " (items).",
        code="no_items",
    )

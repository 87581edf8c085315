"""A slow, strict reader and a maker of odd files: what the fast reader is held against."""

import csv
import random

ODD_CELLS = [
    "", "NA", "null", "007", "1.50", "a,b", 'a"b', '"', '""', "x\ny", "x\r\ny", "\n\n", "é", "日本",
    "\ufeff", " ", " x ", "\\", "\\.", "-", "a\rb", ";", "#N/A", "x" * 50, "\u2028", "\x0b", "\x85",
]  # fmt: skip


def quote_cell(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def random_cell(rng: random.Random, delimiter: str) -> str:
    cell = rng.choice(ODD_CELLS)
    must = any(mark in cell for mark in '"\n\r' + delimiter)
    return quote_cell(cell) if must or rng.random() < 0.2 else cell


def random_file(rng: random.Random) -> tuple[bytes, str, int]:
    """Bytes, delimiter and column count: odd cells, blank lines, ragged rows, mixed line ends."""
    columns, delimiter = rng.randint(1, 4), rng.choice(",;\t|")
    ends = rng.choice([["\n"], ["\r\n"], ["\n", "\r\n"]])
    lines = [delimiter.join(f"c{number}" for number in range(columns))]
    for _ in range(rng.randint(1, 25)):
        cells = columns if rng.random() < 0.8 else rng.randint(1, columns + 2)
        row = delimiter.join(random_cell(rng, delimiter) for _ in range(cells))
        lines.append("" if rng.random() < 0.15 else row)
    lines.append(delimiter.join("z" * columns))
    text = "".join(line + rng.choice(ends) for line in lines)
    text = text.rstrip("\r\n") if rng.random() < 0.3 else text
    return (rng.choice(["", "\ufeff"]) + text).encode(), delimiter, columns


def read_slowly(data: bytes, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each record after the header with its file line."""
    lines = data.decode("utf-8-sig").split("\n")
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, strict=True)
    records, line = [], 1
    for cells in reader:
        if cells:
            records.append((line, cells))
        line = reader.line_num + 1
    return records[1:]


def is_strict(text: str) -> bool:
    """Quotes (of comma-separated text) only around whole cells; carriage returns end lines."""
    state = "edge"
    for character in text.replace("\r\n", "\n").removesuffix("\r"):
        if state in ("edge", "plain"):
            if character == "\r" or (state == "plain" and character == '"'):
                return False
            state = {'"': "inside", ",": "edge", "\n": "edge"}.get(character, "plain")
        elif state == "inside":
            state = "closing" if character == '"' else "inside"
        else:
            if character not in '",\n':
                return False
            state = "inside" if character == '"' else "edge"
    return state != "inside"

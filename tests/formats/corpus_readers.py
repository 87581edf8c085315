"""The other readers a file is read with: two for each format, none of them ours.

Each answers all records as texts in our rules (see DESIGN's "cells are text"), the header among
them, without what is blank at their ends; `None` as a number where the reader does not tell it.
"""

import csv
import io
import json
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet
import python_calamine
import xlrd

from dashboard.formats.found import Found

ISO_DURATION = re.compile(r"^PT(\d\d)H(\d\d)M(\d\d)S$")
Records = list[tuple[int | None, list[str]]]
Reader = Callable[[Path, Found], Records]


def trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def filled(rows: Iterator[tuple[int, list[str]]]) -> Records:
    return [(number, trimmed(cells)) for number, cells in rows if trimmed(cells)]


def text_of(path: Path, found: Found) -> str:
    return path.read_bytes().decode(found.encoding or "utf-8").removeprefix("\ufeff")


def by_csv(path: Path, found: Found) -> Records:
    """Python's own module; a record's number is the line it begins on."""
    lines = text_of(path, found).split("\n")
    options: dict[str, Any] = {"delimiter": found.delimiter}
    options |= {"quotechar": found.quote} if found.quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader((line + "\n" for line in lines), **options)
    records: Records = []
    line = 1
    for cells in reader:
        if cells:
            records.append((line, trimmed(cells)))
        line = reader.line_num + 1
    return records


def by_pandas_csv(path: Path, found: Found) -> Records:
    text = text_of(path, found)
    widest = max(len(line.split(found.delimiter or ",")) for line in text.splitlines())
    frame = pd.read_csv(
        io.StringIO(text),
        sep=found.delimiter,
        header=None,
        names=range(widest + 1),
        dtype=str,
        keep_default_na=False,
        quotechar=found.quote or '"',
        quoting=csv.QUOTE_MINIMAL if found.quote else csv.QUOTE_NONE,
    )
    rows = frame.fillna("").to_numpy().tolist()
    return [(None, trimmed(cells)) for cells in rows]


def sheet_text(value: Any) -> str:
    """A workbook's value as text; midnight and a bare date are one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, timedelta):
        return clock(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat().removesuffix("T00:00:00")
    # calamine's word for a time of more than a day in ODS
    return ISO_DURATION.sub(r"\1:\2:\3", str(value))


def clock(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def by_openpyxl(path: Path, found: Found) -> Records:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, data_only=True)
        rows = book[found.sheet or ""].iter_rows(values_only=True)
    return filled((n, list(map(sheet_text, row))) for n, row in enumerate(rows, 1))


def by_calamine(path: Path, found: Found) -> Records:
    with python_calamine.CalamineWorkbook.from_path(path) as book:
        rows = book.get_sheet_by_name(found.sheet or "").to_python(skip_empty_area=False)
    return filled((n, list(map(sheet_text, row))) for n, row in enumerate(rows, 1))


def by_xlrd(path: Path, found: Found) -> Records:
    with xlrd.open_workbook(path, logfile=io.StringIO()) as book:
        sheet = book.sheet_by_name(found.sheet)
        rows = [[xls_text(cell, book.datemode) for cell in row] for row in sheet.get_rows()]
    return filled(iter(enumerate(rows, 1)))


def xls_text(cell: Any, datemode: int) -> str:
    if cell.ctype == xlrd.XL_CELL_DATE:
        if cell.value < 1:
            return clock(timedelta(days=cell.value))
        return sheet_text(xlrd.xldate_as_datetime(cell.value, datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return sheet_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code[cell.value])
    return sheet_text(cell.value)


def by_odfpy(path: Path, found: Found) -> Records:
    """By way of pandas, which knows what repeated cells of an ODS file mean."""
    frame = pd.read_excel(
        path, sheet_name=found.sheet, engine="odf", header=None, dtype=object, keep_default_na=False
    )
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return filled((n, list(map(sheet_text, row))) for n, row in enumerate(rows, 1))


def json_text(value: Any) -> str:
    """Numbers are compared as numbers, for readers that know no other way."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(float(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def by_json(path: Path, found: Found) -> Records:
    text = text_of(path, found)
    if text.lstrip().startswith("["):
        objects = json.loads(text)
    else:
        objects = [json.loads(line) for line in text.split("\n") if line.strip()]
    rows = [[json_text(item.get(name)) for name in found.headers] for item in objects]
    return [(None, list(found.headers)), *((None, row) for row in rows)]


def by_pandas_json(path: Path, found: Found) -> Records:
    text = text_of(path, found)
    lines = not text.lstrip().startswith("[")
    frame = pd.read_json(
        io.StringIO(text), lines=lines, orient="records", dtype=False, precise_float=True
    )
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return [(None, list(frame.columns)), *((None, list(map(json_text, row))) for row in rows)]


def by_rows_of_arrow(path: Path, found: Found) -> Records:
    """Python objects, row by row; our texts are made column by column."""
    table = pyarrow.parquet.ParquetFile(path, pre_buffer=False).read(use_threads=False)
    columns = [map(value_text, column.to_pylist()) for column in table.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return [(1, table.column_names), *((n, trimmed(row)) for n, row in enumerate(rows, 2))]


def value_text(value: Any) -> str:
    """Unlike in a workbook, a whole float stays one."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, datetime) else sheet_text(value)


READERS: dict[str, tuple[Reader, ...]] = {
    "delimited": (by_csv, by_pandas_csv),
    "xlsx": (by_openpyxl, by_calamine),
    "xls": (by_xlrd, by_calamine),
    "ods": (by_odfpy, by_calamine),
    "json-lines": (by_json, by_pandas_json),
    # A second reader of Parquet would weigh more than all other packages for tests.
    "parquet": (by_rows_of_arrow,),
}

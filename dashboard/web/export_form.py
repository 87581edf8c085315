"""The form of a new export: filters, columns and the file, as chosen so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.errors import InputRefused
from dashboard.exporters.export_table import ExportTable
from dashboard.exporters.options import ExportOptions
from dashboard.exporters.quoting import brief, shown
from dashboard.formats.write_options import DELIMITERS, WriteOptions
from dashboard.records.fields import Field
from dashboard.web.export_rows import Form, Row, rows_of_form, rows_of_options

FORMATS = {
    "csv": "CSV",
    "tsv": "TSV",
    "xlsx": "Excel (XLSX)",
    "json-lines": "JSON Lines",
    "parquet": "Parquet",
}
DELIMITER_WORDS = {
    "": "Usual (comma or semicolon)",
    ",": "Comma",
    ";": "Semicolon",
    "\t": "Tab",
    "|": "Vertical bar",
}
DECIMAL_WORDS = {".": "Point: 3.14", ",": "Comma: 3,14"}
ENCODING_WORDS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 for Excel (with byte order mark)",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252 (Western European)",
    "iso-8859-1": "ISO 8859-1 (Western European)",
}
COMPRESSION_WORDS = {"none": "None", "gzip": "gzip (.gz)", "zip": "zip"}
TITLES = {"names": "Field names", "labels": "Labels", "none": "No header line"}
SPREADSHEETS = ("csv", "tsv", "xlsx")


@dataclass
class FileChoices:
    """How the file is written; what the format has no choice of is kept for when it changes."""

    format: str = "csv"
    delimiter: str = ""
    decimal: str = "."
    encoding: str = "utf-8"
    compression: str = "none"
    escape: bool = True
    titles: str = "names"

    @classmethod
    def of_options(cls, options: Mapping[str, Any], *, labels: bool) -> "FileChoices":
        """`labels` is what the exporter does by itself."""
        write = WriteOptions.from_options(options)
        titles = "labels" if options.get("labels", labels) else "names"
        return cls(
            format=write.format,
            delimiter=str(options.get("delimiter") or ""),
            decimal=write.decimal,
            encoding=write.encoding,
            compression=write.compression,
            escape=write.escape_formulas,
            titles=titles if write.header else "none",
        )

    @classmethod
    def of_form(cls, form: Form) -> "FileChoices":
        names = ("format", "delimiter", "decimal", "encoding", "compression", "titles")
        found = {name: brief(form[name]) for name in names if name in form}
        return cls(**found, escape="escape" in form)

    def options(self) -> dict[str, Any]:
        """Only what differs from the usual, and what the format knows."""
        found: dict[str, Any] = {"format": self.format}
        if self.format in DELIMITERS:
            found |= {"decimal": self.decimal} if self.decimal != "." else {}
            found |= {"encoding": self.encoding} if self.encoding != "utf-8" else {}
        if self.format == "csv" and self.delimiter:
            found["delimiter"] = self.delimiter
        if self.format not in ("xlsx", "parquet") and self.compression != "none":
            found["compression"] = self.compression
        if self.format in SPREADSHEETS and not self.escape:
            found["escapeFormulas"] = False
        if self.format in SPREADSHEETS and self.titles == "none":
            found["header"] = False
        return found

    def labels(self, usual: bool) -> dict[str, bool]:
        """Whether the header line has labels, where that is not as usual."""
        chosen = self.titles == "labels"
        if self.format not in SPREADSHEETS or self.titles == "none" or chosen == usual:
            return {}
        return {"labels": chosen}


@dataclass
class ColumnChoice:
    field: Field
    chosen: bool


@dataclass
class ExportForm:
    """`problems` says what is wrong, by the API's names of the choices; rows have their own.

    `gone` has the fields that are asked for and the table no longer has, `lost` those of them that
    the form had as columns.
    """

    table: ExportTable
    rows: list[Row]
    columns: list[ColumnChoice]
    file: FileChoices
    labels: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @classmethod
    def of_options(
        cls, options: Mapping[str, Any], table: ExportTable, *, labels: bool = False
    ) -> "ExportForm":
        """Of a preset, or of nothing: all records, all columns, CSV."""
        fields = {one.name: one for one in table.fields}
        filters, columns = options.get("filters") or [], options.get("columns") or []
        named = [*(item.get("field") for item in filters), *columns]
        return cls(
            table,
            rows_of_options(filters, fields),
            in_order(fields, columns, chosen=columns or fields),
            FileChoices.of_options(options, labels=labels),
            labels,
            gone=list(dict.fromkeys(name for name in named if name not in fields)),
        )

    @classmethod
    def of_form(cls, form: Form, table: ExportTable, *, labels: bool = False) -> "ExportForm":
        """Raises InputRefused as `rows_of_form` does."""
        fields = {one.name: one for one in table.fields}
        rows, columns = rows_of_form(form, fields), form.getlist("column")
        lost = [brief(name) for name in dict.fromkeys(columns) if name not in fields]
        named = [*(row.field.name for row in rows if row.gone), *lost]
        return cls(
            table,
            rows,
            in_order(fields, form.getlist("order"), chosen=columns),
            FileChoices.of_form(form),
            labels,
            gone=list(dict.fromkeys(named)),
            lost=lost,
        )

    def options(self) -> dict[str, Any]:
        """A job's options; all columns in their own order are not listed."""
        found = self.file.options()
        if self.rows:
            found["filters"] = [row.as_filter() for row in self.rows]
        chosen = [column.field.name for column in self.columns if column.chosen]
        if chosen != [one.name for one in self.table.fields]:
            found["columns"] = chosen
        return found | self.file.labels(self.labels)

    def check(self) -> bool:
        """Is everything right? If not, `problems` and the rows say what is not."""
        for place, row in enumerate(self.rows, 1):
            row.check(place, self.table)
        if not any(column.chosen for column in self.columns):
            self.problems["columns"] = "Choose at least one column."
        if self.lost:
            names = ", ".join(self.lost)
            self.problems["columns"] = f"There is no longer: {names}. Look at the others again."
        if self.file.titles not in TITLES:
            message = f"{shown(self.file.titles)} is no header line. Choose one of the list."
            self.problems["titles"] = message
        if self.bad_rows or self.problems:
            return False
        try:
            ExportOptions.from_options(self.options(), self.table)
        except InputRefused as error:
            self.problems[str(error.details.get("field", ""))] = error.message
        return not self.problems

    @property
    def bad_rows(self) -> list[Row]:
        return [row for row in self.rows if row.problem]

    def add_row(self, name: str) -> Row | None:
        """A filter more, on the field of that name if there is one."""
        for about in self.table.fields:
            if about.name == name:
                row = Row(max((row.number for row in self.rows), default=0) + 1, about)
                self.rows.append(row)
                return row
        return None

    def remove_row(self, number: str) -> None:
        self.rows = [row for row in self.rows if str(row.number) != number]

    def choose_all(self, chosen: bool) -> None:
        self.columns = [ColumnChoice(column.field, chosen) for column in self.columns]

    def move(self, name: str, by: int) -> None:
        """One column up (-1) or down (1) by a place; at the end it stays."""
        names = [column.field.name for column in self.columns]
        if name in names and 0 <= names.index(name) + by < len(names):
            place = names.index(name)
            self.columns.insert(place + by, self.columns.pop(place))


def in_order(fields: Mapping[str, Field], order: Any, *, chosen: Any) -> list[ColumnChoice]:
    """Every field once: those of `order` first."""
    names = dict.fromkeys([*(name for name in order if name in fields), *fields])
    return [ColumnChoice(fields[name], name in chosen) for name in names]

"""The file of an import job while it is planned: how it is read, and where its chunks will lie."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from dashboard.formats import refusals
from dashboard.formats.delimited import Layout, detect
from dashboard.formats.forms import BatchPlace, Form, delimited_layout, to_form
from dashboard.formats.found import Found
from dashboard.formats.headers import check_headers
from dashboard.formats.inspecting import inspect_file
from dashboard.formats.reading_choices import Reading
from dashboard.importers.duplicate_rows import KeyChoice
from dashboard.importers.key_finder import KeySpec
from dashboard.importers.planning import plan_batches, plan_delimited
from dashboard.jobs.chunk_job import Forms, Plan

DELIMITED, TABLE = "delimited", "table"


@dataclass(frozen=True, slots=True)
class Upload:
    """`stream` is the upload itself, or the kept copy of it that `form` names.

    `layout` says how delimited text becomes rows; None: the copy is a table form of `batches`.
    """

    found: Found
    stream: BinaryIO
    layout: Layout | None
    form: str | None = None
    batches: Sequence[BatchPlace] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Unique and never blank."""
        return self.found.columns

    def check_headers(self, chosen: Collection[str] = ()) -> None:
        """For columns matched by name: refuse blank and doubled ones nobody mapped by hand."""
        if self.found.header_row:
            check_headers(self.columns, self.found.headers, self.found.header_row, chosen)

    def plan(
        self, *, key_columns: Sequence[KeySpec], chunk_rows: int | None, choice: KeyChoice
    ) -> Plan:
        """Chunks and duplicates; `layout` also holds `kind`, `found` and, for a copy, `form`."""
        if self.layout is not None:
            plan = plan_delimited(
                self.stream,
                key_columns=key_columns,
                chunk_rows=chunk_rows,
                layout=self.layout,
                choice=choice,
            )
            layout, chunks, kind = plan.layout, plan.chunks, DELIMITED
        else:
            layout = {"columns": list(self.columns), "headers": list(self.found.headers)}
            layout["header_row"], kind = self.found.header_row, TABLE
            chunks = plan_batches(
                self.stream,
                self.batches,
                columns=self.columns,
                key_columns=key_columns,
                chunk_rows=chunk_rows,
                choice=choice,
            )
        extra: dict[str, Any] = {"kind": kind, "found": self.found.to_json()}
        if self.form is not None:
            extra["form"] = self.form
        return Plan({**layout, **extra}, chunks)


@contextmanager
def opened(source: BinaryIO, forms: Forms | None, options: Mapping[str, Any]) -> Iterator[Upload]:
    """Find out how the file is read; keep a copy of one that cannot be cut. Raises FileRefused.

    Without `forms` only UTF-8 text can be planned.
    """
    reading = Reading.from_options(options)
    if forms is None:
        yield plain_text(source, reading)
        return
    with ExitStack() as stack:
        with forms.local_path() as path:
            form = to_form(path, forms.name, reading)
            if form is None:
                found = inspect_file(path, forms.name, reading)
                upload = Upload(found, source, delimited_layout(source, found))
            else:
                upload = kept(form, forms, stack)
        yield upload


def kept(form: Form, forms: Forms, stack: ExitStack) -> Upload:
    key = forms.keep(form.pieces)
    stream = stack.enter_context(forms.open(key))
    if form.kind == DELIMITED:
        return Upload(form.found, stream, delimited_layout(stream, form.found), key)
    if not form.batches:
        raise refusals.no_rows()
    # Only now are all columns known: JSON Lines may name new ones in their last line.
    return Upload(form.found, stream, None, key, form.batches)


def plain_text(source: BinaryIO, reading: Reading) -> Upload:
    layout = detect(
        source,
        delimiter=reading.mark,
        encoding=reading.encoding,
        quote=reading.quote,
        header_row=reading.header_row,
    )
    found = Found(
        "delimited",
        columns=layout.columns,
        headers=layout.headers,
        header_row=layout.header_row,
        encoding=layout.encoding,
        delimiter=layout.delimiter,
        quote=layout.quote,
    )
    return Upload(found, source, layout)

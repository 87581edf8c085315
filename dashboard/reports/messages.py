"""A report's result as a mail: what it is, its first rows as a table, where the rest is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dashboard.reports.results import ShownColumn, columns_of

SHOWN_ROWS, MOST_WIDTH = 20, 24
TABLE = "border-collapse:collapse;font:14px sans-serif"
HEAD, CELL = (
    "padding:4px 10px;border-bottom:2px solid #999",
    "padding:4px 10px;border-bottom:1px solid #ccc",
)


@dataclass(frozen=True, slots=True)
class Told:
    """A finished report for people who may not sign in to look.

    `rows` are the first ones (values), `total` how many the file has, `sender` who asked for the
    mail, `attached` the name of the file that comes with it.
    """

    label: str
    facts: Mapping[str, Any]
    rows: Sequence[tuple[Any, ...]]
    total: int
    link: str
    sender: str
    attached: str = ""

    @property
    def columns(self) -> tuple[ShownColumn, ...]:
        return columns_of(self.facts)

    @property
    def subject(self) -> str:
        return f"{self.label}: {rows_words(self.total)}, {self.facts['read_at'][:10]}"

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return [(p["label"], p["value"] or "all") for p in self.facts["parameters"]]

    @property
    def notes(self) -> list[str]:
        """What must be known to read the rows rightly."""
        found = [f"The rows are of {self.facts['read_at'][:16].replace('T', ' ')} UTC."]
        found += [cut_words(self.facts, self.total)] if self.facts["cut"] else []
        if self.total > len(self.rows):
            found.append(f"Below are the first {len(self.rows)} of {rows_words(self.total)}.")
        if self.attached:
            found.append(f"All of them are attached: {self.attached}")
        return found

    @property
    def ending(self) -> str:
        return f"JobEngine sent this because {self.sender} named your address in a report."


def rows_words(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def cut_words(facts: Mapping[str, Any], kept: int) -> str:
    """That the result was cut, and of how many rows if that is known."""
    of = f"{facts['of']:,}" if facts.get("of") else "more"
    return f"Cut: these are the first {kept:,} of {of} rows, the most this report keeps."


def as_text(told: Told) -> str:
    lines = [told.label, ""]
    lines += [f"{label}: {value}" for label, value in told.parameters]
    lines += ["", *told.notes, "", *text_table(told.columns, told.rows)]
    return "\n".join([*lines, "", f"The whole report: {told.link}", "", told.ending, ""])


def text_table(columns: Sequence[ShownColumn], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Numbers to the right, all else to the left, long texts cut."""
    cells = [[short(c.heading) for c in columns], *(texts(columns, row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for column, cell, width in zip(columns, line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]


def texts(columns: Sequence[ShownColumn], row: tuple[Any, ...]) -> list[str]:
    return [short(column.text(value)) for column, value in zip(columns, row, strict=True)]


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_WIDTH else f"{text[: MOST_WIDTH - 1]}…"


def as_html(told: Told) -> str:
    """No picture, no script, nothing from elsewhere; values are escaped."""
    parameters = join("<li>{}: {}</li>", told.parameters)
    notes = join("<p>{}</p>", [(note,) for note in told.notes])
    heads = [(align(c), HEAD, c.heading) for c in told.columns]
    head = join('<th align="{}" style="{}">{}</th>', heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(html_row(told.columns, r)) for r in told.rows
    )
    return str(
        Markup(
            '<!doctype html><html lang="en"><body style="font:15px sans-serif"><h1>{}</h1>'
            '<ul>{}</ul>{}<table style="{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
            '<p><a href="{}">The whole report</a></p><p><small>{}</small></p></body></html>'
        ).format(told.label, parameters, notes, TABLE, head, body, told.link, told.ending)
    )


def html_row(columns: Sequence[ShownColumn], row: tuple[Any, ...]) -> Markup:
    cells = [(align(c), CELL, c.text(value)) for c, value in zip(columns, row, strict=True)]
    return join('<td align="{}" style="{}">{}</td>', cells)


def join(form: str, values: Sequence[tuple[str, ...]]) -> Markup:
    return Markup("").join(Markup(form).format(*each) for each in values)  # noqa: S704 (our own text)


def align(column: ShownColumn) -> str:
    return "right" if column.is_number else "left"

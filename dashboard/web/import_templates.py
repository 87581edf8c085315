"""An empty file of a type to fill in: CSV, or a workbook whose headers carry notes."""

from collections.abc import Iterable
from io import BytesIO

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from dashboard.auth.permissions import Permission
from dashboard.errors import NotFound
from dashboard.importers.template import Template, template_rows
from dashboard.lib.cells import write_csv_rows
from dashboard.web.engine import engine_context
from dashboard.web.guard import requires
from dashboard.web.import_types import described, own_types, takes_any_file

bp = Blueprint("import_templates", __name__, url_prefix="/imports/templates")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NARROWEST, WIDEST, NOTE_WIDTH, NOTE_LINE = 10, 40, 260, 42


@bp.get("/<type_name>.csv")
@requires(Permission.JOBS_RUN)
def as_csv(type_name: str) -> ResponseReturnValue:
    template = template_of(type_name)
    pieces = write_csv_rows([template.columns, *template.rows])
    return attachment(pieces, f"{type_name}-template.csv", "text/csv; charset=utf-8")


@bp.get("/<type_name>.xlsx")
@requires(Permission.JOBS_RUN)
def as_xlsx(type_name: str) -> ResponseReturnValue:
    return attachment([workbook(template_of(type_name))], f"{type_name}-template.xlsx", XLSX)


def template_of(type_name: str) -> Template:
    """Raises NotFound for what this person may not import, too."""
    found = {t.name: t for t in own_types() if not takes_any_file(t)}
    if type_name not in found:
        raise NotFound("There is no template of that name.")
    importer, target = described(found[type_name])
    with engine_context().target.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return template_rows(importer, target, connection)


def workbook(template: Template) -> bytes:
    """All cells are text, so that no leading zero and no date is changed while it is filled in."""
    import xlsxwriter

    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet, text = book.add_worksheet("Rows"), book.add_format({"num_format": "@"})
    heading = book.add_format({"bold": True, "num_format": "@"})
    for place, (name, note) in enumerate(zip(template.columns, template.notes, strict=True)):
        cells = [name, *(row[place] for row in template.rows)]
        width = min(WIDEST, max(NARROWEST, *(len(cell) + 2 for cell in cells)))
        sheet.set_column(place, place, width, text)
        lines = 2 + len(note) // NOTE_LINE
        sheet.write_string(0, place, name, heading)
        sheet.write_comment(0, place, note, {"width": NOTE_WIDTH, "height": 20 * lines})
        for number, row in enumerate(template.rows, 1):
            sheet.write_string(number, place, row[place], text)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def attachment(pieces: Iterable[bytes], name: str, mimetype: str) -> Response:
    response = Response(b"".join(pieces), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

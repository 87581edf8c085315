"""The form of a report, made of its parameters; its fields are named `param_<parameter>`."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.validators import InputRequired

from dashboard.errors import InputRefused
from dashboard.formats.write_options import FORMATS
from dashboard.reports.parameter_types import Choices
from dashboard.reports.parameters import Parameter, label_of
from dashboard.reports.report import Report
from dashboard.web.forms import show_refusal, text

PREFIX = "param_"
RELATIVE = {
    "date": ("today", "yesterday", "-7d", "start-of-week", "start-of-month", "start-of-year"),
    "month": ("start-of-month", "-1m", "-12m", "start-of-year"),
}
HINTS = {
    "date": "YYYY-MM-DD, or relative: today, -7d, start-of-month.",
    "month": "YYYY-MM, or relative: start-of-month (this month), -1m.",
}
FORMAT_WORDS = {
    "csv": "CSV", "tsv": "TSV", "xlsx": "Excel (XLSX)", "json-lines": "JSON Lines",
    "parquet": "Parquet",
}  # fmt: skip


class ReportForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What every report may ask: who gets it by mail, and as what kind of file."""

    mail_to = StringField(
        "Send by mail to",
        description="Addresses with commas between them, or nothing. It is sent when it is done.",
    )
    mail_format = SelectField(
        "Attached as", choices={name: FORMAT_WORDS[name] for name in FORMATS}, default="xlsx"
    )

    @property
    def parameter_fields(self) -> list[Field]:
        return [field for field in self if field.name.startswith(PREFIX)]

    def data_of(self) -> dict[str, Any]:
        """As REST takes it."""
        params = {f.name.removeprefix(PREFIX): f.data for f in self.parameter_fields}
        addresses = [a for a in map(str.strip, text(self.mail_to).split(",")) if a]
        mail = {"mailTo": addresses, "mailFormat": text(self.mail_format)} if addresses else {}
        return {"params": params, **mail}

    def show(self, error: InputRefused) -> None:
        """A refusal beside the field it is about."""
        places = {"mailTo": "mail_to", "mailFormat": "mail_format"}
        field = error.details.get("field")
        place = f"{PREFIX}{error.details.get('parameter')}" if field == "params" else field
        details = {"field": places.get(str(place), place)}
        show_refusal(self, InputRefused(error.message, details=details))


def form_for(
    report: Report, choices: Mapping[str, Choices], given: Mapping[str, Any]
) -> ReportForm:
    """With what was sent; else with `given` values, else with the defaults."""
    fields = {
        f"{PREFIX}{name}": field_for(name, parameter, choices.get(name, {}))
        for name, parameter in report.parameters.items()
    }
    first = {
        f"{PREFIX}{name}": start_of(parameter, given.get(name))
        for name, parameter in report.parameters.items()
    }
    form: ReportForm = type("OneReportForm", (ReportForm,), fields)(**first)
    return form


def field_for(name: str, parameter: Parameter, choices: Choices) -> Any:
    words: dict[str, Any] = {"label": label_of(name, parameter)}
    words["description"] = parameter.help or HINTS.get(parameter.type, "")
    if parameter.required and parameter.type != "boolean":
        words["validators"] = [InputRequired("It is needed.")]
    if parameter.type == "boolean":
        return BooleanField(**words)
    if parameter.type == "choice":
        blank = {} if parameter.required else {"": "–"}
        # What was chosen is judged with the other parameters, in one place.
        return SelectField(choices={**blank, **choices}, validate_choice=False, **words)
    return StringField(render_kw=attributes(name, parameter), **words)


def attributes(name: str, parameter: Parameter) -> dict[str, Any]:
    """What helps to type it; the words of relative days stand in a datalist."""
    found: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}
    if parameter.type in ("integer", "decimal"):
        found["inputmode"] = "numeric" if parameter.type == "integer" else "decimal"
    if parameter.type in RELATIVE:
        found["list"] = f"{PREFIX}{name}-days"
    return found


def start_of(parameter: Parameter, given: Any) -> Any:
    value = parameter.default if given is None else given
    if parameter.type == "boolean":
        return bool(value)
    return None if value is None else str(value)


def days_of(report: Report) -> dict[str, tuple[str, ...]]:
    """Relative days to offer, by the name of the field."""
    known = report.parameters.items()
    return {f"{PREFIX}{n}": RELATIVE[p.type] for n, p in known if p.type in RELATIVE}

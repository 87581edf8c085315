"""Between WTForms and the code below: texts go down, a refusal comes up beside its field."""

from typing import Any

from wtforms import Field

from dashboard.errors import JobEngineError


def text(field: Field) -> str:
    """What a valid form holds in a text field; WTForms' types allow None."""
    return str(field.data or "")


def show_refusal(form: Any, error: JobEngineError) -> None:
    """`details["field"]` names the field; a refusal without one speaks of the form as a whole."""
    field = error.details.get("field")
    if field in form:
        form[field].errors = [*form[field].errors, error.message]
    else:
        form.form_errors.append(error.message)

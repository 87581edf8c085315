"""What the fields of a schedule's form ask for, and which of them are on the page."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from wtforms import Field
from wtforms.validators import StopValidation

from dashboard.jobs.submission import wrong
from dashboard.schedules.choices import EVERY, TIMED, When
from dashboard.web.schedule_words import AFTER

EVERY_ALLOWED = f"Choose {', '.join(map(str, EVERY[:-1]))} or {EVERY[-1]} minutes."
MINUTE_ALLOWED = "Enter a whole number from 0 to 59."
DAY_ALLOWED = "Enter a whole number from 1 to 31."
LISTED = "Choose one of those listed."

ALWAYS = ("name", "type", "parameters", "when", "overlap")
# Beside the time, which several choices need.
OF_WHEN: Mapping[str, tuple[str, ...]] = {
    When.MINUTES: ("every",),
    When.HOURLY: ("minute",),
    When.WEEKLY: ("weekday",),
    When.MONTHLY: ("day",),
    When.CRON: ("cron",),
    AFTER: ("after_type", "after_outcome"),
}


class NeededFor:
    """Only asked for by some choices of when: with the others it is not on the page."""

    field_flags: ClassVar[Mapping[str, bool]] = {"required": True}

    def __init__(self, message: str, *choices: str) -> None:
        self.message, self.choices = message, choices

    def __call__(self, form: Any, field: Field) -> None:
        if form.when.data in self.choices and not (field.raw_data and field.raw_data[0].strip()):
            # One that could not be read has said so.
            raise StopValidation("" if field.process_errors else self.message)


def no_choice(message: str) -> dict[str, Any]:
    """Said of what is not in the list. A keyword that the types of WTForms lack."""
    return {"invalid_choice_message": message}


def no_number(message: str) -> dict[str, Any]:
    """Said of what is no whole number; as `no_choice`."""
    return {"invalid_value_message": message}


def fields_of(when: str | None) -> set[str]:
    """Those on the page with any job type."""
    found = {*ALWAYS, *OF_WHEN.get(when or "", ())}
    if when in TIMED:
        found.add("time")
    return found if when == AFTER else found | {"timezone", "catch_up"}


def parsed(text: str) -> dict[str, Any]:
    """Raises InputRefused naming `data` and the place."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        message = f"Line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}."
        raise wrong("data", message) from None
    except (ValueError, RecursionError) as error:
        raise wrong("data", f"This is not JSON: {str(error)[:100]}.") from None
    if not isinstance(found, dict):
        raise wrong("data", 'Parameters are an object, such as {"format": "csv"}.')
    return found


def no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def tell_hidden(form: Any, shown: set[str]) -> None:
    """What is wrong with a field that is not on the page is said of the form as a whole."""
    for name, errors in form.errors.items():
        if name in form and name not in shown:
            form.form_errors += [f"{form[name].label.text}: {error}" for error in errors]
            form[name].errors = ()

"""A database's refusal in plain words: which rule, what to do; never its SQL (I11)."""

from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError

ALREADY = "has a key that is already in the table{rule}. Change the key or leave the row out."
UNKNOWN = "names a record that does not exist{rule}. Add that record first, or correct the row."
BROKEN = "breaks a rule of the table{rule}. Correct the row."
BLANK = "has no value for a column that needs one{rule}. Fill it in."
OTHER = "was refused by the database{rule}. Correct the row."
LARGE = "is too large for one record of the database. Shorten its cells or leave columns out."
KINDS = {
    "54000": ("row_too_large", LARGE),
    "23505": ("already_exists", ALREADY),
    "23P01": ("already_exists", ALREADY),
    "23503": ("unknown_reference", UNKNOWN),
    "23514": ("refused_by_database", BROKEN),
    "23502": ("required", BLANK),
    "SQLITE_CONSTRAINT_UNIQUE": ("already_exists", ALREADY),
    "SQLITE_CONSTRAINT_PRIMARYKEY": ("already_exists", ALREADY),
    "SQLITE_CONSTRAINT_ROWID": ("already_exists", ALREADY),
    "SQLITE_CONSTRAINT_FOREIGNKEY": ("unknown_reference", UNKNOWN),
    "SQLITE_CONSTRAINT_CHECK": ("refused_by_database", BROKEN),
    "SQLITE_CONSTRAINT_NOTNULL": ("required", BLANK),
}
# 22 bad data, 23 broken constraint, 44 view check, 54 a limit of the database, P0 from a trigger
REFUSING_CLASSES = ("22", "23", "44", "54", "P0")


def refusal(error: BaseException) -> tuple[str, str] | None:
    """(code, end of the message) when the target refused a record; None for any other trouble."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig else error
    state = getattr(original, "sqlstate", None)
    if state is not None:
        return postgres_refusal(state, original)
    name = getattr(original, "sqlite_errorname", "")
    if name.startswith("SQLITE_CONSTRAINT") or name == "SQLITE_MISMATCH":
        return worded(name, named_rule(str(original)))
    if isinstance(error, IntegrityError):
        return worded("", "")
    return None


def postgres_refusal(state: str, error: Any) -> tuple[str, str] | None:
    if not state.startswith(REFUSING_CLASSES):
        return None
    told = error.diag
    rule = told.constraint_name or told.column_name
    if state.startswith("P0"):  # a trigger's own words; others may quote a sensitive cell
        rule = told.message_primary
    return worded(state, rule or "")


def worded(kind: str, rule: str) -> tuple[str, str]:
    code, message = KINDS.get(kind, ("refused_by_database", OTHER))
    return code, message.format(rule=f" ({rule})" if rule else "")


def named_rule(message: str) -> str:
    """The constraint, column or trigger text SQLite names; an unnamed CHECK shows no SQL."""
    rule = message.rpartition("constraint failed")[2].removeprefix(":").strip()
    return "" if any(character in rule for character in "()<>=") else rule

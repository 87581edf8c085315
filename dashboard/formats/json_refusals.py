"""The messages for JSON that is refused as a whole. Rows are lines, or elements of one array."""

from dashboard.errors import FileRefused
from dashboard.formats.layout import MAX_RECORD_BYTES
from dashboard.formats.refusals import refuse

EXAMPLE = '{"name": "Ada", "born": 1815}'
KINDS = {list: "a list", str: "a text or a number", bool: "true or false", type(None): "null"}
MEGABYTES = MAX_RECORD_BYTES >> 20


def not_json(row: int, position: int, reason: str) -> FileRefused:
    message = (
        f"Row {row}, character {position}: this is not JSON ({reason}). Write one whole object"
        f" on each line, such as {EXAMPLE}."
    )
    return refuse("not_json", message, row)


def not_an_object(row: int, value: object) -> FileRefused:
    what = KINDS.get(type(value), "a text or a number")
    message = (
        f"Row {row} is {what}, but an object is needed. Write the column names into every row,"
        f" such as {EXAMPLE}, or save the file as CSV."
    )
    return refuse("not_an_object", message, row)


def duplicate_key(row: int, key: str) -> FileRefused:
    message = f'Row {row}: the name "{key}" stands twice in one object. Keep one of them.'
    return refuse("duplicate_key", message, row)


def not_a_json_number(row: int, text: str) -> FileRefused:
    message = f"Row {row} holds {text}, which JSON does not know. Write null or a number."
    return refuse("not_json", message, row)


def lone_surrogate(row: int) -> FileRefused:
    message = (
        f"Row {row} holds half a character (a lone surrogate such as \\ud800), which no text may."
        " Export the file again as UTF-8."
    )
    return refuse("lone_surrogate", message, row)


def nested_too_deep(row: int) -> FileRefused:
    message = f"Row {row} is nested too deep to be read. Flatten the object."
    return refuse("nested_too_deep", message, row)


def object_too_long(row: int) -> FileRefused:
    message = (
        f"Row {row} does not end within {MEGABYTES} MB, or is not JSON. Check its brackets and"
        " quotes."
    )
    return refuse("line_too_long", message, row)


def array_not_closed(row: int) -> FileRefused:
    message = f"The file ends before its list does, after row {row}. Export it again; add the ]."
    return refuse("not_json", message, row)


def after_the_array(row: int) -> FileRefused:
    message = (
        f"More text follows after the list of {row} rows. Keep one list only, or write one object"
        " on each line without a list around them."
    )
    return refuse("not_json", message, row)


def no_rows() -> FileRefused:
    return refuse("no_rows", f"The file holds no rows. Add at least one, such as {EXAMPLE}.")


def no_columns() -> FileRefused:
    message = f"The file's objects are all empty. Write columns into them, such as {EXAMPLE}."
    return refuse("no_columns", message)


def too_many_names(row: int, count: int, most: int) -> FileRefused:
    message = (
        f"Row {row} brings the names used to {count:,}; at most {most:,} are allowed. Use the same"
        " names in all rows, or put what varies into one nested object."
    )
    return refuse("too_many_columns", message, row)

"""The messages for a file whose container, format or encoding cannot be read."""

from collections.abc import Sequence

from dashboard.errors import FileRefused
from dashboard.formats.refusals import refuse

SHOWN_NAMES = 5


def damaged(what: str) -> FileRefused:
    message = (
        f"The {what} is damaged: its checksum or its structure is wrong. Make it again and upload"
        " it again."
    )
    return refuse("damaged_archive", message)


def cut_off(what: str) -> FileRefused:
    message = f"The {what} ends too early: a part of it is missing. Upload the whole file."
    return refuse("damaged_archive", message)


def not_one_file(names: Sequence[str]) -> FileRefused:
    if not names:
        return refuse("archive_empty", "The ZIP archive holds no file. Put one file into it.")
    shown = ", ".join(names[:SHOWN_NAMES])
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    message = (
        f"The ZIP archive holds {len(names)} files: {shown}{more}. Upload one of them, or a ZIP"
        " archive with one file."
    )
    return refuse("archive_many_files", message)


def too_many_members() -> FileRefused:
    message = "The ZIP archive holds thousands of files. Upload a ZIP archive with one file."
    return refuse("archive_many_files", message)


def encrypted_zip(name: str) -> FileRefused:
    message = f"{name} in the ZIP archive is encrypted. Make the archive without a password."
    return refuse("archive_encrypted", message)


def zip_method(name: str) -> FileRefused:
    message = (
        f"{name} in the ZIP archive is packed in a way that is not read here. Make the archive with"
        " the usual method (deflate)."
    )
    return refuse("archive_method", message)


def inflates_too_much(limit: int) -> FileRefused:
    message = (
        f"The archive unpacks to far more than its size: over {limit >> 30} GB. Split the file, or"
        " upload it unpacked."
    )
    return refuse("archive_too_large", message)


def form_too_large(limit: int) -> FileRefused:
    message = f"Unpacked, the file is larger than {limit >> 30} GB. Split it into smaller files."
    return refuse("file_too_large", message)


def nested(outer: str, inner: str) -> FileRefused:
    message = f"The {outer} holds {inner}. Only text can be packed: unpack it and upload it itself."
    return refuse("nested_archive", message)


def not_readable(what: str) -> FileRefused:
    message = (
        f"The file looks like {what}, which cannot be read as rows. Save it as CSV, JSON Lines,"
        " XLSX, ODS or Parquet."
    )
    return refuse("not_text", message)


def other_format(chosen: str, what: str) -> FileRefused:
    message = f"The file is {what}, not {chosen}. Leave the format open, or upload another file."
    return refuse("bad_format", message)


def undecodable(row: int, byte: int, encoding: str) -> FileRefused:
    message = (
        f"Row {row} is not {encoding}: byte 0x{byte:02X} found. Choose the file's encoding, or save"
        " it as CSV UTF-8."
    )
    return refuse("wrong_encoding", message, row)


def unknown_encoding() -> FileRefused:
    message = (
        "The file's encoding cannot be found. Choose it, for example windows-1252, or save the file"
        " as CSV UTF-8."
    )
    return refuse("wrong_encoding", message)

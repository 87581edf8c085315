"""The messages for a file whose reader had to be stopped, or stopped by itself."""

from dashboard.errors import FileRefused


def too_slow() -> FileRefused:
    message = "Reading the file takes too long. Save it as CSV and upload that, or split it."
    return FileRefused(message, code="workbook_too_slow")


def too_large() -> FileRefused:
    message = (
        "Reading the file needs more memory than it may use. Save the sheet as CSV and upload that."
    )
    return FileRefused(message, code="workbook_too_large")


def stopped() -> FileRefused:
    message = (
        "The file cannot be read: it is damaged, or no workbook. Open it in a spreadsheet"
        " program, save it again as XLSX and upload that."
    )
    return FileRefused(message, code="workbook_unreadable")

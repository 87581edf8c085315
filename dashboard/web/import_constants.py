"""One text for all rows of a field: does the field take it?"""

from collections.abc import Mapping

from dashboard.importers.column_reading import ColumnReading
from dashboard.records.table import TableDescription


def constant_problems(target: TableDescription, constants: Mapping[str, str]) -> dict[str, str]:
    """By field; the same reader that the rows will meet."""
    import pyarrow as pa

    found = {}
    for name, text in constants.items():
        cast = ColumnReading(target.field(name)).cast(pa.array([text], pa.string()))
        for _, _, ending in cast.bad:
            found[name] = f"“{text}” {ending}"
    return found

"""Runs an importer's pandas hooks over the good rows of a chunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.errors import JobEngineError
from dashboard.importers.importer import Importer
from dashboard.records.casting import BLANK, arrow_type, recheck
from dashboard.records.refusals import Refusals
from dashboard.records.table import TableDescription


@dataclass(slots=True)
class Records:
    """Typed columns by field; `positions` are the records' places in the chunk, in order."""

    positions: Any
    values: dict[str, Any]


class HookError(JobEngineError):
    """An importer's hook gave back something that cannot be stored."""

    code = "hook_failed"


def run_hooks(
    importer: Importer,
    target: TableDescription,
    records: Records,
    extra: Mapping[str, Any],
    refusals: Refusals,
    *,
    blank_too: bool = False,
) -> Records:
    """`transform`, then `validate`, on the rows still good. `extra` are the unmapped columns.

    `blank_too`: a blank in a field that needs a value is not wrong (it leaves what is there).
    """
    good = np.flatnonzero(~refusals.bad[records.positions])
    positions = records.positions[good]
    frame = to_frame({**extra, **records.values}, good, refusals.numbers[positions])
    if importer.has("transform"):
        frame = importer.transform(frame)
        if not hasattr(frame, "columns"):
            raise HookError("transform() must return the DataFrame.")
        positions = places_of(frame.index, positions, refusals, "transform")
        records = Records(positions, from_frame(frame, target))
        for name, values in records.values.items():
            for place, code, ending in recheck(target.field(name), values):
                if blank_too and code == BLANK[0]:
                    continue
                refusals.add(int(positions[place]), name, code, ending)
    if importer.has("validate"):
        validate(importer, frame, positions, refusals)
    return records


def to_frame(columns: Mapping[str, Any], good: Any, numbers: Any) -> Any:
    import pandas as pd

    table = pa.table(dict(columns))
    if len(good) < table.num_rows:
        table = table.take(pa.array(good))
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    frame.index = pd.Index(numbers, name="row")
    return frame


def places_of(rows: Any, positions: Any, refusals: Refusals, hook: str) -> Any:
    """The chunk positions of rows a hook gave back: known ones, in order, each once."""
    numbers, given = refusals.numbers[positions], np.asarray(rows)
    places = np.searchsorted(numbers, given) if len(given) else np.empty(0, np.int64)
    known = bool((places < len(numbers)).all()) and bool((numbers[places] == given).all())
    if not known or not bool((np.diff(places) > 0).all()):
        raise HookError(
            f"{hook}() must keep to the rows of the frame it got, in their order and with their"
            " index. Do not add, sort or renumber rows."
        )
    return positions[places]


def from_frame(frame: Any, target: TableDescription) -> dict[str, Any]:
    """The frame's field columns as the types the table stores; other columns are dropped."""
    found = {}
    for field in target.fields:
        if field.name not in frame.columns:
            continue
        values = pa.array(frame[field.name])
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        wanted = arrow_type(field)
        try:
            found[field.name] = values if values.type == wanted else values.cast(wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            message = f"transform() made {field.name!r} {values.type}, not {wanted}: {error}"
            raise HookError(message) from error
    return found


def validate(importer: Importer, frame: Any, positions: Any, refusals: Refusals) -> None:
    for refused in importer.validate(frame) or ():
        for position in places_of(refused.rows, positions, refusals, "validate").tolist():
            refusals.add(position, refused.column, refused.code, refused.message)

"""What a merge is asked to do: change records that are there, and add those that are not.

For whoever makes a `Batch`:

* `batch.columns` holds what the file gives. Columns that SQLAlchemy's own defaults fill (see
  records/defaults.py) may stand there too when `batch.defaults` names them: they count for new
  records only, never for records that are there. `onupdate` values are added here.
* No key cell may be null and no key may stand twice in a batch; a row that breaks this is refused
  (`required`, `duplicate_in_file`), so nothing is written twice.
* `update` refuses a row whose record is missing with `not_found`.
* `Written.notes`: `created` is the list records/row_sets.py makes of the inserted rows' numbers
  (runs only); `samples` (checks only) is at most `SAMPLES` of
  `{"row": 5, "key": {"faa": "JFK"}, "changes": {"name": ["old", "new"]}}`, values as text or null.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SAMPLES = 5
MODES = ("insert", "update", "upsert")


@dataclass(frozen=True, slots=True)
class Merge:
    """How a batch meets the records that are there.

    `mode` is "update", "upsert", or, only together with `compare`, "insert". `key` names the stored
    columns that tell which record is meant: one of the table's own unique keys, with its index.
    `leave_blank`: a null leaves what is there. `compare` is a check: it tells what would happen and
    writes nothing but temporary tables. `images` (job UUID, chunk number) keeps what updated
    records held before, in the table of records/images.py. `shown` maps stored columns to fields
    (left out: the same name); `hidden` are stored columns whose values nobody may read.
    """

    mode: str
    key: tuple[str, ...]
    leave_blank: bool = False
    compare: bool = False
    images: tuple[str, int] | None = None
    shown: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

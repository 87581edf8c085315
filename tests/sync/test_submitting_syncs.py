"""`data` of a sync: what is known, what is refused, naming the key."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.errors import InputRefused
from dashboard.jobs.registry import JobRegistry
from dashboard.jobs.submission import Submitted
from dashboard.sync.submitted import read_data
from tests.sync.sync_types import TYPES

REGISTRY = JobRegistry(TYPES)


def read(name: str, **data: Any) -> Submitted:
    return read_data(REGISTRY.get(f"{name}-sync"), data, None)  # type: ignore[arg-type]


def test_all_of_it():
    found = read(
        "mirror",
        fullRefresh=True,
        mostDeletedPercent=40,
        chunkRows=7,
        runAt="2026-11-30T08:00:00+01:00",
    )
    assert found.options == {"fullRefresh": True, "mostDeletedPercent": 40}
    assert (found.chunk_rows, found.run_at) == (7, datetime(2026, 11, 30, 7, tzinfo=UTC))


def test_nothing():
    assert read("append") == Submitted()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"fullRefresh": "yes"}, "true or false"),
        ({"mostDeletedPercent": 101}, "0 to 100"),
        ({"mostDeletedPercent": 10}, "deletes nothing"),
        ({"chunkRows": 0}, "from 1"),
        ({"runAt": "soon"}, "with offset"),
        ({"mapping": {}}, "an import"),
        ({"filters": []}, "an export"),
        ({"fast": True}, "There is no key"),
    ],
)
def test_a_refusal_names_the_key(data, said):
    with pytest.raises(InputRefused, match=said) as refused:
        read("append", **data)
    assert refused.value.details["field"] == next(iter(data))

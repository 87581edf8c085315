"""A store of each kind: what holds for one holds for the other."""

from copy import copy
from pathlib import Path

import pytest

from dashboard.storage.store import Store


@pytest.fixture(scope="session")
def connected() -> dict[str, Store]:
    """Connecting takes a third of a second: once, not in every test."""
    return {}


@pytest.fixture
def bucket(connected: dict[str, Store], s3_url: str) -> Store:
    """A bucket of the test's own, by the connection of all."""
    if not connected:
        connected["s3"] = Store(s3_url)
        connected["s3"].exists("anything")
    store = copy(connected["s3"])
    store._root, store.place = s3_url.removeprefix("s3://"), s3_url
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found

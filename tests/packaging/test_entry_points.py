"""Job types from installed packages, joined with the project's own."""

from importlib.metadata import EntryPoint

import pytest

from dashboard.errors import ConfigurationError
from dashboard.jobs.entry_points import GROUP, join_job_types, packaged_job_types

OWN = {"import": {"books": {"table": "books"}}}
BROUGHT = {"import": {"shelves": {"table": "shelves"}}, "export": {"books-export": {}}}
NO_MAPPING = 7


def brought() -> object:
    return BROUGHT


def point(name: str) -> EntryPoint:
    return EntryPoint("library", f"{__name__}:{name}", GROUP)


@pytest.mark.parametrize("name", ["BROUGHT", "brought"])
def test_a_mapping_or_a_function_gives_types(name: str):
    assert packaged_job_types([point(name)]) == [("library", BROUGHT)]


@pytest.mark.parametrize("name", ["NO_MAPPING", "missing"])
def test_what_gives_no_types_stops_the_start(name: str):
    with pytest.raises(ConfigurationError, match="library"):
        packaged_job_types([point(name)])


def test_types_are_joined_by_kind():
    joined = join_job_types(OWN, [("library", BROUGHT)])
    assert sorted(joined["import"]) == ["books", "shelves"]
    assert sorted(joined["export"]) == ["books-export"]


def test_a_doubled_type_names_both_sources():
    with pytest.raises(ConfigurationError, match=r"'books'.*JOB_TYPES and by library"):
        join_job_types(OWN, [("library", {"sync": {"books": {}}})])


def test_the_projects_own_mapping_is_left_alone():
    join_job_types(OWN, [("library", BROUGHT)])
    assert list(OWN["import"]) == ["books"]

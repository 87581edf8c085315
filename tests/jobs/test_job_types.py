"""JOB_TYPES: looked up by name; what is wrong is named at start-up."""

from typing import Any

import pytest

from dashboard.errors import ConfigurationError, UnknownJobType
from dashboard.jobs.registry import JobRegistry, Kind
from tests.jobs.lines_job import TYPES, LinesJob

ENTRY = {"job": "tests.jobs.lines_job:LinesJob", "table": "lines"}


def test_look_ups():
    registry = JobRegistry(TYPES)
    assert (registry.get_kind("lines"), registry.get_job("lines")) == (Kind.IMPORT, LinesJob)
    assert (registry.get_model("lines"), registry.should_broadcast("lines")) == (None, True)
    labels = [job_type.label for job_type in registry.all(Kind.IMPORT)]
    assert labels == [name.capitalize() for name in TYPES["import"]]
    assert registry.all(Kind.REPORT) == []


def test_an_unknown_name_lists_the_known():
    with pytest.raises(UnknownJobType, match=r"Known types: .*\blines\b"):
        JobRegistry(TYPES).get("liens")


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"inport": {}}, "unknown kind 'inport'"),
        ({"import": {"a": {**ENTRY, "colour": 1}}}, "'a': unknown key 'colour'"),
        ({"import": {"a": {"job": "x:Y"}}}, "'a': kind import needs the key 'importer' or"),
        ({"import": {"a": {**ENTRY, "strategy": "smoke"}}}, "'a': strategy 'smoke'"),
        ({"import": {"a": {**ENTRY, "kind": "sync"}}}, "'a': kind 'sync'"),
        ({"export": {"a": ENTRY}}, "'a': the name of an export ends in '-export'"),
        (
            {"import": {"a-sync": ENTRY}, "sync": {"a-sync": {"sync": "x:Y"}}},
            "'a-sync' is defined twice",
        ),
    ],
)
def test_a_wrong_entry_is_named(types: Any, said: str):
    with pytest.raises(ConfigurationError, match=said):
        JobRegistry(types)


def test_a_path_to_no_module_is_found_without_importing():
    registry = JobRegistry({"import": {"a": {**ENTRY, "job": "tests.jobs.nowhere:Job"}}})
    with pytest.raises(ConfigurationError, match=r"'a': job 'tests\.jobs\.nowhere:Job'"):
        registry.check_paths()


def test_a_path_to_no_class_is_found_by_consumers():
    registry = JobRegistry({"import": {"a": {**ENTRY, "job": "tests.jobs.lines_job:Nobody"}}})
    registry.check_paths()
    with pytest.raises(ConfigurationError, match="'a'"):
        registry.load_all()

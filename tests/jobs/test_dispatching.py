"""The one entry: row first, hint after commit, any source."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.errors import FileRefused, UnknownJobType
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.transitions import JOB
from dashboard.models.stored_file import StoredFile
from tests.jobs.conftest import on
from tests.jobs.room import Room

pytestmark = on("sqlite", "postgres")


def stored_text(room: Room, source: Any) -> str:
    with Session(room.context.app) as session, session.begin():
        job = dispatch(room.context, session, "lines", source, user=None)
        file = session.get_one(StoredFile, job.file_id)
        with room.context.store.open(file.key) as stream:
            return stream.read().decode()


def test_mappings_become_a_stored_file(room: Room):
    records = [{"a": "x,y", "b": None}, {"b": 2, "a": 'say "hi"'}]
    assert stored_text(room, iter(records)) == 'a,b\n"x,y",\n"say ""hi""",2\n'


def test_a_frame_becomes_a_stored_file(room: Room):
    frame = pd.DataFrame({"code": ["007", None], "n": [1, 2]})
    assert stored_text(room, frame) == "code,n\n007,1\n,2\n"


def test_no_records_are_refused(room: Room):
    with pytest.raises(FileRefused, match="no records"):
        stored_text(room, [])


def test_uneven_records_are_refused(room: Room):
    with pytest.raises(FileRefused, match="Record 2 has the key 'b'"):
        stored_text(room, [{"a": 1}, {"b": 2}])


def test_an_unknown_type(room: Room):
    with Session(room.context.app) as session, pytest.raises(UnknownJobType, match="lines"):
        dispatch(room.context, session, "liens", [{"a": 1}], user=None)


def test_rolled_back_there_is_no_job_and_no_hint(room: Room):
    with Session(room.context.app) as session:
        dispatch(room.context, session, "lines", [{"a": 1}], user=None)
        session.rollback()
    assert room.rows(select(func.count()).select_from(JOB))[0][0] == 0
    assert room.hints.take() == []

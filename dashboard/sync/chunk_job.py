"""The sync job every sync type runs unless it names its own: extract all, then load as imports do.

Preparing reads the source to its end into a stored form and writes nothing; its chunks then load in
order, one at a time, each moving the cursor in the transaction of its records.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.formats.found import Found
from dashboard.formats.table_form import BATCH_ROWS
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.importers.duplicate_rows import KeyChoice
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.key_choice import chosen_key, filled_keys
from dashboard.importers.mapping import ColumnMapping
from dashboard.importers.planning import plan_batches
from dashboard.importers.upload import TABLE
from dashboard.jobs.chunk_job import Asks, Chunk, Forms, Outcome, Plan, PlannedChunk
from dashboard.jobs.context import JobContext
from dashboard.jobs.transitions import JOB
from dashboard.records.failures import Failure
from dashboard.sync.credentials import secrets_of
from dashboard.sync.cursors import CursorWriter, Position, Step, ensure_cursors, position_of
from dashboard.sync.extracting import Extraction
from dashboard.sync.matching import match_source, refuse_lost
from dashboard.sync.mirror import Deletion, MirrorWriter, deletion_of, question
from dashboard.sync.mirror_keys import KeyStage
from dashboard.sync.source import Ask
from dashboard.sync.steps import chunks_of, refused_rows, stepped, with_data
from dashboard.sync.stopping import Watch
from dashboard.sync.sync import Sync, sync_for
from dashboard.sync.taken_files import taken_marks

# The format a source's rows are said to be in: nobody's file.
ROWS = "rows"
# Rows that are read again, or come twice: the later one is the newer.
DUPLICATES = {"append": "first", "upsert": "last", "mirror": "last"}


class GenericSyncChunkJob(GenericImportChunkJob):
    """Syncs a source into the type's table.

    The plan's layout is an import's of a table form, with `ordered`, `source` (what it is, for
    people), `mode`, `full`, `pages` (how many were read), `files` (their names), `notes`, `from`
    and `to` (the cursor before and after). Hints of a chunk: `step` (cursors.py), `refused` (a file
    that could not be read) or `mirror` (the deleting chunk).
    """

    @cached_property
    def importer(self) -> Sync:
        return sync_for(self.job_type)

    @cached_property
    def chosen(self) -> ImportOptions:
        """What a sync's mode means to the machinery of imports."""
        sync = self.importer
        if not sync.deduplicates():
            return ImportOptions(undo=False)
        return ImportOptions(mode="upsert", duplicates=DUPLICATES[sync.mode], undo=False)

    @property
    def lent(self) -> JobContext:
        if self.context is None:
            raise ConfigurationError("A sync runs in the engine only.")
        return self.context

    @property
    def full(self) -> bool:
        """From the start: asked for, or a mirror."""
        return bool(self.options.get("fullRefresh")) or self.importer.mode == "mirror"

    # -- planning ----------------------------------------------------------------------------

    def plan(self, source: BinaryIO | None) -> Plan:
        """Raises what the source raises; the target is only read."""
        ensure_cursors(self.lent.target)
        forms, before = self._forms(), self._position()
        most = self.options.get("chunkRows") or self.job_type.chunk_rows or BATCH_ROWS
        extraction = Extraction(self.importer.source, self._ask(before), self._fields, most)
        form = forms.keep(extraction.pieces())
        mapping = self._mapping(extraction, before)
        keys, place = self._keys(mapping)
        layout: dict[str, Any] = {
            "kind": TABLE,
            "columns": list(extraction.columns),
            "headers": list(extraction.columns),
            "header_row": 0,
            "found": Found(ROWS, extraction.columns, extraction.columns, header_row=0).to_json(),
            "form": form,
            "ordered": True,
            "fields": dict(mapping.fields),
            "ignored": list(mapping.ignored),
            "keys": [list(names) for names in keys],
            "key": place,
            "into_empty": False,
        }
        chunks = self._chunks(extraction, forms, form, keys, mapping, place)
        deletion = self._deletion(layout, chunks)
        chunks = stepped(chunks, extraction, before, deletion, at_the_end=self.full)
        told = self._told(extraction, before, chunks)
        asks = None if deletion is None else self._asks(deletion)
        return Plan({**layout, **told}, chunks, asks=asks)

    def _forms(self) -> Forms:
        if self.forms is None:
            raise ConfigurationError("A sync needs a place for what it reads.")
        return self.forms

    def _position(self) -> Position:
        """Raises InputRefused when an earlier job left rows that could be doubled."""
        with self.connect() as connection:
            reading = connection.execution_options(sqlite_begin="DEFERRED")
            found = position_of(reading, self.job_type.name)
        if self.importer.deduplicates():
            return found
        if found.unfinished is not None:
            raise self._unfinished(found)
        if self.full and found.version:
            raise InputRefused(
                f"{self.job_type.label} appends: a full refresh would add every record once more."
                " Give the sync a key, or empty the table and let an admin reset the cursor.",
                code="full_refresh",
            )
        return found

    def _unfinished(self, found: Position) -> InputRefused:
        with self.lent.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            query = select(JOB.c.id, JOB.c.status).where(JOB.c.uuid == found.job_uuid)
            job = connection.execute(query).one_or_none()
        which = f"Job {job.id} ({job.status})" if job else "An earlier job"
        return InputRefused(
            f"{which} stopped in the middle of {found.unfinished}: some of its rows are there, and"
            " reading it again would double them. Retry that job: it goes on where it stopped. If"
            " it cannot be retried, remove its records and let an admin reset the cursor.",
            code="sync_unfinished",
        )

    def _ask(self, before: Position) -> Ask:
        context, name = self.lent, self.job_type.name
        with context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            secrets = secrets_of(connection, context.settings, name)

        def taken(marks: Sequence[str]) -> Any:
            if self.full:
                return ()
            with self.connect() as target:
                reading = target.execution_options(sqlite_begin="DEFERRED")
                return taken_marks(reading, name, marks)

        return Ask(
            settings=context.settings,
            cursor=None if self.full else before.cursor,
            secrets=secrets,
            check=Watch(context, self.uuid),
            taken=taken,
        )

    def _fields(self, columns: tuple[str, ...]) -> Mapping[str, str]:
        return self._match(columns).fields

    def _match(self, columns: Sequence[str]) -> ColumnMapping:
        return match_source(self.importer, self.target, self.chosen, columns)

    def _mapping(self, extraction: Extraction, before: Position) -> ColumnMapping:
        if not extraction.columns:
            return ColumnMapping({}, ())
        mapping = self._match(extraction.columns)
        refuse_lost(self.importer, before.filled, mapping, extraction.columns)
        return mapping

    def _keys(self, mapping: ColumnMapping) -> tuple[list[tuple[str, ...]], int | None]:
        if not mapping.fields:
            return [], None
        key = chosen_key(self.target, self.chosen)
        return filled_keys(self.importer, self.target, self.chosen, mapping.filled, key)

    def _chunks(
        self,
        extraction: Extraction,
        forms: Forms,
        form: str,
        keys: Sequence[tuple[str, ...]],
        mapping: ColumnMapping,
        place: int | None,
    ) -> list[PlannedChunk]:
        """One for each piece that was read, duplicate keys of the whole extraction in its hints."""
        places = [piece.place for piece in extraction.found if piece.place.rows]
        planned: list[PlannedChunk] = []
        if places:
            with forms.open(form) as stream:
                planned = plan_batches(
                    stream,
                    places,
                    columns=extraction.columns,
                    key_columns=[self._key_spec(k, mapping, ROWS, typed=True) for k in keys],
                    choice=KeyChoice(place, self.chosen.duplicates),
                )
        return chunks_of(extraction.found, planned)

    def _told(
        self, extraction: Extraction, before: Position, chunks: Sequence[PlannedChunk]
    ) -> dict[str, Any]:
        moves = [c.hints["step"]["cursor"] for c in chunks if c.hints["step"]["cursor"] is not None]
        return {
            "source": self.importer.source.describe(),
            "mode": self.importer.mode,
            "full": self.full,
            "pages": extraction.pages,
            "files": extraction.names,
            "notes": extraction.notes,
            "from": None if self.full else before.cursor,
            "to": moves[-1] if moves else before.cursor,
        }

    # -- mirror ------------------------------------------------------------------------------

    def _deletion(
        self, layout: Mapping[str, Any], chunks: Sequence[PlannedChunk]
    ) -> Deletion | None:
        """What the mirror would delete, before anything is written. None: it is no mirror."""
        if self.importer.mode != "mirror":
            return None
        places = [(c.offset, c.length, c.first_row, c.rows) for c in chunks if c.length]
        refused = sum(len(c.hints.get("refused", ())) for c in chunks)
        stage = self._stage(layout, places)
        return deletion_of(self.target, stage, self.connect, places, refused)

    def _stage(self, layout: Mapping[str, Any], places: Sequence[Sequence[int]]) -> KeyStage:
        job = replace(self.facts(layout), check=False)
        return KeyStage(job, self.lent.store, layout, places, chosen_key(self.target, self.chosen))

    def _asks(self, deletion: Deletion) -> Asks | None:
        percent = self.options.get("mostDeletedPercent")
        most = self.importer.most_deleted_percent if percent is None else percent
        return question(deletion, float(most))

    # -- running -----------------------------------------------------------------------------

    def run_chunk(self, chunk: Chunk) -> Outcome:
        outcome = self._outcome(chunk)
        if chunk.only_rows is None and self.purpose == "run":
            filled = tuple(chunk.layout["fields"].values())
            step = Step.from_json(chunk.planned.hints["step"], filled)
            name = self.job_type.name
            writer = CursorWriter(outcome.writer, name, step, self.uuid, chunk.number)
            outcome.writer = writer
        return outcome

    def _outcome(self, chunk: Chunk) -> Outcome:
        hints = chunk.planned.hints
        if "mirror" in hints:
            deletion = Deletion.from_json(hints["mirror"])
            stage = self._stage(chunk.layout, deletion.places)
            return Outcome(0, [], MirrorWriter(self.target, stage, deletion, self._most(deletion)))
        if not chunk.planned.rows or not chunk.layout["columns"]:
            left_out = sum(cells is None for cells in chunk.corrections.values())
            return Outcome(0, refused_rows(chunk), None, skipped=left_out)
        outcome = super().run_chunk(with_data(chunk))
        outcome.failures = sorted([*outcome.failures, *refused_rows(chunk)], key=by_row)
        if self.importer.mode == "append":
            leave_existing(outcome.writer)
        return outcome

    def _most(self, deletion: Deletion) -> int:
        """Records the deleting chunk may take: what the share allows, or what a person saw."""
        asked = self._asks(deletion)
        if asked is not None:
            return deletion.rows  # it only came this far because a person let it
        percent = self.options.get("mostDeletedPercent")
        most = self.importer.most_deleted_percent if percent is None else percent
        return max(deletion.rows, int(deletion.of * float(most) / 100))

    def after(self, connection: Connection) -> None:
        """The table is looked at on this connection: another would wait for it on SQLite."""
        if "target" not in self.__dict__:
            self.__dict__["target"] = self.importer.describe(lambda: nullcontext(connection))
        super().after(connection)


def by_row(failure: Failure) -> int:
    return failure.row


def leave_existing(writer: Any) -> None:
    """An appending merge adds records; one that is there keeps every value."""
    merge = getattr(writer, "merge", None)
    if merge is not None:
        given = frozenset(writer.batch.columns) - frozenset(merge.key)
        writer.batch.defaults = writer.batch.defaults | given

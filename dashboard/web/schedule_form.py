"""The form of a schedule: fields, what they say, and back."""

import json
from collections.abc import Sequence
from typing import Any

from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import (
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from dashboard.errors import InputRefused
from dashboard.exporters.presets import presets_of
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.submission import wrong
from dashboard.models.schedule import AfterOutcome, CatchUp, Overlap, Schedule
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.schedules.choices import TIMED, Plain, When, plain
from dashboard.schedules.editing import LONGEST_NAME, Wanted
from dashboard.web.engine import engine_context
from dashboard.web.import_types import may_run
from dashboard.web.schedule_fields import (
    DAY_ALLOWED,
    EVERY_ALLOWED,
    LISTED,
    MINUTE_ALLOWED,
    NeededFor,
    fields_of,
    no_choice,
    no_number,
    parsed,
    tell_hidden,
)
from dashboard.web.schedule_words import (
    AFTER,
    CATCH_UP_WORDS,
    EVERY_WORDS,
    EXAMPLES,
    OUTCOME_WORDS,
    OVERLAP_WORDS,
    WEEKDAY_WORDS,
    WHEN_WORDS,
)

MOST_FILES = 100
# Keys of data that have a field of their own.
CHOSEN = ("file", "preset")


class ScheduleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Of the fields of `when` only those the choice needs are on the page."""

    name = StringField("Name", [Optional(), Length(max=LONGEST_NAME)])
    type = SelectField("Job type", **no_choice("Choose a job type from the list."))
    file = SelectField("File", validate_choice=False)
    preset = SelectField("Preset", validate_choice=False)
    parameters = TextAreaField(
        "Parameters",
        [Optional()],
        description="As JSON, with the keys that REST takes as data. Empty: the type's own.",
    )
    when = SelectField(
        "When",
        choices=WHEN_WORDS,
        default=str(When.DAILY),
        **no_choice("Choose when it runs from the list."),
    )
    every = SelectField("Minutes", choices=EVERY_WORDS, default="15", **no_choice(EVERY_ALLOWED))
    minute = IntegerField(
        "Minute of the hour",
        [NeededFor(MINUTE_ALLOWED, When.HOURLY)],
        default=0,
        **no_number(MINUTE_ALLOWED),
    )
    time = StringField("Time", [NeededFor("Enter a time.", *TIMED)], default="06:00")
    weekday = SelectField(
        "Day",
        choices=WEEKDAY_WORDS,
        default="1",
        **no_choice("Choose a day from Monday to Sunday."),
    )
    day = IntegerField(
        "Day of the month",
        [NeededFor(DAY_ALLOWED, When.MONTHLY)],
        default=1,
        **no_number(DAY_ALLOWED),
    )
    cron = StringField(
        "Cron expression",
        [NeededFor("Enter an expression.", When.CRON)],
        description="Minute, hour, day, month, day of week.",
    )
    timezone = StringField("Time zone", [NeededFor("Enter a time zone.", *When)], default="UTC")
    after_type = SelectField(
        "Job type to follow",
        [NeededFor("Choose the job type to follow.", AFTER)],
        validate_choice=False,
    )
    after_outcome = RadioField(
        "Start it",
        choices=OUTCOME_WORDS,
        default=str(AfterOutcome.CLEAN),
        **no_choice(LISTED),
    )
    overlap = RadioField(
        "If its last job has not finished",
        choices=OVERLAP_WORDS,
        default=str(Overlap.SKIP),
        **no_choice(LISTED),
    )
    catch_up = RadioField(
        "If runs were missed because nothing was running",
        choices=CATCH_UP_WORDS,
        default=str(CatchUp.ONE),
        **no_choice(LISTED),
    )
    version = HiddenField()

    def offer(self, session: Session, owner: User) -> None:
        """Fill the lists with what the owner has."""
        types = [found for found in engine_context().registry.all() if may_run(found)]
        self.type.choices = by_kind(types)
        self.after_type.choices = by_kind(engine_context().registry.all())
        chosen = self.job_type
        files = file_names(session, owner) if chosen and chosen.kind is Kind.IMPORT else []
        self.file.choices = options(files, self.file.data)
        presets = presets_of(session, owner, chosen.name) if self.is_export and chosen else []
        self.preset.choices = options(["", *(found.name for found in presets)], self.preset.data)

    def ready(self, session: Session, owner: User) -> None:
        """For the page."""
        self.offer(session, owner)
        tell_hidden(self, self.shown)

    @property
    def job_type(self) -> JobType | None:
        """The chosen one, the first of the list before somebody chose."""
        known = {found.name: found for found in engine_context().registry.all() if may_run(found)}
        return known.get(self.type.data) or next(iter(known.values()), None)

    @property
    def is_import(self) -> bool:
        return self.job_type is not None and self.job_type.kind is Kind.IMPORT

    @property
    def is_export(self) -> bool:
        return self.job_type is not None and self.job_type.kind is Kind.EXPORT

    @property
    def shown(self) -> set[str]:
        """The names of the fields on the page: those that the choices made need."""
        of_type = {"file"} if self.is_import else {"preset"} if self.is_export else set()
        return fields_of(self.when.data) | of_type

    @property
    def type_words(self) -> str:
        """`Flights export`; an import and an export may have the same label."""
        return f"{self.job_type.label} {self.job_type.kind}" if self.job_type else ""

    @property
    def example(self) -> str:
        return EXAMPLES[self.job_type.kind] if self.job_type else ""

    @property
    def seen_version(self) -> int | None:
        """Of the schedule when the page was made; None for who left it out."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def expression(self) -> str:
        """Of the choice of when. Raises InputRefused naming its field."""
        found = Plain(
            When(self.when.data),
            every=int(self.every.data),
            minute=whole(self.minute, "minute"),
            time=self.time.data or "",
            weekday=int(self.weekday.data or 1),
            day=whole(self.day, "day"),
            cron=self.cron.data or "",
        )
        return found.expression()

    def wanted(self, active: bool) -> Wanted:
        """Raises InputRefused naming a field."""
        follows = self.when.data == AFTER
        return Wanted(
            type=self.type.data,
            name=self.name.data or self.type_words,
            data=self.said(),
            cron=None if follows else self.expression(),
            timezone=self.timezone.data or "",
            after_type=self.after_type.data if follows else None,
            after_outcome=self.after_outcome.data,
            overlap=self.overlap.data,
            catch_up=self.catch_up.data,
            active=active,
        )

    def said(self) -> dict[str, Any]:
        """`data`: the parameters, with the file or preset that was chosen beside them."""
        data = parsed(self.parameters.data or "")
        if self.is_import and self.file.data:
            data["file"] = self.file.data
        if self.is_export and self.preset.data:
            data["preset"] = self.preset.data
        return data


def blank_form(session: Session) -> ScheduleForm:
    """In the zone of the person's last schedule."""
    mine = (Schedule.user_id == current_user.id, Schedule.cron.is_not(None))
    query = select(Schedule.timezone).where(*mine)
    zone = session.scalar(query.order_by(Schedule.id.desc()).limit(1))
    return ScheduleForm(timezone=zone or "UTC")


def form_of(schedule: Schedule) -> ScheduleForm:
    found = plain(schedule.cron) if schedule.cron else Plain()
    rest = {name: value for name, value in schedule.data.items() if name not in CHOSEN}
    return ScheduleForm(
        name=schedule.name,
        type=schedule.type,
        file=schedule.data.get("file"),
        preset=schedule.data.get("preset"),
        parameters=json.dumps(rest, ensure_ascii=False, indent=2) if rest else "",
        when=str(found.when) if schedule.cron else AFTER,
        every=str(found.every),
        minute=found.minute,
        time=found.time,
        weekday=str(found.weekday),
        day=found.day,
        cron=schedule.cron or "",
        timezone=schedule.timezone,
        after_type=schedule.after_type,
        after_outcome=schedule.after_outcome or str(AfterOutcome.CLEAN),
        overlap=schedule.overlap,
        catch_up=schedule.catch_up,
        version=schedule.version,
    )


def by_kind(types: Sequence[JobType]) -> dict[str, dict[str, str]]:
    """For a select with a group per kind."""
    found: dict[str, dict[str, str]] = {}
    for job_type in types:
        group = found.setdefault(f"{job_type.kind.capitalize()}s", {})
        group[job_type.name] = job_type.label
    return found


def options(names: Sequence[str], chosen: str | None) -> dict[str, str]:
    """What was chosen stays in the list, even if it is gone: saving says so."""
    known = [*names, *([chosen] if chosen and chosen not in names else [])]
    return {name: name or "None" for name in known}


def file_names(session: Session, owner: User) -> list[str]:
    """One's own uploads (what jobs made expires), the newest first, each name once."""
    kept = (StoredFile.removed_at.is_(None), StoredFile.expires_at.is_(None))
    query = (
        select(StoredFile.name)
        .where(StoredFile.owner_id == owner.id, *kept)
        .order_by(StoredFile.id.desc())
        .limit(MOST_FILES)
    )
    return list(dict.fromkeys(session.scalars(query)))


def whole(field: IntegerField, name: str) -> int:
    if field.data is None:
        raise wrong(name, "Enter a whole number.")
    return int(field.data)


def field_of(error: InputRefused, form: ScheduleForm) -> str:
    """The field a refusal belongs to; of a key of `data` without one on the page: parameters."""
    named = str(error.details.get("field") or "")
    aliases = {"after": "after_type", "catchUp": "catch_up"}
    name = aliases.get(named, named)
    known = name in form._fields and (name not in CHOSEN or name in form.shown)
    return name if known or not name else "parameters"

"""Where a sync's rows come from: what one run asks of a source, and the pages it answers with."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from dashboard.errors import ConfigurationError, JobEngineError
from dashboard.settings import Settings

Cursor = Mapping[str, Any]
"""How far a source was read: JSON, kept whole and given back whole. What it says is the source's
own business."""


class SourceError(JobEngineError):
    """The source cannot be read as it is set up. Nothing has been written then."""

    code = "source_refused"
    status = 502

    def __init__(self, message: str, *, code: str | None = None, permanent: bool = True) -> None:
        super().__init__(message, code=code)
        self.permanent = permanent


def go_on() -> None:
    """The check of a run nobody stops."""


def none_taken(_marks: Sequence[str]) -> Collection[str]:
    """The files of a first run."""
    return ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What one run wants.

    `cursor` None: from the start. `secrets` are in the clear, by name. `check` is called about once
    a second and raises when the run is to stop. `taken` tells which marks earlier runs have taken.
    """

    settings: Settings
    cursor: Cursor | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    check: Callable[[], None] = go_on
    taken: Callable[[Sequence[str]], Collection[str]] = none_taken


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that belong together; `rows` as `table_form.make_batch` makes them (null = absent).

    Row numbers grow over the whole run; a row's number in its own file is that minus `base`.
    `cursor` and `mark` are to be kept with the page's last row: the mark says that a file was read
    to its end. `refused`: this page is no rows but one failure, numbered `base` + 1: a file that
    cannot be read, or one of its rows. `name` and `note` are for people and hold no secrets.
    """

    name: str
    rows: pa.RecordBatch
    base: int = 0
    cursor: Cursor | None = None
    mark: str | None = None
    refused: JobEngineError | None = None
    note: str = ""


class Source(Protocol):
    """Where a sync reads. Options are checked when it is made (ConfigurationError)."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The secrets an administrator must set."""

    @property
    def whole(self) -> bool:
        """Does a run from the start read everything there is?"""

    @property
    def rereads(self) -> bool:
        """Does a run read rows again that an earlier one has read (lag)?"""

    def describe(self) -> str:
        """One line for people, without secrets."""

    def read(self, ask: Ask) -> Iterator[Page]:
        """A generator: close it to stop early. Raises JobEngineError, and what `check` raises."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret an administrator keeps for the job type, encrypted."""

    name: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ConfigurationError(f"Secret {self.name!r}: use letters, digits and _.")


@dataclass(frozen=True, slots=True)
class Environment:
    """A secret in the environment of the processes that run jobs."""

    name: str


Word = Secret | Environment
"""Where a password or token is kept; never the word itself."""


def names_of(*words: Word | None) -> tuple[str, ...]:
    """Those an administrator must set, each once."""
    return tuple(dict.fromkeys(word.name for word in words if isinstance(word, Secret)))


def reveal(word: Word, ask: Ask) -> str:
    """The word itself. Raises SourceError while it is not set."""
    if isinstance(word, Secret):
        found, where = ask.secrets.get(word.name), "an administrator sets it on the sync's page"
    else:
        found, where = os.environ.get(word.name), "set it in the environment of the consumers"
    if not found:
        raise SourceError(
            f"The secret {word.name} of the source is not set: {where}.", code="secret_missing"
        )
    return found.rstrip("\r\n")  # as `echo` leaves behind one


def expect(holds: object, message: str) -> None:
    """For options: raises ConfigurationError."""
    if not holds:
        raise ConfigurationError(message)


def is_word(value: Any) -> bool:
    """No option may hold a password itself."""
    return value is None or isinstance(value, Word)

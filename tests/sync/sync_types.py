"""Tables and sync types of the tests."""
# ruff: noqa: RUF012 - Sync declares these attributes ClassVar; a type need not say so again

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text

from dashboard.importers.importer import Refused
from dashboard.sync.http_source import HttpSource
from dashboard.sync.sync import Sync
from tests.sync.listed_source import SHELF, FilesSource, ListedSource

METADATA = MetaData()
# No key and no constraint: a row taken twice shows as doubled.
LOG = Table(
    "sync_log",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("text", Text),
)
THINGS = Table(
    "sync_things",
    METADATA,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("text", String(40)),
)
PARTS = Table(
    "sync_parts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("thing", ForeignKey("sync_things.n")),
)


class AppendSync(Sync):
    """By cursor, without a key: nothing may come twice."""

    source = ListedSource(cursor="n")
    table = LOG
    fields = ["n", "text"]


class FussySync(AppendSync):
    """Its hook raises while the shelf says so."""

    def transform(self, frame: Any) -> Any:
        if SHELF.note == "fuss" and (frame["n"] > 2).any():
            raise ValueError("fuss")
        return frame


class LateSync(AppendSync):
    """Its source tells the cursor with the last page only."""

    source = ListedSource(cursor="n", covers_late=True)


class FilesSync(AppendSync):
    source = FilesSource()


class KeyedSync(Sync):
    """Appends, telling records apart by key."""

    source = ListedSource(cursor="n", lag=2)
    table = THINGS
    key = "n"


class UpsertSync(KeyedSync):
    mode = "upsert"


class MirrorSync(Sync):
    source = ListedSource()
    table = THINGS
    mode = "mirror"


class ChoosyMirror(MirrorSync):
    """With hooks: what they drop or refuse."""

    def transform(self, frame: Any) -> Any:
        return frame[frame["text"] != "drop"].assign(n=frame["n"] + 100)

    def validate(self, frame: Any) -> Iterable[Refused]:
        yield self.fail(frame["text"] == "refuse", "text", "is refused.")


class SecretSync(AppendSync):
    """Its source asks for a secret."""

    source = ListedSource(cursor="n", secret_names=("token",))


class HttpSync(UpsertSync):
    """Each test puts its own address here."""

    source = HttpSource("http://127.0.0.1:1029/")


MODULE = "tests.sync.sync_types"
TYPES = {
    "sync": {
        f"{name}-sync": {"label": name.capitalize(), "sync": f"{MODULE}:{kind.__name__}"}
        for name, kind in {
            "append": AppendSync,
            "late": LateSync,
            "fussy": FussySync,
            "files": FilesSync,
            "keyed": KeyedSync,
            "upsert": UpsertSync,
            "mirror": MirrorSync,
            "choosy": ChoosyMirror,
            "http": HttpSync,
        }.items()
    }
}

# For pages: one that asks for a secret, one for admins only, one that names no sync.
WEB_TYPES = {
    "secret-sync": {"label": "Secret", "sync": f"{MODULE}:SecretSync"},
    "admins-sync": {"label": "Admins only", "sync": f"{MODULE}:LateSync", "roles": ("admin",)},
    "broken-sync": {"label": "Broken", "sync": f"{MODULE}:LOG"},
}

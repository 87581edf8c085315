"""The sync types of bench/sync_kills.py: no safety net, so that a doubled row shows."""
# ruff: noqa: RUF012 - Sync declares these attributes ClassVar; a type need not say so again

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from dashboard.sync.folder_source import FolderSource
from dashboard.sync.source import Environment
from dashboard.sync.sql_source import SqlSource
from dashboard.sync.sync import Sync

SOURCE_URL = "SYNC_KILLS_SOURCE"
LAG = 500
METADATA = MetaData()


def table(name: str, *, keyed: bool) -> Table:
    """`n` counts the source's rows, `stamp` its changes."""
    number = Column("id", Integer, primary_key=True)
    key = Column("n", BigInteger, primary_key=True, autoincrement=False)
    columns = [key] if keyed else [number, Column("n", BigInteger, nullable=False)]
    more = (Column("stamp", BigInteger, nullable=False), Column("text", Text))
    return Table(name, METADATA, *columns, *more)


LOG, FILED = table("kills_log", keyed=False), table("kills_filed", keyed=False)
UPSERTED, MIRRORED = table("kills_upserted", keyed=True), table("kills_mirrored", keyed=True)


class AppendSync(Sync):
    """By a number that grows."""

    source = SqlSource(url=Environment(SOURCE_URL), table="source_rows", cursor="n")
    table = LOG
    fields = ["n", "stamp", "text"]


class UpsertSync(Sync):
    """By the number of the last change, with a lag."""

    source = SqlSource(url=Environment(SOURCE_URL), table="source_rows", cursor="stamp", lag=LAG)
    table = UPSERTED
    mode = "upsert"


class MirrorSync(Sync):
    """All of it, deletions too."""

    source = SqlSource(url=Environment(SOURCE_URL), table="source_rows")
    table = MIRRORED
    mode = "mirror"


class FolderSync(Sync):
    """Files, each once."""

    source = FolderSource(path="drop", glob="*.csv", settle_seconds=0)
    table = FILED
    fields = ["n", "stamp", "text"]


TYPES = {
    "sync": {
        f"{name}-sync": {"sync": f"bench.sync_types:{name.capitalize()}Sync"}
        for name in ("append", "upsert", "mirror", "folder")
    }
}

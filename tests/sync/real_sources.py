"""Sync types that read real sources; tests say where these are."""
# ruff: noqa: RUF012 - Sync declares these attributes ClassVar; a type need not say so again

from dashboard.sync.folder_source import FolderSource
from dashboard.sync.http_source import Bearer, CursorParameter, HttpSource
from dashboard.sync.source import Environment, Secret
from dashboard.sync.sql_source import SqlSource
from dashboard.sync.sync import Sync
from tests.sync.sync_types import LOG, THINGS


class TableSync(Sync):
    """Another database, by cursor, without a key: nothing may come twice."""

    source = SqlSource(url=Environment("OTHER_URL"), table="things", cursor="id")
    table = LOG
    fields = ["n", "text"]
    mapping = {"id": "n", "name": "text", "changed_at": None}


class DropSync(Sync):
    """Files of the instance's folder."""

    source = FolderSource("drop", glob="*.csv", settle_seconds=0)
    table = LOG
    fields = ["n", "text"]


class SiteSync(Sync):
    """A web site; `source` is set anew when its port is known."""

    source = HttpSource("http://127.0.0.1:1029/things")
    table = THINGS
    key = "n"
    mode = "upsert"

    @classmethod
    def at(cls, url: str) -> HttpSource:
        changed = CursorParameter("n", "after")
        return HttpSource(url, items="data", auth=Bearer(Secret("token")), cursor=changed)


TYPES = {
    "sync": {
        f"{name}-sync": {"label": name, "sync": f"tests.sync.real_sources:{name.title()}Sync"}
        for name in ("table", "drop", "site")
    }
}

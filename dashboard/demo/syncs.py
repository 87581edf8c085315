"""The demo's sync types; they work without a network, on a fresh install too."""

from dashboard.demo.models import Airport
from dashboard.sync.folder_source import FolderSource
from dashboard.sync.sync import Sync


class AirportsSync(Sync):
    """Files put into the instance's inbox, each taken once: airports by their FAA code."""

    source = FolderSource(path="inbox/airports", glob="*.csv")
    model = Airport
    key = "faa"
    mode = "upsert"

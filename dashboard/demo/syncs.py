"""The demo's sync types; they work without a network, on a fresh install too."""

from dashboard.demo.importers import AirportImporter
from dashboard.sync.folder_source import FolderSource
from dashboard.sync.sync import Sync


class AirportsSync(AirportImporter, Sync):
    """Files put into the instance's inbox, each taken once; rules and names are the import's."""

    source = FolderSource(path="inbox/airports", glob="*.csv")
    mode = "upsert"

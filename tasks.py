"""The consumers' entry: `huey_consumer tasks.jobs_queue` and `huey_consumer tasks.events_queue`."""

from config import from_environment
from dashboard.app import start
from dashboard.importers.previews import install_counting
from dashboard.jobs.consumers import install

app = start(from_environment)
context = app.extensions["jobengine"]
counter = install_counting(context)
jobs_queue, events_queue = install(context, app.extensions["jobengine_listeners"], counter.loop)

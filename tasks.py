"""The consumers' entry: `huey_consumer tasks.jobs_queue` and `huey_consumer tasks.events_queue`."""

from config import from_environment
from dashboard.app import start
from dashboard.jobs.consumers import install

app = start(from_environment)
jobs_queue, events_queue = install(
    app.extensions["jobengine"], app.extensions["jobengine_listeners"]
)

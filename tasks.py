"""The consumers' entry: `huey_consumer tasks.jobs_queue` and `huey_consumer tasks.events_queue`."""

from dashboard.app import create_app
from dashboard.jobs.consumers import install

app = create_app()
jobs_queue, events_queue = install(
    app.extensions["jobengine"], app.extensions["jobengine_listeners"]
)

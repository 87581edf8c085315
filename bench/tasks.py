"""The consumers' entry while the bench runs: `tasks.py` with the bench's job types added."""

from bench.job_types import bench_settings
from dashboard.app import create_app
from dashboard.jobs.consumers import install

app = create_app(bench_settings())
jobs_queue, events_queue = install(
    app.extensions["jobengine"], app.extensions["jobengine_listeners"]
)

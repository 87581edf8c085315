"""The consumers' entry: `huey_consumer tasks.jobs_queue` and `huey_consumer tasks.events_queue`."""

from config import from_environment
from dashboard.app import start
from dashboard.importers.previews import install_counting
from dashboard.jobs.consumers import every, install
from dashboard.kinds.submitted import read_data
from dashboard.reports.mailing import Mailer
from dashboard.schedules.loop import install_schedules
from dashboard.sync.cursors import ensure_cursors

MAIL_EVERY = 5.0

app = start(from_environment)
context = app.extensions["jobengine"]
counter = install_counting(context)
jobs_queue, events_queue = install(
    context,
    app.extensions["jobengine_listeners"],
    counter.loop,
    install_schedules(context, read_data),
    every(MAIL_EVERY, Mailer(context).run_once, "mail"),
    tables=(ensure_cursors,),
)

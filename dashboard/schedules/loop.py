"""What the consumer of the events queue runs once a second."""

from dashboard.jobs.consumers import every
from dashboard.jobs.context import JobContext
from dashboard.schedules.firing import Timekeeper
from dashboard.schedules.starting import ReadData
from dashboard.task_queue.consumer import Loop

LOOK_EVERY = 1.0


def install_schedules(context: JobContext, read_data: ReadData) -> Loop:
    """A loop for `jobs.consumers.install`."""
    return every(LOOK_EVERY, Timekeeper(context, read_data).run_once, "schedules")

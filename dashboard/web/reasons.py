"""Why a job does not move: a waiting job always gives its reason."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import RUNNING, JobStatus
from dashboard.web.workers import workers_up

S = JobStatus
AHEAD = (S.WAITING, *RUNNING)


def why(session: Session, job: Job) -> str | None:
    """One sentence, or None when it moves or has ended."""
    reason = REASONS.get(S(job.status))
    return reason(session, job) if reason else None


def waiting(session: Session, job: Job) -> str:
    if not workers_up(session):
        return "No worker is up. It starts by itself as soon as one is."
    ahead = select(func.count()).where(Job.status.in_(AHEAD), Job.id < job.id)
    count = session.scalar(ahead) or 0
    if not count:
        return "Next in line; a worker takes it in a moment."
    return f"{count} job{'s' if count > 1 else ''} ahead of it."


def delayed(_session: Session, job: Job) -> str:
    if job.after_id:
        return f"Starts when job #{job.after_id} has completed."
    if job.run_at and job.run_at > now():
        return f"Scheduled for {job.run_at:%d %b %H:%M} UTC."
    return "Tries again by itself in a moment."


def paused(_session: Session, job: Job) -> str:
    actor, reason = job.meta.get("actor"), job.meta.get("reason")
    by = f"Paused by {actor}" if actor else "Paused"
    return f"{by}: “{reason}”." if reason else f"{by}. Resume it to go on."


def interrupted(session: Session, _job: Job) -> str:
    if not workers_up(session):
        return "Its worker stopped and no other is up. It goes on by itself; no row is lost."
    return "Its worker stopped. Another takes over within 15 s; no row is lost or doubled."


def pausing(_session: Session, _job: Job) -> str:
    return "The chunks in hand are finished first."


REASONS = {
    S.WAITING: waiting,
    S.DELAYED: delayed,
    S.PAUSED: paused,
    S.INTERRUPTED: interrupted,
    S.PAUSING: pausing,
    S.CANCELLING: pausing,
}

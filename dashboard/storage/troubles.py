"""What goes wrong with stored files, as our errors. What a bucket's server says is told without its
words: they may hold secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from dashboard.errors import ConfigurationError, FileRefused, JobEngineError, NotFound

# The server's words for a bucket that is not there, or not in this region.
NO_BUCKET = ("NoSuchBucket", "PermanentRedirect", "301", "InvalidBucketName")
PAST_THE_END = ("InvalidRange", "416")
GONE = "The stored file is gone. Upload it again, or run the job that made it again."
SHORTER = "The stored file is shorter than when it was cut. Upload it, or run the job, again."


class StoreUnavailable(JobEngineError):
    """The store does not answer, or not in time; trying again later may help."""

    code = "store_unavailable"
    status = 503
    permanent = False


def gone(message: str = GONE) -> NotFound:
    return NotFound(message, code="file_gone")


def too_large(limit: int) -> FileRefused:
    error = FileRefused(
        f"The file is larger than the limit of {limit:,} bytes. Split it, or ask an administrator"
        " to raise MAX_UPLOAD_BYTES.",
        code="file_too_large",
    )
    error.status = 413
    return error


@contextmanager
def found() -> Iterator[None]:
    """A file that is not there is NotFound (`file_gone`)."""
    try:
        yield
    except FileNotFoundError:
        raise gone() from None


@contextmanager
def told(place: str) -> Iterator[None]:
    """Around all that may call a server; `place` is what people are told: the folder or bucket.

    Raises ConfigurationError (`store_refused`), StoreUnavailable, NotFound; errors of this machine
    stay as they are.
    """
    try:
        yield
    except (BotoCoreError, ClientError, OSError) as error:
        # s3fs raises an OSError for most answers; the answer itself is its cause.
        ours = meaning(place, error if error.__cause__ is None else error.__cause__)
        if ours is None:
            raise
        raise ours from None


def meaning(place: str, cause: BaseException) -> JobEngineError | None:
    if isinstance(cause, ClientError):
        answer = cause.response
        # The server's own words may hold keys: only its code is told.
        code = str(answer.get("Error", {}).get("Code", "unknown"))
        return from_answer(place, code, answer["ResponseMetadata"].get("HTTPStatusCode", 0))
    if isinstance(cause, NoCredentialsError):
        return refused(place, "there are no credentials; set AWS_ACCESS_KEY_ID and the secret")
    if isinstance(cause, BotoCoreError):
        return unavailable(place, f"it cannot be reached ({type(cause).__name__})")
    return None


def from_answer(place: str, code: str, status: int) -> JobEngineError:
    if code in NO_BUCKET:
        return refused(place, f"there is no such bucket here ({code})")
    if code in PAST_THE_END:
        return gone(SHORTER)
    if status == 404:
        return gone()
    if status in (400, 401, 403):
        return refused(place, f"its server refuses our keys or what we ask ({code})")
    return unavailable(place, f"its server answers {code}")


def refused(place: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The store {place} cannot be used: {why}. Look at STORAGE_URL and the AWS_ settings.",
        code="store_refused",
    )


def unavailable(place: str, why: str) -> StoreUnavailable:
    return StoreUnavailable(f"The store {place} does not work now: {why}. Try again later.")

"""`python -m bench.upload`: what a big upload adds to the memory of the real web process."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from bench.browser import Browser, web
from bench.engine import ADMIN, Engine
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told, largest_peak, reset_peaks
from bench.sqlite import Sqlite

MOST = 30 * 1000**2
LINE = b"ZZ,An airline that no list of carriers names\n"


class Lines:
    """A CSV file that is made as it is read."""

    def __init__(self) -> None:
        self._block = LINE * ((1 << 20) // len(LINE))
        self._left = b"carrier,name\n"

    def read(self, size: int) -> bytes:
        while len(self._left) < size:
            self._left += self._block
        piece, self._left = self._left[:size], self._left[size:]
        return piece


def grow(folder: Path, size: int) -> tuple[int, int, float]:
    """Bytes of the process before, its highest during the upload, and the seconds it took."""
    database = Sqlite(folder)
    with (
        Engine(database.url, folder, consumers=False) as engine,
        web(engine.environ, folder) as (service, port),
    ):
        browser = Browser(port)
        browser.sign_in(ADMIN, engine.environ["ADMIN_PASSWORD"])
        small = BytesIO(b"carrier,name\n" + LINE)
        browser.upload("airlines", "small.csv", small, len(small.getvalue()))
        worker = service.members()[1:]
        before = max(process.memory_info().rss for process in worker)
        reset_peaks(worker)
        started = time.perf_counter()
        browser.upload("airlines", "big.csv", cast(BinaryIO, Lines()), size)
        return before, largest_peak(worker), time.perf_counter() - started


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.upload", description=__doc__)
    parser.add_argument("--bytes", type=int, default=10**9)
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    args = parser.parse_args(words)
    clean_up_when_told()
    folder = Path(tempfile.mkdtemp(prefix="jobengine-upload-"))
    try:
        before, peak, seconds = grow(folder, args.bytes)
    except BenchFailed as error:
        print(f"The bench failed. {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    added = peak - before
    print(
        f"{args.bytes / 1e6:,.0f} MB uploaded in {seconds:.1f} s. Web process:"
        f" {before / 1e6:.0f} MB before, {added / 1e6:.1f} MB more at its highest"
        f" (most: {MOST / 1e6:.0f})"
        f" {'ok' if added < MOST else 'HIGH'}"
    )
    if args.save:
        body = {"bytes": args.bytes, "seconds": seconds, "before": before, "added": added}
        print(f"Kept in {keep('upload', body)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: imports through real consumers, side by side with psql and the sqlite3 shell."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

from bench.cases import CASES, Case, resolve_airports
from bench.data import FOLDER, build
from bench.engine import Engine
from bench.measure import Database, Measuring, Result
from bench.postgres import Postgres
from bench.report import print_case, print_head, save
from bench.services import BenchFailed, clean_up_when_told
from bench.sqlite import Sqlite

DATABASES: dict[str, type[Postgres] | type[Sqlite]] = {"postgresql": Postgres, "sqlite": Sqlite}


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs a case (5)")
    parser.add_argument("--only", action="append", choices=names, metavar="CASE", help=str(names))
    parser.add_argument("--database", action="append", choices=list(DATABASES))
    parser.add_argument("--quick", action="store_true", help="one pair, without the big file")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    return parser.parse_args(words)


def chosen(database: str, args: argparse.Namespace) -> list[Case]:
    found = [case for case in CASES if database in case.needed]
    if args.only:
        return [case for case in found if case.name in args.only]
    return [case for case in found if not args.quick or case.name != "flights-x10"]


def measure(database: Database, args: argparse.Namespace, files: dict[str, Path]) -> list[Result]:
    """Every chosen case on one engine, printed as it ends."""
    results: list[Result] = []
    with database, Engine(database.url, database.folder) as engine:
        print_head(database)
        for case in chosen(database.name, args):
            load_parents(engine, database, case, files)
            engine.run(case.job_type, files[case.warm_up or case.file])
            measuring = Measuring(engine, database, case, files[case.file], files[case.clean])
            results.append(measuring.run(1 if args.quick else args.rounds))
            print_case(results[-1])
    return results


def load_parents(engine: Engine, database: Database, case: Case, files: dict[str, Path]) -> None:
    for name in case.parents:
        engine.run(name, files[name])
    if "airports" in case.parents:
        ids = dict(database.rows("SELECT faa, id FROM airports"))
        out = database.folder / f"{case.clean}.csv"
        files[case.clean] = resolve_airports(files[case.file], ids, out)


def main() -> int:
    args = options()
    clean_up_when_told()
    print("Making the files ...", flush=True)
    files = build(args.data)
    results: list[Result] = []
    for name in args.database or DATABASES:
        folder = Path(tempfile.mkdtemp(prefix=f"run-{name}-", dir=args.data))
        try:
            results += measure(DATABASES[name](folder), args, dict(files))
        except (BenchFailed, OSError, psycopg.Error) as error:
            print(f"\nThe bench failed. {error}", file=sys.stderr)
            return 1
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    if args.save:
        print(f"\nKept in {save(results)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What bench/sync_kills.py syncs from: a PostgreSQL table and a folder that grow between runs."""

import random
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

# A page of a database, and so a chunk, holds some 2 MB: with these texts a thousand rows.
PADDING = "x" * 2_000


@dataclass
class Source:
    """A PostgreSQL table and a folder that grow; a mirror's loses rows, too."""

    url: str
    folder: Path
    random: random.Random
    stamp: int = 0
    rows: int = 0
    files: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for left in self.folder.iterdir():  # another case's
            left.unlink()
        self.engine = create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))
        with self.engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS source_rows"))
            made = "n bigint PRIMARY KEY, stamp bigint NOT NULL, text text"
            connection.execute(text(f"CREATE TABLE source_rows ({made})"))

    def grow(self, count: int) -> None:
        """New rows, a file of as many, and changes of old ones."""
        numbers = range(self.rows + 1, self.rows + count + 1)
        changed = self.random.sample(range(1, self.rows + 1), min(self.rows, count // 10))
        with self.engine.begin() as connection:
            for n in numbers:
                self._put(connection, n, "new")
            for n in changed:
                self._put(connection, n, f"changed {self.stamp}")
        self.rows += count
        self._file(list(numbers))

    def lose(self, count: int) -> None:
        with self.engine.begin() as connection:
            for n in self.random.sample(range(1, self.rows + 1), count):
                connection.execute(text("DELETE FROM source_rows WHERE n = :n"), {"n": n})

    def held(self) -> dict[int, tuple[int, str]]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT n, stamp, text FROM source_rows"))
            return {n: (stamp, said) for n, stamp, said in rows}

    def _put(self, connection: Connection, n: int, said: str) -> None:
        self.stamp += 1
        connection.execute(
            text(
                "INSERT INTO source_rows VALUES (:n, :stamp, :said)"
                " ON CONFLICT (n) DO UPDATE SET stamp = :stamp, text = :said"
            ),
            {"n": n, "stamp": self.stamp, "said": said + PADDING},
        )

    def _file(self, numbers: list[int]) -> None:
        name = f"rows-{len(self.files):04}.csv"
        lines = ["n,stamp,text", *(f"{n},{n},row {n}" for n in numbers)]
        part = self.folder / f"{name}.part"
        part.write_text("\n".join(lines) + "\n")
        part.replace(self.folder / name)
        self.files[name] = numbers

"""A MariaDB server some tests need: the one that answers, or one of this session's own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import URL, create_engine, make_url

from tests.services import SERVICES, require

ADMIN = os.environ.get("TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306")
# Where packages put servers; not everybody's PATH says so.
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
READER, PASSWORD = "jobengine_reader", "pä:ss/wo@rd%"


@cache
def answers() -> bool:
    url = make_url(ADMIN)
    try:
        pymysql.connect(
            host=url.host, port=url.port or 3306, user=url.username, password=url.password or "",
            connect_timeout=3,
        ).close()  # fmt: skip
    except pymysql.err.MySQLError:
        return False
    return True


@cache
def lacks_mariadb() -> str | None:
    if answers() or (find("mariadbd") and find("mariadb-install-db")):
        return None
    return "MariaDB does not answer (TEST_MARIADB_URL says where it is) and is not installed"


def find(program: str) -> str | None:
    return shutil.which(program, path=PLACES)


SERVICES["mariadb"] = lacks_mariadb


@pytest.fixture(scope="session")
def mariadb_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """Where databases and users may be made."""
    require("mariadb")
    if answers():
        yield make_url(ADMIN)
        return
    folder = tmp_path_factory.mktemp("mariadb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = start(folder, port)
    try:
        url = URL.create("mysql+pymysql", "root", host="127.0.0.1", port=port)
        wait_for(url)
        yield url
    finally:
        server.kill()
        server.wait()


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    owner = ["--user=root"] if os.getuid() == 0 else []
    data = f"--datadir={folder}/data"
    made = [
        str(find("mariadb-install-db")), "--no-defaults", data, "--skip-test-db",
        "--auth-root-authentication-method=normal", *owner,
    ]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    command = [
        str(find("mariadbd")), "--no-defaults", data, f"--socket={folder}/s", f"--port={port}",
        "--bind-address=127.0.0.1", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", *owner,
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def wait_for(url: URL) -> None:
    for _ in range(300):
        with suppress(pymysql.err.MySQLError):
            pymysql.connect(host=url.host, port=url.port, user=url.username).close()
            return
        time.sleep(0.1)
    pytest.fail("The MariaDB server does not start.", pytrace=False)


@pytest.fixture(scope="session")
def mariadb_url(mariadb_admin: URL) -> Iterator[URL]:
    """An empty database, and a user with a password who may read it."""
    name = f"jobengine_test_{os.getpid()}"
    engine = create_engine(mariadb_admin, isolation_level="AUTOCOMMIT")
    reader = f"'{READER}_{os.getpid()}'@'127.0.0.1'"
    with engine.connect() as admin:
        admin.exec_driver_sql(f"CREATE OR REPLACE DATABASE {name} CHARACTER SET utf8mb4")
        admin.exec_driver_sql(f"CREATE OR REPLACE USER {reader} IDENTIFIED BY %s", (PASSWORD,))
        admin.exec_driver_sql(f"GRANT ALL ON {name}.* TO {reader}")
        yield mariadb_admin.set(database=name)
        admin.exec_driver_sql(f"DROP DATABASE {name}")
        admin.exec_driver_sql(f"DROP USER {reader}")
    engine.dispose()

"""One tiny report for each behaviour."""
# ruff: noqa: RUF012 - Report declares these attributes ClassVar; a report need not say so again

import os
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from dashboard.errors import InputRefused
from dashboard.reports.parameters import Parameter
from dashboard.reports.report import Chart, Column, Report


class Sales(Report):
    """A whole one: what is sold of each kind."""

    parameters = {
        "kind": Parameter("choice", query="SELECT DISTINCT kind FROM sales ORDER BY kind"),
        "least": Parameter("integer", "At least", default=0),
    }
    sql = """SELECT kind, sum(pieces) AS pieces, count(*) AS sales FROM sales
        WHERE pieces >= :least AND (:kind IS NULL OR kind = :kind) GROUP BY kind ORDER BY kind"""
    key = "kind"
    chart = Chart("bar", "kind", "pieces")
    columns = {"pieces": Column("Pieces sold", unit="pcs", digits=0)}


class ByCode(Report):
    parameters = {"least": Parameter("integer", default=0)}

    def run(self, connection, parameters):
        import pandas as pd

        query = text("SELECT kind, pieces FROM sales WHERE pieces >= :least ORDER BY id")
        frame = pd.read_sql(query, connection, params=parameters)
        return frame.groupby("kind").agg(pieces=("pieces", "sum"))


class Months(Report):
    parameters = {"first": Parameter("month", default="2026-02")}
    sql = """SELECT :first_year AS y, :first_month AS m, count(*) AS n FROM sales
        WHERE day >= :first AND day < :first_end"""


class Capped(Report):
    sql = "SELECT id, kind FROM sales ORDER BY id"
    row_limit = 3


class CappedCode(ByCode):
    row_limit = 1


class Writes(Report):
    sql = "WITH gone AS (DELETE FROM sales RETURNING id) SELECT id FROM gone"


class WritesByFunction(Report):
    sql = "SELECT setval('sales_id_seq', 1000)"


class TwoStatements(Report):
    sql = "SELECT 1 AS one; DELETE FROM sales"


class WritesByCode(Report):
    def run(self, connection, parameters):
        connection.execute(text("DELETE FROM sales"))
        connection.commit()


class WritesAfterCommit(Report):
    """Ends the transaction it was given and tries to get one that writes."""

    def run(self, connection, parameters):
        connection.commit()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.commit()
        connection.execute(text("DELETE FROM sales"))
        connection.commit()


class WritesInOneText(Report):
    """Two statements in one text, past SQLAlchemy."""

    def run(self, connection, parameters):
        connection.exec_driver_sql("COMMIT; DELETE FROM sales")


class BadSql(Report):
    sql = "SELECT kind,\n  colour\nFROM sales\nWHERE id > 0"


class BadSyntax(Report):
    sql = "SELECT kind FORM sales WHERE"


class NoTable(Report):
    sql = "SELECT * FROM nowhere"


class NeverEndsSql(Report):
    sql = """WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)
        SELECT count(*) AS n FROM r"""
    timeout = 0.3


class NeverEndsCode(Report):
    """With a process of its own that outlives it, unless somebody sees to that."""

    timeout = 0.3
    parameters = {"mark": Parameter()}

    def run(self, connection, parameters):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(parameters["mark"]).write_text(str(child.pid))
        while True:
            time.sleep(60)


class LongCode(NeverEndsCode):
    timeout = 600


class LongSql(NeverEndsSql):
    timeout = 600


class EatsMemory(Report):
    memory = 512 << 20

    def run(self, connection, parameters):
        import pandas as pd

        return pd.DataFrame({"x": [bytearray(900 << 20)]})


class Dies(Report):
    def run(self, connection, parameters):
        os._exit(7)


class Prints(Report):
    def run(self, connection, parameters):
        import pandas as pd

        print('{"refused": {"code": "x", "message": "x"}}', flush=True)
        os.write(1, b'{"ready": true}\n')
        return pd.DataFrame({"x": [1]})


class Raises(Report):
    def run(self, connection, parameters):
        raise KeyError("postgresql://me:secret@host/db has no colour")


class Refuses(Report):
    def run(self, connection, parameters):
        raise InputRefused("There are no sales in that month yet.", code="no_sales")


class NoFrame(Report):
    def run(self, connection, parameters):
        return [1, 2]


class NoSuchColumn(Report):
    sql = "SELECT kind FROM sales"
    chart = Chart("bar", "kind", "pieces")


class SameNames(Report):
    sql = "SELECT id, id FROM sales"


class Odd(Report):
    """All that a query can give."""

    sql = """SELECT 1 AS one, 2.5 AS point, 'a' AS word, NULL AS blank, :flag AS flag,
        '12:30' AS clock, '10%' AS share"""
    parameters = {"flag": Parameter("boolean", default=True)}

"""`flask jobs publish KIND NAME`: a starter class, its line in config.py and its test."""

import ast
import re
from pathlib import Path

import click

from dashboard.jobs.registry import Kind

CLASS = '''"""Imports {label}. What is left out is derived from the table."""

from dashboard.importers.importer import Importer


class {name}Importer(Importer):
    """One row of the file is one record of `{table}`."""

    table = "{table}"
    # key = ("code",)  # what update and upsert find a record by; default: the primary key
    # rules = {{"amount": {{"min": 0}}}}
    # aliases = {{"code": ["Code no."]}}

    # def transform(self, frame):  # a pandas DataFrame of a chunk's good rows
    #     return frame.assign(amount=frame.amount * 100)

    # def validate(self, frame):
    #     yield self.fail(frame.amount < 0, "amount", "is negative.")
'''
TEST = '''"""The {type} import, tried on a few lines. Give `TABLE` the columns of your table."""

from sqlalchemy import Column, Integer, MetaData, Table, Text

from dashboard.importers.trial import try_importer
from {package}.{module} import {name}Importer

TABLES = MetaData()
TABLE = Table(
    "{table}",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)


def test_a_good_row_goes_in():
    trial = try_importer({name}Importer, "id,name\\n1,Ann\\n", TABLES)
    assert (trial.created, trial.records) == (1, [{{"id": 1, "name": "Ann"}}])


def test_a_blank_name_is_refused():
    trial = try_importer({name}Importer, "id,name\\n1,\\n", TABLES)
    assert [(f.row, f.column, f.code) for f in trial.failures] == [(2, "name", "required")]
'''
NAME = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
PACKAGE = "job_types"


@click.command("publish")
@click.argument("kind", type=click.Choice([Kind.IMPORT.value]))
@click.argument("type_name", metavar="NAME")
@click.option("--table", help="The table of the target (default: NAME with underscores).")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Project."
)
def publish(kind: str, type_name: str, table: str | None, folder: Path) -> None:
    """Write a starter class, its line in config.py and a test. Nothing is overwritten."""
    if not NAME.match(type_name):
        raise click.UsageError(f"{type_name!r}: use small letters, digits and hyphens.")
    module = type_name.replace("-", "_")
    words = {
        "type": type_name,
        "label": type_name.replace("-", " "),
        "name": "".join(word.capitalize() for word in type_name.split("-")),
        "module": module,
        "package": PACKAGE,
        "table": table or module,
    }
    files = {
        folder / PACKAGE / f"{module}.py": CLASS.format(**words),
        folder / "tests" / f"test_{module}_import.py": TEST.format(**words),
    }
    for path in files:
        if path.exists():
            raise click.UsageError(f"{path} is there already. Choose another name or delete it.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        click.echo(f"Wrote {path}")
    entry = f'"{type_name}": {{"importer": "{PACKAGE}.{module}:{words["name"]}Importer"}},'
    if add_entry(folder / "config.py", kind, entry):
        click.echo(f"Added to {folder / 'config.py'}: {entry}")
    else:
        click.echo(f'Add this line to JOB_TYPES["{kind}"] in config.py:\n    {entry}')


def add_entry(path: Path, kind: str, entry: str) -> bool:
    """Put the line first in JOB_TYPES[kind]; False when config.py has no such dict to add to."""
    if not path.exists():
        return False
    text = path.read_text()
    place = kind_dict(ast.parse(text), kind)
    if place is None:
        return False
    lines = text.splitlines(keepends=True)
    line = lines[place.lineno - 1]
    # The syntax tree counts bytes of UTF-8, a line is text.
    column = len(line.encode()[: place.col_offset].decode()) + 1
    head, rest = line[:column], line[column:]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    lines[place.lineno - 1] = f"{head}\n{indent}{entry}{rest if rest.strip() else chr(10)}"
    changed = "".join(lines)
    ast.parse(changed)
    path.write_text(changed)
    return True


def kind_dict(tree: ast.Module, kind: str) -> ast.Dict | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        named = any(isinstance(t, ast.Name) and t.id == "JOB_TYPES" for t in targets)
        value = getattr(node, "value", None)
        if named and isinstance(value, ast.Dict):
            for key, found in zip(value.keys, value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == kind:
                    return found if isinstance(found, ast.Dict) else None
    return None

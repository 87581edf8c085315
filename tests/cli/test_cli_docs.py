"""docs/cli.md names every command and option."""

import re
from collections.abc import Iterator

import click
from flask import Flask

from config import ROOT

TEXT = (ROOT / "docs" / "cli.md").read_text()
# Flask's own, and those of its extensions.
FOREIGN = ("db", "routes", "run", "shell")
EVERYWHERE = {"--help", "--json", "--user", "--inline", "--watch"}


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        elif f"{path}{name}".split()[0] not in FOREIGN:
            yield f"{path}{name}", command


def test_every_command_is_documented_and_no_other(app: Flask) -> None:
    real = {name for name, _ in commands(app.cli)}
    rows = "\n".join(line for line in TEXT.splitlines() if line.startswith("| `"))
    groups = r"jobs schedules|jobs(?! schedules)|users|tokens"
    told = set(re.findall(rf"`((?:{groups}) [a-z]+|setup)\b", rows))
    assert told == real


def test_every_option_is_documented(app: Flask) -> None:
    options = {
        option
        for name, command in commands(app.cli)
        if name not in ("jobs publish",)
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    missing = [option for option in options - EVERYWHERE if f"{option}" not in TEXT]
    assert missing == ["--output"]

"""What pyproject.toml cannot say: templates, static files and migrations go inside the package."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
INSIDE = ("templates", "static", "migrations")


def requirement(line: str) -> str:
    """The pin we test with is the oldest a project may have; the next major may break."""
    name, version = line.split("==")
    major = int(re.split(r"[.]", version)[0])
    return f"{name}>={version},<{major + 1}"


def requirements() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [requirement(line) for line in lines if "==" in line and not line.startswith("#")]


if not (ROOT / "static" / "vendor" / "htmx.min.js").exists():
    raise SystemExit("The front-end files are missing: run `make setup` (or scripts/assets.py).")

setup(
    packages=[*find_packages(include=["dashboard", "dashboard.*"])]
    + [f"dashboard.{name}" for name in INSIDE],
    package_dir={f"dashboard.{name}": name for name in INSIDE},
    package_data={f"dashboard.{name}": ["**/*", ".*"] for name in INSIDE},
    install_requires=requirements(),
)

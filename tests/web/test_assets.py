"""What pages are made of: icons that exist, templates that compile, no foreign host."""

import re
from pathlib import Path

import pytest

from dashboard.jobs.presenter import STATUSES
from scripts.assets import ICONS, ROOT, symbol

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
USED = re.compile(r'icon\("([a-z0-9-]+)"')
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_icons_of_a_template_are_in_the_sprite(path):
    assert set(USED.findall(path.read_text())) <= set(ICONS)


def test_icons_of_the_code_are_in_the_sprite():
    timeline = (ROOT / "dashboard" / "jobs" / "timeline.py").read_text()
    used = set(re.findall(r'return "([a-z-]+)", "(?:run|ok|warn|bad|idle)"', timeline))
    assert used | {status.icon for status in STATUSES.values()} <= set(ICONS)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_template_compiles(shared_app, path):
    shared_app.jinja_env.get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", ".npmrc"])
def test_front_end_packages_name_no_host(name):
    assert "://" not in (ROOT / name).read_text()


def test_versions_are_pinned_exactly():
    versions = re.findall(r'": "([^"]*\d[^"]*)"', (ROOT / "package.json").read_text())
    assert versions
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_a_symbol_leaves_colour_to_the_page():
    svg = '<svg stroke="x">\n<path stroke="none" d="M0 0"/>\n<path d="M1 1" />\n</svg>\n'
    assert symbol("dot", svg) == '<symbol id="dot" viewBox="0 0 24 24"><path d="M1 1" /></symbol>\n'


def test_own_script_stays_small():
    assert sum(len(path.read_text().splitlines()) for path in SCRIPTS) <= 500

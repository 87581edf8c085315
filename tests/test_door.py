"""What a newcomer meets first: make targets, locked packages, nothing of one machine."""

import ast
import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("run", "test", "check", "bench", "prove", "setup")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|farm|root|home|Users)/\w")
REGISTRY = re.compile(
    r"registry\.npmjs|npmmirror|pypi\.org/simple|files\.pythonhosted|--(?:extra-)?index-url", re.I
)
THIRD_PARTY = re.compile(r"\.min\.(?:js|css)$|(?:^|/)(?:vendor|node_modules)/|\.woff2?$")
# setup.py runs where the wheel is built, not where it is used.
TOP = [path for path in ROOT.glob("*.py") if path.name != "setup.py"]
APPLICATION = [ROOT / "dashboard", ROOT / "scripts", ROOT / "migrations", *TOP]


def tracked() -> list[str]:
    """What git tracks or would, were it added now."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in set(listed.stdout.splitlines()) if (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found = []
    for name in tracked():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content and name != "tests/test_door.py":
            found.append((name, content.decode(errors="replace")))
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows(target):
    make = shutil.which("make") or pytest.fail("make is not installed")
    done = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ci_runs_what_the_readme_names():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    for command in ("make check", "make test", "JOBENGINE_REQUIRE_SERVICES=1"):
        assert command in script.read_text()
    assert "make test" in (ROOT / "README.md").read_text()


def test_no_machine_path_in_a_tracked_file():
    assert [name for name, text in texts() if MACHINE_PATH.search(text)] == []


def test_no_registry_host_in_a_tracked_file():
    assert [name for name, text in texts() if REGISTRY.search(text)] == []


def test_no_third_party_file_is_tracked():
    assert [name for name in tracked() if THIRD_PARTY.search(name)] == []


def test_the_lock_pins_contents_and_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_npm_runs_no_scripts_of_packages():
    settings = (ROOT / ".npmrc").read_text().split()
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(settings)


def requirements(name: str) -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    pins = [line.partition("==") for line in lines if line and not line.startswith("-r")]
    return {normal(pin.split("[")[0]): version for pin, _, version in pins}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_installed(name):
    pins = requirements(name)
    assert all(re.fullmatch(r"[\w.]+", version) for version in pins.values())
    assert {pin: metadata.version(pin) for pin in pins} == pins


def imported_packages() -> set[str]:
    files = [path for root in APPLICATION for path in ([root] if root.is_file() else ())]
    files += [path for root in APPLICATION if root.is_dir() for path in root.rglob("*.py")]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    named = {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module}
    return {name.split(".")[0] for name in plain | named} - set(sys.stdlib_module_names)


def test_every_import_is_a_direct_requirement():
    owners = metadata.packages_distributions()
    outside = {name for name in imported_packages() if name in owners}
    wanted = {normal(owners[name][0]) for name in outside}
    assert wanted <= set(requirements("requirements.txt"))

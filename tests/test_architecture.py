"""Floors, one way only: DESIGN section 2 read from the imports of every module."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS: dict[str, int] = {
    name: floor
    for floor, names in enumerate(
        [
            ["dashboard.errors"],
            ["dashboard.settings", "dashboard.lib"],
            ["dashboard.extensions", "dashboard.formats", "dashboard.storage"],
            ["dashboard.task_queue", "dashboard.models"],
            ["dashboard.events"],
            ["dashboard.auth", "dashboard.records"],
            ["dashboard.jobs"],
            ["dashboard." + name for name in ("importers", "exporters", "webhooks")]
            + ["dashboard." + name for name in ("notifications", "realtime", "analytics", "audit")]
            + ["dashboard.schedules"],
            ["dashboard.sync", "dashboard.reports"],
            ["dashboard.demo"],
            ["dashboard.kinds"],
            ["dashboard.web", "dashboard.api", "dashboard.cli"],
            ["dashboard.app"],
            ["config"],
            ["tasks"],
            ["wsgi"],
        ]
    )
    for name in names
}
MOST_LINES = 450
MODULES = sorted(
    [p for name in ("config", "tasks", "wsgi") if (p := ROOT / f"{name}.py").exists()]
    + list((ROOT / "dashboard").rglob("*.py"))
)
INITS = [path for path in MODULES if path.name == "__init__.py"]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path) for path in MODULES}


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def package_of(name: str) -> str:
    """What a module belongs to: the folder under dashboard/, or itself."""
    return ".".join(name.split(".")[:2])


def own_imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every import of a module of ours, as (statement, module)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            targets = [name if name in NAMES else node.module for name in inner]
        else:
            continue
        yield from ((node, name) for name in targets if name.split(".")[0] in OURS)


OURS = {"config", "dashboard", "tasks", "wsgi", "tests", "scripts", "bench"}


def breaches(importer: str, imported: str) -> bool:
    mine, theirs = package_of(importer), package_of(imported)
    if mine == theirs:
        return False
    return theirs not in FLOORS or FLOORS[theirs] >= FLOORS[mine]


def test_every_package_stands_on_a_floor():
    packages = {package_of(name) for name in NAMES} - {"dashboard"}
    assert packages <= set(FLOORS), "give the new package a floor in DESIGN's list"


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_imports_go_down_only(path):
    name = module_name(path)
    if name == "dashboard":
        return
    found = [target for _, target in own_imports(ast.parse(path.read_text()))]
    assert [target for target in found if breaches(name, target)] == []


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_own_modules_are_not_imported_inside_functions(path):
    tree = ast.parse(path.read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    inner = [target for node, target in own_imports(tree) if node not in top]
    lent = ["dashboard.app"] if module_name(path) == "dashboard" else []
    assert [target for target in inner if target not in lent] == []


def test_there_are_no_cycles():
    graph = {
        module_name(path): {t for _, t in own_imports(ast.parse(path.read_text()))}
        for path in MODULES
        if module_name(path) != "dashboard"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("path", INITS, ids=short)
def test_package_files_hold_only_a_docstring(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    allowed = ["__getattr__"] if module_name(path) == "dashboard" else []
    assert [getattr(node, "name", "statement") for node in tree.body[1:]] in ([], allowed)


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_a_module_has_a_docstring_and_one_job(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_imports_are_absolute(path):
    tree = ast.parse(path.read_text())
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]


@pytest.mark.parametrize(
    ("importer", "imported", "wrong"),
    [
        ("dashboard.jobs.runner", "dashboard.models.job", False),
        ("dashboard.jobs.runner", "dashboard.jobs.tracker", False),
        ("dashboard.models.job", "dashboard.jobs.runner", True),
        ("dashboard.webhooks.sender", "dashboard.audit.log", True),
        ("dashboard.web.pages", "dashboard.api.jobs", True),
        ("dashboard.jobs.runner", "tests.services", True),
    ],
)
def test_the_rule_itself(importer, imported, wrong):
    assert breaches(importer, imported) is wrong

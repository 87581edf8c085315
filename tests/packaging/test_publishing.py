"""`flask jobs publish`: where the config line goes, and what is refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli.publishing import add_entry, publish

ENTRY = '"books": {"importer": "job_types.books:BooksImporter"},'


@pytest.mark.parametrize(
    "text",
    [
        'JOB_TYPES = {"import": {}}\n',
        'JOB_TYPES = {\n    "import": {\n        "old": {"table": "old"},\n    },\n}\n',
        'JOB_TYPES: dict = {"export": {}, "import": {"old": {"table": "old"}}}\n',
        '# é\nJOB_TYPES = {"é": {}, "import": {"old": {"table": "old"}}}\n',
    ],
)
def test_the_line_goes_into_the_kind(tmp_path: Path, text: str):
    (tmp_path / "config.py").write_text(text)
    assert add_entry(tmp_path / "config.py", "import", ENTRY)
    names: dict[str, dict[str, dict[str, object]]] = {}
    exec((tmp_path / "config.py").read_text(), names)
    assert "books" in names["JOB_TYPES"]["import"]


@pytest.mark.parametrize("text", ["", "JOB_TYPES = {}\n", 'JOB_TYPES = {"import": types()}\n'])
def test_without_a_place_for_it_nothing_is_written(tmp_path: Path, text: str):
    (tmp_path / "config.py").write_text(text)
    assert not add_entry(tmp_path / "config.py", "import", ENTRY)
    assert (tmp_path / "config.py").read_text() == text


def test_without_config_the_line_is_shown(tmp_path: Path):
    result = CliRunner().invoke(publish, ["import", "books", "--folder", str(tmp_path)])
    assert (result.exit_code, ENTRY in result.output) == (0, True)


@pytest.mark.parametrize("name", ["Books", "books_2", "-books", "bo oks", "../books"])
def test_a_name_that_is_no_type_name_is_refused(tmp_path: Path, name: str):
    result = CliRunner().invoke(publish, ["import", "--folder", str(tmp_path), "--", name])
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path):
    words = ["import", "books", "--folder", str(tmp_path)]
    CliRunner().invoke(publish, words)
    path = tmp_path / "job_types" / "books.py"
    path.write_text("mine")
    assert CliRunner().invoke(publish, words).exit_code == 2
    assert path.read_text() == "mine"

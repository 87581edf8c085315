"""docs/api.md names every route, scope, key of data and error code."""

import re

import pytest
from flask import Flask

from config import ROOT
from dashboard.api import errors
from dashboard.auth.scopes import Scope
from dashboard.kinds.submitted import KEYS

TEXT = (ROOT / "docs" / "api.md").read_text()


def test_every_route_is_documented_and_no_other(app: Flask) -> None:
    real = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    table = [
        line for line in TEXT.splitlines() if line.startswith(("| `GET", "| `POST", "| `DELETE"))
    ]
    assert set(re.findall(r"`((?:GET|POST|PUT|DELETE) [^`]+)`", "\n".join(table))) == real


@pytest.mark.parametrize("name", sorted({*map(str, Scope), *(KEYS - {"file"})}))
def test_scopes_and_keys_are_documented(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize(
    "code",
    sorted(
        {code for code, _ in errors.CODES.values()}
        | {kind.code for kind in errors.ApiError.__subclasses__()}
    ),
)
def test_codes_are_documented(code: str) -> None:
    assert f"`{code}`" in TEXT

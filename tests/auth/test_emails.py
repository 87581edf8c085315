"""One spelling for look-up, and what is taken for an e-mail."""

import pytest

from dashboard.auth.emails import checked_email, plain_email
from dashboard.errors import InputRefused


def test_case_and_blanks_do_not_matter() -> None:
    assert plain_email("  Ada@Example.ORG ") == "ada@example.org"


def test_unprintable_characters_never_reach_the_database() -> None:
    assert plain_email("a\x00da@example.org\n") == "ada@example.org"


@pytest.mark.parametrize(
    "good", ["admin@localhost", "a.b+c@sub.example.org", "ümit@bücher.example"]
)
def test_accepted(good: str) -> None:
    assert checked_email(good.upper()) == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "a b@example.org",
        "a@b@c",
        "a@x..y",
        "<a>@b.c",
        "\0@example.org",
        "a\u202e@example.org",
        "a\ud800@example.org",
    ],
)
def test_refused_with_the_value_and_the_form_it_should_have(bad: str) -> None:
    with pytest.raises(InputRefused, match=r"name@example\.org") as caught:
        checked_email(bad)
    assert caught.value.details["field"] == "email"
    assert caught.value.message.isprintable(), "a page can show it"

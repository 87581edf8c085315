"""Secrets at rest."""

import pytest

from dashboard.errors import ConfigurationError
from dashboard.lib.secrets import SecretBox, SecretUnreadable

MAIN, OLD, NEW = "secret key of the site", "an old key of secrets", "a new key of secrets"


def test_what_is_stored_does_not_tell_the_secret() -> None:
    box = SecretBox((), MAIN)
    stored = box.encrypt("pässword")
    assert "pässword" not in stored
    assert stored != box.encrypt("pässword")
    assert SecretBox((), MAIN).decrypt(stored) == "pässword"


@pytest.mark.parametrize("act", ["decrypt", "rotate"])
def test_a_changed_key_is_told(act: str) -> None:
    stored = SecretBox((), MAIN).encrypt("word")
    with pytest.raises(SecretUnreadable, match="SECRETS_KEY"):
        getattr(SecretBox((), "another secret key"), act)(stored)


def test_a_damaged_secret_is_told() -> None:
    with pytest.raises(SecretUnreadable):
        SecretBox((), MAIN).decrypt("gAAAA")


def test_keys_change_one_by_one() -> None:
    first = SecretBox((), MAIN).encrypt("word")
    second = SecretBox((OLD,), MAIN).rotate(first)
    third = SecretBox((NEW, OLD), MAIN).rotate(second)
    assert SecretBox((NEW,), "another secret key").decrypt(third) == "word"
    with pytest.raises(SecretUnreadable):
        SecretBox((OLD,), MAIN).decrypt(third)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 16"):
        SecretBox(("short",), MAIN)


def test_no_key_is_no_key() -> None:
    with pytest.raises(ConfigurationError, match="set SECRET_KEY"):
        SecretBox((), "")
    stored = SecretBox((NEW,), "").encrypt("word")
    with pytest.raises(SecretUnreadable):
        SecretBox((OLD,), "").decrypt(stored)

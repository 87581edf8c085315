"""Hashing, and which new passwords are refused."""

import pytest

from dashboard.auth.passwords import (
    MEMORY_KIB,
    PASSES,
    WeakPassword,
    check_new_password,
    hash_password,
    make_password,
    verify_password,
)


def test_a_hash_verifies_only_its_password() -> None:
    kept = hash_password("tall violet ladder")
    assert verify_password(kept, "tall violet ladder")
    assert not verify_password(kept, "tall violet ladders")


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("tall violet ladder") != hash_password("tall violet ladder")


@pytest.mark.parametrize("broken", [None, "", "plain text", "$argon2id$nonsense"])
def test_without_a_usable_hash_no_password_is_right(broken: str | None) -> None:
    assert not verify_password(broken, "tall violet ladder")


def test_the_strength_is_what_owasp_asks_for() -> None:
    assert MEMORY_KIB >= 19 * 1024
    assert PASSES >= 2


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "12 to 200"),
        ("x" * 201, "12 to 200"),
        ("Password1234!", "first that are guessed"),
        ("qwertyuiop12", "first that are guessed"),
        ("123456789012", "first that are guessed"),
        ("abcabcabcabc", "too few characters"),
        ("ada.lovelace1!", "name or e-mail"),
        ("lovelace12345", "name or e-mail"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(password: str, why: str) -> None:
    with pytest.raises(WeakPassword, match=why):
        check_new_password(password, "ada.lovelace@example.org", "Ada Lovelace")


@pytest.mark.parametrize("good", ["tall violet ladder", "T9#kd82mQ!xz", "пароль из слов"])
def test_a_good_password_passes(good: str) -> None:
    check_new_password(good, "ada@example.org", "Ada")


def test_a_made_password_passes_its_own_check() -> None:
    first, second = make_password(), make_password()
    assert first != second
    check_new_password(first)

"""Password hashes (argon2id) and what a new password must be."""

import re
import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dashboard.errors import InputRefused

SHORTEST = 12
LONGEST = 200
FEWEST_DISTINCT = 5

# OWASP's smallest set for argon2id: 19 MiB and two passes, about 25 ms.
PASSES = 2
MEMORY_KIB = 19 * 1024
HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
# A flood of sign-ins may not take 19 MiB a thread.
AT_ONCE = BoundedSemaphore(4)

COMMON_WORDS = (
    "password passwort passw0rd p@ssw0rd letmein welcome qwerty qwertz qwertyuiop azerty asdfgh"
    " iloveyou monkey dragon football baseball sunshine princess master shadow superman batman"
    " trustno1 whatever changeme default secret admin administrator jobengine login test guest"
    " abc abcd abcdef abcdefgh abcdefghijkl correcthorsebatterystaple"
)
COMMON = frozenset(COMMON_WORDS.split())
SEQUENCES = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz")


class WeakPassword(InputRefused):
    """The message says what to choose instead."""

    code = "password_weak"


def hash_password(password: str) -> str:
    with AT_ONCE:
        return HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Takes the same time for an unknown person (no hash), so time tells nobody who exists."""
    with AT_ONCE:
        try:
            HASHER.verify(password_hash or nobodys_hash(), password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    return HASHER.check_needs_rehash(password_hash)


@cache
def nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe())


def make_password() -> str:
    """Four groups of five, easy to read out: 20 of 32 letters, 100 bits."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def check_new_password(password: str, *about: str) -> None:
    """Raise WeakPassword for one that is easy to guess. `about`: the person's e-mail, name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(
            f"The password has {len(password)} characters; use {SHORTEST} to {LONGEST}."
            " Three or four unrelated words are easy to keep in mind."
        )
    bare = re.sub(r"[\W\d_]+", "", password.lower())
    if password.lower() in COMMON or bare in COMMON or is_sequence(password):
        raise WeakPassword("This password is among the first that are guessed. Choose another.")
    if len(set(password)) < FEWEST_DISTINCT:
        raise WeakPassword(
            f"The password repeats too few characters; use at least {FEWEST_DISTINCT} different."
        )
    if any(is_mostly(password.lower(), word) for text in about for word in words_of(text)):
        raise WeakPassword("The password is little more than your name or e-mail. Choose another.")


def is_sequence(password: str) -> bool:
    return any(password.lower() in sequence for sequence in SEQUENCES)


def words_of(text: str) -> list[str]:
    """`ada.lovelace@example.org` gives the whole, the part before the @, and the names in it."""
    whole = text.lower()
    return [whole, whole.partition("@")[0], *re.split(r"\W+", whole)]


def is_mostly(password: str, word: str) -> bool:
    """Less than six characters are left when `word` is taken out."""
    return len(word) > 3 and word in password and len(password.replace(word, "")) < 6

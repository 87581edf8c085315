"""Secrets at rest: encrypted with a key of their own, which can be changed without losing them."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dashboard.errors import ConfigurationError, JobEngineError

PURPOSE = b"jobengine secrets at rest"
FEWEST_CHARACTERS = 16


class SecretUnreadable(JobEngineError):
    """Encrypted with a key this process does not have, or damaged."""

    code = "secret_unreadable"


class SecretBox:
    """Encrypts with the first of `keys` (SECRETS_KEY: new, old, …), reads with all of them.

    The `fallback` (SECRET_KEY) encrypts where there are none, and reads what it once encrypted.
    Raises ConfigurationError for a key that is too short, and where there is none at all.
    """

    def __init__(self, keys: Sequence[str], fallback: str) -> None:
        for key in keys:
            if len(key) < FEWEST_CHARACTERS:
                raise ConfigurationError(
                    f"SECRETS_KEY holds a key of {len(key)} characters. Use at least"
                    f" {FEWEST_CHARACTERS}, better 32 random bytes in hexadecimal."
                )
        if not (keys or fallback):
            raise ConfigurationError("Secrets need a key: set SECRET_KEY.")
        self._fernet = MultiFernet([Fernet(derived(key)) for key in (*keys, fallback) if key])

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Raises SecretUnreadable."""
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise unreadable() from None

    def rotate(self, token: str) -> str:
        """The same secret under the first key. Raises SecretUnreadable."""
        try:
            return self._fernet.rotate(token).decode()
        except InvalidToken:
            raise unreadable() from None


def derived(key: str) -> bytes:
    """A Fernet key that tells nothing about the text it was made from."""
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return urlsafe_b64encode(made)


def unreadable() -> SecretUnreadable:
    return SecretUnreadable(
        "A stored secret cannot be read: SECRET_KEY or SECRETS_KEY has changed since it was saved."
        " Put the old key behind the new one in SECRETS_KEY (new,old), or enter the secret again."
    )

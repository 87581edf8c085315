"""How a source over HTTP signs in: a header, made of secrets when it is sent and only then."""

from base64 import b64encode
from dataclasses import dataclass

from dashboard.sync.source import Ask, SourceError, Word, expect, is_word, reveal

HEADER = "Authorization"


@dataclass(frozen=True, slots=True)
class Bearer:
    token: Word

    def __post_init__(self) -> None:
        expect(self.token and is_word(self.token), "Bearer: use Secret(…) or Environment(…).")

    @property
    def word(self) -> Word:
        return self.token

    def headers(self, ask: Ask) -> dict[str, str]:
        return {HEADER: f"Bearer {sendable(self.token, ask)}"}


@dataclass(frozen=True, slots=True)
class Basic:
    user: str
    password: Word

    def __post_init__(self) -> None:
        expect(self.password and is_word(self.password), "Basic: use Secret(…) or Environment(…).")
        expect(":" not in self.user, "Basic: a user name holds no colon.")

    @property
    def word(self) -> Word:
        return self.password

    def headers(self, ask: Ask) -> dict[str, str]:
        pair = f"{self.user}:{reveal(self.password, ask)}".encode()
        return {HEADER: f"Basic {b64encode(pair).decode()}"}


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the service's own, such as X-Api-Key."""

    name: str
    value: Word

    def __post_init__(self) -> None:
        expect(self.value and is_word(self.value), "Header: use Secret(…) or Environment(…).")

    @property
    def word(self) -> Word:
        return self.value

    def headers(self, ask: Ask) -> dict[str, str]:
        return {self.name: sendable(self.value, ask)}


Auth = Bearer | Basic | Header


def sendable(word: Word, ask: Ask) -> str:
    """Raises SourceError: a copied blank or line end is a common slip."""
    found = reveal(word, ask).strip()
    if not (found.isascii() and found.isprintable()):
        raise SourceError(
            f"The secret {word.name} holds characters that cannot be sent in a header. Enter it"
            " again.",
            code="secret_unusable",
        )
    return found

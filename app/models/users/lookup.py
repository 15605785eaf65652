"""How people are found: by name or address, by parts of them, and by what namesakes share."""

from typing import Any, Self, cast

from sqlalchemy import String, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import db
from ...text.names import address_key, address_or_none, name_key, username_key
from ...text.search_words import words_of
from ..fields import Words
from .account import Account

NAMES = ("username", "first_name", "last_name")


class UserLookup(Account):
    """Columns that follow from others; `User` keeps them in step."""

    search_text: Mapped[str] = mapped_column(String(400), default="")
    name_key: Mapped[str] = mapped_column(String(130), default="")
    address_key: Mapped[str] = mapped_column(String(254), default="")
    words: Mapped[Words]  # by which members find each other: no address is among them

    @classmethod
    def with_email(cls, address: str) -> Self | None:
        known = address_or_none(address)
        return db.session.scalar(select(cls).where(cls.email == known)) if known else None

    @classmethod
    def with_username(cls, name: str) -> Self | None:
        return db.session.scalar(select(cls).where(cls.username_key == username_key(name)))

    @classmethod
    def with_login(cls, login: str) -> Self | None:
        """Find a person by what they type to sign in: an address has an @, a username never."""
        return cls.with_email(login) if "@" in login else cls.with_username(login)

    def update_search_columns(self) -> None:
        parts = self.username, self.email, self.first_name or "", self.last_name or ""
        values = search_columns(*parts)
        if not self._is_renamed():  # `words` were not read, so to set them is to write them anew
            del values["words"]
        for name, value in values.items():
            setattr(self, name, value)

    def _is_renamed(self) -> bool:
        attributes = cast(Any, inspect(self)).attrs
        return any(attributes[name].history.has_changes() for name in NAMES)


def search_columns(username: str, email: str, first_name: str, last_name: str) -> dict[str, str]:
    """Return the values of those columns; whoever inserts rows in bulk gives them along."""
    return {
        "search_text": searchable(username, email, first_name, last_name),
        "name_key": name_key(first_name, last_name),
        "address_key": address_key(email),
        "words": words_of(f"{username} {first_name} {last_name}"),
    }


def searchable(*parts: Any) -> str:
    """Return the line in which people are searched: each part in small letters, after two spaces.

    By the spaces a beginning is told from a middle, and even one letter makes a trigram with them.
    """
    return "".join(f"  {part.casefold()}" for part in parts if part)[:400]

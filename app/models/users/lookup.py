"""Lookup of users by name or address, and the columns by which they are searched."""

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
    """Columns that are computed from others before each flush."""

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
        """Return the user with this address or username; only addresses have an @."""
        return cls.with_email(login) if "@" in login else cls.with_username(login)

    def update_search_columns(self) -> None:
        parts = self.username, self.email, self.first_name or "", self.last_name or ""
        values = search_columns(*parts)
        if not self._is_renamed():  # `words` is deferred, and setting it would write it
            del values["words"]
        for name, value in values.items():
            setattr(self, name, value)

    def _is_renamed(self) -> bool:
        attributes = cast(Any, inspect(self)).attrs
        return any(attributes[name].history.has_changes() for name in NAMES)


def search_columns(username: str, email: str, first_name: str, last_name: str) -> dict[str, str]:
    """Return the values of those columns; bulk inserts must include them."""
    return {
        "search_text": searchable(username, email, first_name, last_name),
        "name_key": name_key(first_name, last_name),
        "address_key": address_key(email),
        "words": words_of(f"{username} {first_name} {last_name}"),
    }


def searchable(*parts: Any) -> str:
    """Return the text for substring search: each part in lower case, after two spaces.

    The spaces mark the start of a part, and make a trigram of even one letter.
    """
    return "".join(f"  {part.casefold()}" for part in parts if part)[:400]

"""Sessions: a row for each signed-in device, so that signing out voids copies of its cookie."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any, Self

from flask import current_app
from sqlalchemy import ForeignKey, String, and_, delete, not_, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ...security.networks import network_at
from ..fields import CreatedAt, HasId, Id, Moment, utcnow
from ..statements import rows_changed

MOST = 50  # devices per user; the oldest sessions are ended
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class UserSession(Model):
    """A session; only the hash of its token is stored."""

    __tablename__ = "user_sessions"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[CreatedAt]
    seen_at: Mapped[Moment]
    remembered: Mapped[bool]
    address: Mapped[str] = mapped_column(String(45))
    network: Mapped[str] = mapped_column(String(64), default="", index=True)  # of the address
    agent: Mapped[str] = mapped_column(String(200))

    user: Mapped[Any] = relationship("User", lazy="joined", innerjoin=True)

    is_current = False  # set on the row that the request came with
    unread = waiting = 0  # notifications, and what waits for moderators; see models/visit.py
    queues: dict = {}  # the same by queue

    @classmethod
    def open(
        cls, user: HasId, *, remembered: bool, address: str | None, agent: str | None
    ) -> tuple[Self, str]:
        """Create a session; return (row, token). The token is only for the cookie."""
        token = secrets.token_urlsafe(32)
        row = cls(
            token_hash=hash_of(token),
            user=user,
            seen_at=utcnow(),
            remembered=remembered,
            address=address or "",
            network=network_at(address) or "",
            agent=re.sub(r"[^\x20-\x7e]", "", agent or "")[:200],
        )
        newest = select(cls.id).where(cls.user_id == user.id).order_by(cls.id.desc())
        newest = newest.limit(MOST - 1).subquery()
        others = cls.user_id == user.id, cls.id.not_in(select(newest))
        db.session.execute(delete(cls).where(*others))
        db.session.add(row)
        return row, token

    @classmethod
    def of(cls, user: HasId) -> list[Any]:
        """Return the live sessions of a user, the most recently used first."""
        newest = cls.seen_at.desc(), cls.id.desc()
        rows = db.session.scalars(select(cls).where(cls.user_id == user.id).order_by(*newest))
        return [row for row in rows if row.is_alive]

    @classmethod
    def end_all(cls, user: HasId, *, keep: Self | None = None) -> int:
        """End all sessions of the user but `keep`; return their number."""
        others = delete(cls).where(cls.user_id == user.id)
        if keep is not None:
            others = others.where(cls.id != keep.id)
        return rows_changed(others)

    @classmethod
    def purge(cls) -> None:
        """Delete the expired sessions."""
        now, config = utcnow(), current_app.config
        short = cls.created_at < now - config["SESSION_LIFETIME"]
        idle = cls.seen_at < now - config["SESSION_IDLE"]
        remembered = cls.created_at < now - config["REMEMBER_COOKIE_DURATION"]
        dead = or_(and_(not_(cls.remembered), or_(short, idle)), remembered)
        db.session.execute(delete(cls).where(dead))

    @property
    def is_alive(self) -> bool:
        """Whether the session has not expired by REMEMBER_COOKIE_DURATION or SESSION_* (R-62)."""
        now, config = utcnow(), current_app.config
        if self.remembered:
            return now - self.created_at < config["REMEMBER_COOKIE_DURATION"]
        fresh = now - self.seen_at < config["SESSION_IDLE"]
        return fresh and now - self.created_at < config["SESSION_LIFETIME"]

    @property
    def device(self) -> str:
        """The browser and system in words, from the User-Agent."""
        browser = next((name for mark, name in BROWSERS if mark in self.agent), "A browser")
        system = next((name for mark, name in SYSTEMS if mark in self.agent), None)
        return f"{browser} on {system}" if system else browser

    @classmethod
    def neighbours_of(cls, user: HasId, most: int) -> Sequence[int]:
        """Return the ids of other users with sessions from the same networks, as a hint."""
        known = cls.network.not_in(["", "unknown"])
        mine = select(cls.network).where(cls.user_id == user.id, known)
        near = select(cls.user_id).where(cls.network.in_(mine), cls.user_id != user.id)
        return db.session.scalars(near.distinct().limit(most)).all()

    def end(self) -> None:
        db.session.execute(delete(UserSession).where(UserSession.id == self.id))


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Audit entries: written by the verb itself, and never changed.

`record` writes an entry in the running transaction; the chain that it joins is in audit_chain.py.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from flask import has_request_context, request
from sqlalchemy import Connection, Index, Select, String, Text, event, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ...security.networks import client_address
from ..fields import CreatedAt, Id, partial_index, utcnow
from .actions import EVERYBODY, Action
from .chain import Chained

SITE = "the site"  # who acts when something happens by itself
OPERATOR = "an operator"  # who acts at the shell
OF_MODERATION = "audience IS NOT NULL"


class AuditError(RuntimeError):
    """Somebody tried to change what was written."""


class AuditEntry(Chained, Model):
    """One act of staff. People and things are noted by number and name, not by reference.

    So an entry stays as it is when they change or go.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_actor", "actor_name", "id"),
        Index("ix_audit_entries_target", "target_type", "target_id", "id"),
        Index("ix_audit_entries_target_name", "target_name", "id"),
        Index("ix_audit_entries_action", "action", "id"),
        partial_index("ix_audit_moderation", OF_MODERATION, "created_at", "id"),
        partial_index(
            "ix_audit_moderation_action", OF_MODERATION, "action", "created_at", "id", "audience"
        ),
        partial_index("ix_audit_moderation_actor", OF_MODERATION, "actor_name", "created_at", "id"),
        partial_index(
            "ix_audit_moderation_target", OF_MODERATION, "target_name", "created_at", "id"
        ),
        partial_index(
            "ix_audit_moderation_both", OF_MODERATION, "actor_name", "action", "created_at", "id"
        ),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    action: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(64))
    target_type: Mapped[str] = mapped_column(String(32), default="")
    target_id: Mapped[int | None]
    target_name: Mapped[str] = mapped_column(String(254), default="")
    before: Mapped[str] = mapped_column(Text, default="")
    after: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    place: Mapped[str] = mapped_column(String(45), default="")  # the network address, or the shell
    audience: Mapped[str | None] = mapped_column(String(16))  # None: administrators alone
    subject_id: Mapped[int | None]  # which sanction, clean-up or revision of the target
    undoes_id: Mapped[int | None]  # the entry that this act took back

    @classmethod
    def record(
        cls,
        action: str,
        target: Any = None,
        *,
        by: Any = None,
        reason: str | None = "",
        before: object = "",
        after: object = "",
        name: Any = None,
        **more: Any,
    ) -> Self:
        """Write an entry in the running transaction; verbs call this, views never.

        `by` is the person who acts, None for an operator at the shell, or SITE. `before` and
        `after` are words or dictionaries. `name` is what the target was called, where it is gone.
        `more` are other columns.
        """
        noun, known = type_of(target), Action(action)
        entry = cls(
            action=known,
            audience=known.audience(noun),
            actor_id=getattr(by, "id", None),
            actor_name=getattr(by, "username", by or OPERATOR),
            target_type=noun,
            target_id=getattr(target, "id", None),
            target_name=(name or name_of(target))[:254],
            before=_as_text(before),
            after=_as_text(after),
            reason=(reason or "")[:500],
            place=client_address(request) if has_request_context() else "the shell",
            created_at=utcnow(),
            undoes_id=db.session.info.get("undoes"),
            **more,
        )
        db.session.add(entry)
        db.session.info.setdefault("unsealed", []).append(entry)
        return entry

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """Let what is recorded in the block say that it undoes this entry."""
        db.session.info["undoes"] = self.id
        try:
            yield
        finally:
            del db.session.info["undoes"]

    @classmethod
    def latest(cls) -> Select:
        return select(cls).order_by(cls.id.desc())

    @classmethod
    def about(cls, target: Any) -> Select:
        """What was done to a person or thing, the newest first."""
        here = cls.target_type == type_of(target), cls.target_id == target.id
        return cls.latest().where(*here)

    @classmethod
    def moderation_about(cls, target: Any) -> Select:
        """The same for those who moderate: without what only administrators may know."""
        return cls.about(target).where(cls.audience.is_not(None))

    @classmethod
    def moderation(cls) -> Select:
        """Acts of moderation, for those who moderate; the newest first."""
        newest = cls.created_at.desc(), cls.id.desc()
        return select(cls).where(cls.audience.is_not(None)).order_by(*newest)

    @classmethod
    def public(cls) -> Select:
        """Acts of moderation, for everybody; templates leave out what is private in them."""
        return cls.moderation().where(cls.audience == EVERYBODY)

    @property
    def is_misfiled(self) -> bool:
        """Whether somebody else reads it than whom acts of its kind are for."""
        action = Action.named(self.action)
        return self.audience != (action and action.audience(self.target_type))


def type_of(target: Any) -> str:
    """Return the word for what a thing is: that of its class, unless it has one of its own."""
    if target is None or isinstance(target, str):
        return ""
    noun = getattr(type(target), "noun", None)  # a column of that name is none
    return noun if isinstance(noun, str) else type(target).__name__.lower()


def name_of(target: Any) -> str:
    """Return the words that people know a thing by: its username, name, title or address.

    A text, a case or an appeal has none: it is known by whose it is, or whom it concerns.
    """
    if target is None or isinstance(target, str):
        return target or ""
    words = ("username", "name", "title", "recipient", "email", "filename")
    if named := next((word for word in words if hasattr(target, word)), None):
        return str(getattr(target, named))
    owners = (getattr(target, owner, None) for owner in ("author", "person", "user"))
    return next((owner.username for owner in owners if owner is not None), "")


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse_to_change(mapper: Any, connection: Connection, entry: AuditEntry) -> None:
    """Entries are added, never changed; but for the number that each gets as it joins the chain."""
    joining = inspect(entry).attrs.number.history
    if joining.deleted not in ([None], ()) or not joining.added:
        raise AuditError("An entry of the log cannot be changed or deleted.")

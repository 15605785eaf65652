"""Log cards: entries as someone may read them, with the names and links they may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, true

from ...extensions import db
from ..audit.entry import AuditEntry
from ..content.comment import Comment
from ..content.post import Post
from ..fields import utcnow
from ..site.setting import current_settings
from ..users.user import AnonymousUser, User
from .appeal import Appeal
from .case import Case


@dataclass(frozen=True)
class LogCard:
    """An entry, the member whom it names to the reader or None, and whether its text is readable.

    What `before` and `after` hold is for the acts that the template shows it of.
    """

    entry: AuditEntry
    whom: str | None
    is_readable: bool = False  # the post or comment, by whoever reads the log
    has_profile: bool = False  # the member


def public_cards(entries: Sequence[AuditEntry], reader: AnonymousUser | User) -> list[LogCard]:
    """The cards of some entries for everybody; `reader` follows links to what they may see.

    Members are named where the settings say so and everybody may see them: never one whose account
    is deleted, nor in a case, which is about what somebody else said of them.
    """
    facts = {} if not entries else _facts(entries, reader, ("user", "post", "comment", "appeal"))
    names = current_settings().names_in_log
    return [_public(entry, facts.get(_key(entry)), names) for entry in entries]


def staff_cards(entries: Any, reader: Any) -> Any:
    """The cards of some entries for those who moderate: members are named, also when gone."""
    facts = {} if not entries else _facts(entries, reader, KINDS)
    return [_full(entry, facts.get(_key(entry))) for entry in entries]


def _public(entry: AuditEntry, fact: Row | None, names: bool) -> LogCard:
    if fact is None:
        return LogCard(entry, None)
    named = names and fact.is_named
    whom = fact.username if named else None
    readable = bool(fact.is_readable and (names or not fact.username))  # its page names its author
    return LogCard(entry, whom, readable, bool(named and fact.has_profile))


def _full(entry: AuditEntry, fact: Row | None) -> LogCard:
    name = (fact and fact.username) or entry.target_name
    return LogCard(entry, name, bool(fact and fact.is_readable), bool(fact and fact.username))


def _key(entry: AuditEntry) -> tuple[str, int | None]:
    return entry.target_type, entry.target_id


def _facts(
    entries: Sequence[AuditEntry],
    reader: AnonymousUser | User,
    kinds: tuple[str, ...] | dict[str, tuple[Any, ...]],
) -> dict[tuple[str, int | None], Row]:
    """What is known by now of the things in these entries: a question for each kind of them."""
    facts: dict[tuple[str, int | None], Row] = {}
    for kind in kinds:
        model, read, joined = KINDS[kind]
        if ids := {entry.target_id for entry in entries if entry.target_type == kind}:
            about = joined(select(model.id, User.username, *_of_member(), read(reader)))
            rows = db.session.execute(about.where(model.id.in_(ids)))
            facts |= {(kind, row.id): row for row in rows}
    return facts


def _of_member() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    stays = or_(User.leaving_at.is_(None), User.leaving_at > utcnow())
    let_in = and_(User.confirmed_at.is_not(None), User.approval_asked_at.is_(None))
    is_open = and_(let_in, User.deactivated_at.is_(None))
    return and_(let_in, stays).label("is_named"), is_open.label("has_profile")


def _always(reader: User) -> ColumnElement[Any]:
    return true().label("is_readable")


def _post(reader: AnonymousUser) -> ColumnElement[Any]:
    return Post.seen_by(reader).label("is_readable")


def _comment(reader: AnonymousUser) -> ColumnElement[Any]:
    return and_(Comment.seen_by(reader), Post.seen_by(reader)).label("is_readable")


KINDS: dict[
    str, tuple[Any, ...]
] = {  # the model, the condition that one may read it, and how it leads to the member
    "user": (User, _always, lambda rows: rows),
    "post": (Post, _post, lambda rows: rows.outerjoin(User, Post.author_id == User.id)),
    "comment": (
        Comment,
        _comment,
        lambda rows: rows.join(Post, Comment.post_id == Post.id).outerjoin(
            User, Comment.author_id == User.id
        ),
    ),
    "case": (Case, _always, lambda rows: rows.outerjoin(User, Case.person_id == User.id)),
    "appeal": (Appeal, _always, lambda rows: rows.outerjoin(User, Appeal.user_id == User.id)),
}

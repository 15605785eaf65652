"""Purging of deleted posts and comments, and rendering of outdated ones.

Both work in chunks, each in a short transaction of its own.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, or_, select, update

from ...extensions import db
from ...text.markdown import RENDERER
from ..content.comment import Comment
from ..content.post import Post
from ..content.rendering import rendered
from ..content.rules import RETENTION
from ..content.tag import PostTag
from ..fields import utcnow
from ..moderation.report import Report
from ..users.user import User

RENDERED, PURGED = 100, 500  # at once


def render_outdated() -> int:
    """Store anew what another renderer made, a chunk of it; return how many. Commits (R-19)."""
    return sum(_render_outdated(cls) for cls in (Post, Comment))


def _render_outdated(cls: type[Post] | type[Comment]) -> int:
    outdated = or_(cls.renderer < RENDERER, cls.renderer > RENDERER)  # as an index is asked
    some = select(cls.id, cls.version, cls.body).where(outdated).limit(RENDERED)
    rows, tags = [], {}
    for id, version, body in db.session.execute(some):
        draft, texts = rendered(body)
        rows.append(dict(of=id, seen=version, **texts))
        tags[id, version] = draft.tags
    table = cls.__table__
    here = table.c.id == bindparam("of"), table.c.version == bindparam("seen")  # else it was edited
    names: dict[str, Any] = {name: bindparam(name) for name in ("body_html", "renderer", "words")}
    if rows:
        rows.sort(key=lambda row: row["of"])  # two who do this at once wait in line
        db.session.execute(update(table).where(*here).values(names), rows)
        if cls is Post:
            _tag_again(tags)
        db.session.commit()
    return len(rows)


def _tag_again(tags: dict[tuple[int, int], list[Any]]) -> None:
    """Give posts the tags that their texts have for the renderer of today: (id, version) → tags."""
    here = Post.id.in_([id for id, _ in tags]), Post.renderer == RENDERER
    unchanged = {
        id: tags[id, version]
        for id, version in db.session.execute(select(Post.id, Post.version).where(*here))
        if (id, version) in tags
    }
    db.session.execute(delete(PostTag).where(PostTag.post_id.in_(unchanged)))
    if rows := [dict(post_id=id, tag=tag) for id, words in unchanged.items() for tag in words]:
        db.session.execute(insert(PostTag), rows)


def purge_deleted() -> None:
    """Remove for good what was deleted RETENTION ago, with all that belongs to it. Commits."""
    due = Comment.deleted_at < utcnow() - RETENTION
    while _purge_comments(due, skip_locked=True):
        pass
    while posts := _due_posts():
        while _purge_comments(Comment.post_id.in_(posts)):
            pass
        Report.clear_snapshots("post", posts)
        db.session.execute(delete(Post).where(Post.id.in_(posts)))
        db.session.commit()


def purge_removed(content: Any) -> None:
    """Purge one text that was removed for good, with all that belongs to it. Commits."""
    below = Comment.post_id if content.noun == "post" else Comment.id
    id, cls = content.id, type(content)
    while _purge_comments(below == id):
        pass
    Report.clear_snapshots(content.noun, [id])
    db.session.execute(delete(cls).where(cls.id == id, cls.deleted_at.is_not(None)))
    db.session.commit()


def _due_posts() -> Sequence[int]:
    """Return the ids of some, and leave those to another who purges at this moment."""
    due = select(Post.id).where(Post.deleted_at < utcnow() - RETENTION).order_by(Post.deleted_at)
    return db.session.scalars(due.limit(PURGED).with_for_update(skip_locked=True)).all()


def _purge_comments(condition: ColumnElement[bool], *, skip_locked: bool = False) -> int:
    """Remove some of these comments; return 0 where none is left, but for those that are skipped.

    Those who change the counts of authors wait in line.
    """
    ids = db.session.scalars(
        select(Comment.id).where(condition).order_by(Comment.id).limit(PURGED)
    ).all()
    Report.clear_snapshots("comment", ids)
    counted = and_(*Comment.shown()).label("counted")
    some = select(Comment.id, Comment.author_id, counted).where(Comment.id.in_(ids), condition)
    some = some.order_by(Comment.id).with_for_update(skip_locked=skip_locked)
    rows = db.session.execute(some).all()
    authors = User.id.in_({row.author_id for row in rows if row.counted} - {None})
    held = select(User.id).where(authors).order_by(User.id)
    db.session.execute(held.with_for_update(key_share=True))
    db.session.execute(delete(Comment).where(Comment.id.in_([row.id for row in rows])))
    db.session.commit()
    return len(rows) if skip_locked else len(ids)

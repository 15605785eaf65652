"""What somebody who goes leaves behind, taken back step by step; counts of others follow.

It is the parent of all these tables that asks for this, so they are known here by name.
Reports are first; rows go before the counts of posts change, and posts before people: so nobody
waits in a circle.
"""

from sqlalchemy import delete, func, select, update

from ...extensions import db
from ..moderation.report_copies import forget_copies, forget_profile

AT_ONCE = 300  # rows in one step
POSTS_AT_ONCE = 100  # which may have comments of others below them
MINE = {  # tables with nothing but rows of the person: the column that says so, and the key
    "bookmarks": ("user_id", "post_id"),
    "watches": ("user_id", "post_id"),
    "mutes": ("user_id", "muted_id"),
}


def delete_account(user, *, by=None, reason="", removes_writing=False):
    """Delete an account for good; what it wrote stays, and names nobody, or goes too.

    All of it in the running transaction: for what may take long there is AccountDeletion. Posts
    are locked before people, so what belongs to the account goes before its row is locked.
    """
    with user.an_administrator_remains():
        _take_all_back(user.id, removes_writing)
        user._require_rank(by)
        user._record("delete", by, reason, before=user.role_in_words)
        delete_row(user, removes_writing=removes_writing)


def delete_row(user, *, removes_writing):
    """Delete the row of a user, and whatever came to it at the last moment."""
    forget_profile(user.id)
    db.session.refresh(user, with_for_update={"of": type(user)})
    _take_all_back(user.id, removes_writing)
    db.session.delete(user)


def _take_all_back(id, removes_writing):
    for _ in take_back(id, removes_writing=removes_writing):
        pass


def take_back(id, *, removes_writing):
    """Do one step after the other, each in the running transaction; yield how much each did."""
    forget_profile(id)
    if removes_writing:
        steps = [_remove_comments, _remove_posts]
    else:
        steps = [lambda id, noun=noun: _give_away(noun, id) for noun in ("comment", "post")]
    steps += [_take_likes, _end_following, _end_followers, _forget("user_id"), _forget("actor_id")]
    steps += [lambda id, table=table: _remove_mine(table, id) for table in MINE]
    for step in steps:
        while number := step(id):
            yield number


def left_of(id, most=None):
    """How much there is to take back; counted no further than `most`, where that is given."""
    owners = {"posts": "author_id", "comments": "author_id", "likes": "user_id"}
    wheres = [(table, owner) for table, owner in owners.items()]
    wheres += [("follows", "follower_id"), ("follows", "followed_id")]
    wheres += [("notifications", "user_id"), ("notifications", "actor_id")]
    wheres += [(table, owner) for table, (owner, _) in MINE.items()]
    counts = []
    for table, owner in wheres:
        there = select(_table(table).c[owner]).where(_table(table).c[owner] == id)
        there = there.limit(most) if most else there
        counts.append(select(func.count()).select_from(there.subquery()).scalar_subquery())
    return sum(db.session.execute(select(*counts)).one())


def _remove_comments(id):
    comments = _table("comments")
    mine = db.session.scalars(_some(comments.c.id, comments.c.author_id == id)).all()
    forget_copies("comment", mine)
    _hold("comments", mine)
    _hold("posts", select(comments.c.post_id).where(comments.c.id.in_(mine)))
    gone = delete(comments).where(comments.c.id.in_(mine), comments.c.author_id == id)
    return db.session.execute(gone).rowcount


def _remove_posts(id):
    """A few posts; but first what others wrote below them, which goes too."""
    posts = _table("posts")
    ids = db.session.scalars(_some(posts.c.id, posts.c.author_id == id, most=POSTS_AT_ONCE)).all()
    forget_copies("post", ids)
    if below := _remove_below(ids):
        return below
    _hold("posts", ids, key_share=False)  # waits for whoever comments at this moment
    if below := _remove_below(ids):
        return below
    db.session.execute(delete(posts).where(posts.c.id.in_(ids)))
    return len(ids)


def _remove_below(ids):
    comments = _table("comments")
    below = db.session.scalars(_some(comments.c.id, comments.c.post_id.in_(ids))).all()
    forget_copies("comment", below)
    _hold("comments", below)
    _hold("users", select(comments.c.author_id).where(comments.c.id.in_(below)))
    return db.session.execute(delete(comments).where(comments.c.id.in_(below))).rowcount


def _give_away(noun, id):
    """What was written stays, and names nobody."""
    table, revisions = _table(f"{noun}s"), _table("revisions")
    ids = db.session.scalars(_some(table.c.id, table.c.author_id == id)).all()
    nobody = update(table).where(table.c.id.in_(ids), table.c.author_id == id)
    db.session.execute(nobody.values(author_id=None, editor_name="", form_key=None))
    former = update(revisions).where(revisions.c[f"{noun}_id"].in_(ids))
    db.session.execute(former.values(editor_name=""))
    return len(ids)


def _take_likes(id):
    likes = _table("likes")
    posts = db.session.scalars(_some(likes.c.post_id, likes.c.user_id == id)).all()
    _hold("posts", posts)
    gone = delete(likes).where(likes.c.user_id == id, likes.c.post_id.in_(posts))
    return db.session.execute(gone).rowcount


def _end_following(id):
    return _take_follows(id, "follower_id", "followed_id")


def _end_followers(id):
    return _take_follows(id, "followed_id", "follower_id")


def _take_follows(id, mine, other):
    """Lock the person and the others first, in the order of ids, as a follow does."""
    follows = _table("follows")
    others = db.session.scalars(_some(follows.c[other], follows.c[mine] == id)).all()
    _hold("users", [id, *others])
    gone = delete(follows).where(follows.c[mine] == id, follows.c[other].in_(others))
    return db.session.execute(gone).rowcount


def _forget(column):
    """Notifications that the person got, or was the cause of."""

    def forget(id):
        table = _table("notifications")
        some = _some(table.c.id, table.c[column] == id)
        return db.session.execute(delete(table).where(table.c.id.in_(some))).rowcount

    return forget


def _remove_mine(name, id):
    table, (mine, key) = _table(name), MINE[name]
    some = _some(table.c[key], table.c[mine] == id)
    gone = delete(table).where(table.c[mine] == id, table.c[key].in_(some))
    return db.session.execute(gone).rowcount


def _hold(name, ids, *, key_share=True):
    """Lock these rows, the lowest id first; the counts that they hold are about to change."""
    table = _table(name)
    rows = select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id)
    db.session.execute(rows.with_for_update(key_share=key_share))


def _some(column, *conditions, most=AT_ONCE):
    return select(column).where(*conditions).order_by(column).limit(most)


def _table(name):
    return db.metadata.tables[name]

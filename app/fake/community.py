"""Posts, comments, follows and likes in the order of time, with correct stored counts."""

import random
from collections import Counter
from datetime import timedelta

from sqlalchemy import insert, update

from ..extensions import db
from ..models import Comment, Follow, Like, Post, PostTag, User
from ..models.fields import utcnow
from ..text.markdown import RENDERER, Text
from ..text.names import username_key
from ..text.search_words import plain, words_of
from . import texts

BATCH_SIZE = 1000  # rows in one statement
COUNTS = ("post_count", "comment_count", "follower_count", "following_count")


def make_community(people, *, posts, comments):
    """Let these new people post, follow and like; return {noun: number}."""
    db.session.flush()
    people = sorted(people, key=lambda person: person.confirmed_at)
    counts = {person.id: Counter() for person in people}
    follows = _follow(people, counts)
    content = _write_posts(people, posts, counts) if people else []
    answers = _answer(people, content, comments, counts) if content else 0
    likes = _like(people, content, counts)
    _store_counts(people, counts)
    return dict(posts=len(content), comments=answers, follows=follows, likes=likes)


def _follow(people, counts):
    rows = []
    for person in people:
        others = [other for other in people if other is not person]
        for other in random.sample(others, min(len(others), int(random.expovariate(1 / 8)))):
            joined = max(person.confirmed_at, other.confirmed_at)
            pair = dict(follower_id=person.id, followed_id=other.id)
            rows.append(pair | dict(created_at=_between(joined, utcnow())))
            counts[person.id]["following_count"] += 1
            counts[other.id]["follower_count"] += 1
    _insert(Follow, rows)
    return len(rows)


def _write_posts(people, number, counts):
    """Return them as dictionaries with ids, the oldest first. Some people write more than most."""
    names = {username_key(person.username): person.username for person in people}
    talkative = {person.id: random.paretovariate(1.2) for person in people}
    since, rows = people[0].confirmed_at, []
    for moment in sorted(_between(since, utcnow(), late=True) for _ in range(number)):
        there = [person for person in people if person.confirmed_at <= moment]
        (author,) = random.choices(there, [talkative[person.id] for person in there])
        text = texts.post(list(names.values()))
        row = _written(text, author, moment, names)
        rows.append(row | dict(comment_count=0, like_count=0))
        counts[author.id]["post_count"] += 1
    ids = _insert(Post, rows)
    for row, id in zip(rows, ids, strict=True):
        row["id"] = id
    _insert(PostTag, [dict(tag=t, post_id=r["id"]) for r in rows for t in Text(r["body"]).tags])
    return rows


def _answer(people, posts, number, counts):
    """New posts are answered within days, a few of them by many."""
    names = {username_key(person.username): person.username for person in people}
    by_id, rows = {person.id: person for person in people}, []
    lively = [random.paretovariate(1.5) for _ in posts]
    for post in random.choices(posts, lively, k=number):
        moment = post["created_at"] + timedelta(hours=random.expovariate(1 / 20))
        moment = min(moment, _between(post["created_at"], utcnow()))
        there = [person for person in people if person.confirmed_at <= moment]
        author = random.choice(there)
        text = texts.comment(by_id[post["author_id"]].username)
        rows.append(_written(text, author, moment, names) | dict(post_id=post["id"]))
        counts[author.id]["comment_count"] += 1
        post["comment_count"] += 1
    rows.sort(key=lambda row: row["created_at"])
    _insert(Comment, rows)
    return len(rows)


def _like(people, posts, counts):
    rows = []
    for post in posts:
        there = [person for person in people if person.id != post["author_id"]]
        liking = random.sample(there, min(len(there), int(random.expovariate(1 / 4))))
        for person in liking:
            moment = _between(max(post["created_at"], person.confirmed_at), utcnow())
            rows.append(dict(post_id=post["id"], user_id=person.id, created_at=moment))
        post["like_count"] = len(liking)
    rows.sort(key=lambda row: row["created_at"])
    _insert(Like, rows)
    values = ("id", "comment_count", "like_count")
    _update(Post, [{name: post[name] for name in values} for post in posts])
    return len(rows)


def _store_counts(people, counts):
    rows = [{"id": p.id} | {name: counts[p.id][name] for name in COUNTS} for p in people]
    _update(User, rows)


def _written(text, author, moment, names):
    draft = Text(text)
    html = str(draft.html({key: names[key] for key in draft.mentions if key in names}))
    author.last_seen = max(author.last_seen, moment)
    row = dict(author_id=author.id, editor_name=author.username, version=1, created_at=moment)
    row |= dict(body=text, body_html=html, renderer=RENDERER, words=words_of(plain(html)))
    return row | dict(hidden_reason="", hidden_by="")


def _between(start, end, late=False):
    """A moment between two; with `late`, rather near the end, as communities grow."""
    part = random.random() ** (0.6 if late else 1)
    return start + (end - start) * part


def _insert(cls, rows):
    """Insert them in this order, and return the ids of those that have one."""
    ids, statement = [], insert(cls)
    if hasattr(cls, "id"):
        statement = statement.returning(cls.id, sort_by_parameter_order=True)
    for start in range(0, len(rows), BATCH_SIZE):
        result = db.session.execute(statement, rows[start : start + BATCH_SIZE])
        ids += result.scalars().all() if hasattr(cls, "id") else []
    return ids


def _update(cls, rows):
    for start in range(0, len(rows), BATCH_SIZE):
        db.session.execute(update(cls), rows[start : start + BATCH_SIZE])

"""People and things for tests; each is flushed, so it has an id."""

import itertools

from sqlalchemy import text

from app.extensions import db
from app.models import Comment, OutboxMail, Post, Report, Role, User
from app.models.fields import utcnow

PASSWORD = "violet anchor 71 drum"
ANOTHER = "copper meadow 48 flute"
ROWS = {
    table.name: table.select().order_by(*table.primary_key) for table in db.metadata.sorted_tables
}
HOLDING = text(  # the names of the tables that are not empty
    " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in ROWS)
)
numbers = itertools.count(1)


def make_user(username=None, *, role="User", confirmed=True, password=PASSWORD, **values):
    """A member with the address username@example.org, confirmed unless said otherwise."""
    username = username or f"member{next(numbers)}"
    values.setdefault("email", f"{username}@example.org")
    values["confirmed_at"] = utcnow() if confirmed else None
    values["role"] = Role.named(role) if role else None
    return keep(User(username=username, password=password, **values))


def make_post(author=None, text="Hello.", **values):
    return _written(Post.publish(text, by=author or make_user()), values)


def make_comment(post=None, author=None, text="An answer.", **values):
    return _written(Comment.publish(post or make_post(), text, by=author or make_user()), values)


def make_report(thing=None, *, by=None, category="Spam", reason="Look at this."):
    thing, by = thing or make_post(), by or make_user()
    return Report.make(thing, by=by, category=category, reason=reason)


def _written(thing, values):
    for name, value in values.items():
        setattr(thing, name, value)
    db.session.flush()
    return thing


def make_mail(recipient="alice@example.org", **values):
    texts = {"subject": "Hello", "text": "Hello.", "html": "<p>Hello.</p>", "kind": "test"}
    return keep(OutboxMail(recipient=recipient, **{**texts, **values}))


def keep(thing):
    db.session.add(thing)
    db.session.flush()
    return thing


def mails(kind=None):
    """The mails in the outbox, oldest first, of one kind or all."""
    rows = db.session.scalars(OutboxMail.newest().order_by(None).order_by(OutboxMail.id)).all()
    return [row for row in rows if kind in (None, row.kind)]


def link_in(mail):
    """The path of the one link in a mail's text, as a browser on the same host opens it."""
    (link,) = {word for word in mail.text.split() if word.startswith("http")}
    return "/" + link.split("/", 3)[3]


def everything():
    """Every row of every table: for tests in which nothing may change."""
    db.session.flush()
    connection = db.session.connection()
    holding = set(connection.scalars(HOLDING))
    return {n: connection.execute(q).all() if n in holding else [] for n, q in ROWS.items()}


VISITS = {"users": "last_seen", "user_sessions": "seen_at"}


def everything_but_visits():
    """The same without when somebody was here last, which a clock may move at any request."""
    tables = everything()
    for name, column in VISITS.items():
        rows = [row._asdict() for row in tables[name]]
        tables[name] = [{key: row[key] for key in row if key != column} for row in rows]
    return tables

"""The dashboard: pending work, numbers and health."""

from flask import current_app, render_template, request
from flask_login import current_user
from sqlalchemy import column, func, literal, select, table

from .. import doctor
from ..extensions import db
from ..models import Comment, DayCount, OutboxMail, Post, RoleRequest, User
from ..models.fields import utcnow
from ..models.moderation.queue_counts import queue_counts
from ..models.site.daily_count import moments_by_day
from .blueprint import admin

DAYS = 30  # that the charts show
PG_CLASS = table("pg_class", column("oid"), column("reltuples"))  # where PostgreSQL has estimates

# What can wait for an administrator: one, many, the page, what it is asked for. The number of each
# comes from `numbers`, under the same name; the first three agree with the badge of the navigation.
WAITING = {
    "cases": ("report", "reports", "moderation.queue", {}),
    "appeals": ("appeal", "appeals", "moderation.appeals", {}),
    "held": ("pending post", "pending posts", "moderation.held", {}),
    "requests": ("role request", "role requests", "admin.requests", {}),
    "newcomers": ("newcomer", "newcomers", "admin.requests", {}),
    "given_up": ("failed email", "failed emails", "admin.outbox", {"state": "dead"}),
}


@admin.route("/")
def index():
    """A fixed number of statements, however many people there are."""
    counted = numbers()
    return render_template(
        "admin/index.html",
        waiting=[(counted[name], *what) for name, what in WAITING.items() if counted.get(name)],
        people=counted,
        content={noun: how_many(counted, noun) for noun in ("posts", "comments")},
        charts={
            "Sign-ups": moments_by_day(User.member_since, DAYS),
            "Sign-ins": DayCount.by_day("sign-in", DAYS),
            "Posts": moments_by_day(Post.created_at, DAYS, *Post.shown()),
        },
        health=health(),
        in_words=doctor.mails.in_words,
    )


def numbers():
    """Return all counts, from one statement."""
    today = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
    counts = {
        "members": count(User.id),
        "unconfirmed": count(User.id, User.confirmed_at.is_(None)),
        "active": count(User.id, User.last_seen >= today),
        "requests": count(RoleRequest.id, RoleRequest.decided_at.is_(None)),
        "newcomers": count(
            User.id, User.approval_asked_at.is_not(None), User.confirmed_at.is_not(None)
        ),
        "posts": doctor.mails.counted(select(Post)),
        "comments": doctor.mails.counted(select(Comment)),
        "posts_about": estimate(Post),
        "comments_about": estimate(Comment),
        "given_up": doctor.mails.counted(OutboxMail.dead()),
    }
    if current_user.is_moderator():
        queues = queue_counts(literal(current_user.id))
        counts["held"] = queues.pop("posts") + queues.pop("comments")
        counts |= queues
    row = db.session.execute(select(*(part.label(name) for name, part in counts.items()))).one()
    return row._asdict()


def count(column, *conditions):
    return select(func.count(column)).where(*conditions).scalar_subquery()


def estimate(cls):
    """Return an approximate number of rows for the cost of reading one."""
    if db.engine.dialect.name == "postgresql":
        here = PG_CLASS.c.oid == func.to_regclass(cls.__tablename__)
        return select(PG_CLASS.c.reltuples).where(here).scalar_subquery()
    return select(func.max(cls.id)).scalar_subquery()


def how_many(counted, noun):
    """Return a count, approximate if counting would take long."""
    if counted[noun] <= doctor.mails.COUNTED:
        return f"{counted[noun]:,}"
    return f"~{max(round(counted[f'{noun}_about'], -3), doctor.mails.COUNTED):,.0f}"


def health():
    """Return a `Finding` for each part that may fail at run time, and the version."""
    version = doctor.Finding("Version", doctor.GOOD, current_app.config["VERSION"])
    checks = doctor.database.answers, doctor.database.migrations, doctor.mails.queue
    return [*(check() for check in checks), doctor.configuration.counting(request), version]

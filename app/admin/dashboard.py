"""The site at a glance: people, roles, mail, and whether all is well."""

from flask import current_app, render_template
from sqlalchemy import func, select

from ..extensions import db
from ..models import OutboxMail, Role, User
from .blueprint import admin


@admin.route("/")
def index():
    return render_template(
        "admin/index.html",
        people=count_people(),
        roles=count_holders(),
        mails=count_mails(),
        health=health(),
    )


def count_people():
    counted = select(func.count(), func.count(User.confirmed_at), func.count(User.deactivated_at))
    total, confirmed, deactivated = db.session.execute(counted.select_from(User)).one()
    unconfirmed = total - confirmed
    return dict(total=total, confirmed=confirmed, unconfirmed=unconfirmed, deactivated=deactivated)


def count_holders():
    """Pairs of a role and how many hold it, the least mighty first."""
    held = func.count(User.id)
    rows = select(Role, held).outerjoin(User, User.role_id == Role.id).group_by(Role.id)
    return db.session.execute(rows.order_by(Role.permissions, Role.name)).all()


def count_mails():
    sets = {"waiting": OutboxMail.waiting(), "sent": OutboxMail.sent(), "dead": OutboxMail.dead()}
    counts = [select(func.count()).select_from(mails.subquery()) for mails in sets.values()]
    row = db.session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return dict(zip(sets, row, strict=True))


def health():
    """Pairs of a part of the site and words on where it runs."""
    config = current_app.config
    server = config["MAIL_SERVER"] or "none: mails are shown in the development mailbox"
    return [
        ("Database", db.engine.dialect.name),
        ("Mail server", server),
        ("Limits are counted in", "Redis" if config["REDIS_URL"] else "the memory of each process"),
    ]

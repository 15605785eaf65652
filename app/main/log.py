"""The public moderation log, without what is private."""

from flask import abort, render_template

from ..decorators import readable
from ..extensions import db
from ..models import AnonymousUser, AuditEntry
from ..models.moderation.log_cards import public_cards
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.audit_filters import ActFilters
from ..web.requests import actor, site_link
from .atom import ENTRIES, NEVER, answer_with
from .blueprint import main


@main.route("/log")
@readable
def log():
    form = ActFilters()
    entries = AuditEntry.public().order_by(None)
    if form.validate():
        entries = entries.where(*form.conditions())
    order, size = [AuditEntry.created_at, AuditEntry.id], current_settings().posts_per_page
    page = page_of(entries, order, size=size)
    cards = public_cards(page.items, actor())
    return render_template("main/log.html", page=page, cards=cards, form=form, args=form.args)


@main.route("/log/<id:id>")
@readable
def log_entry(id):
    entry = db.session.scalar(AuditEntry.public().where(AuditEntry.id == id))
    if entry is None:
        abort(404)
    (card,) = public_cards([entry], actor())
    return render_template("main/log_entry.html", card=card)


@main.route("/log/feed.atom")
@readable
def log_feed():
    entries = db.session.scalars(AuditEntry.public().limit(ENTRIES)).all()
    updated = entries[0].created_at if entries else NEVER
    text = render_template(
        "main/log_feed.xml",
        cards=public_cards(entries, AnonymousUser()),
        title=f"Moderation log · {current_settings().site_name}",
        updated=updated,
        page_link=site_link("main.log"),
        feed_link=site_link("main.log_feed"),
    )
    return answer_with(text, updated)

"""Notifications: the list and the settings."""

from flask import abort, flash, redirect, render_template, request, url_for

from ..databases import LARGEST_ID
from ..decorators import login_required, own_things
from ..email import says
from ..extensions import db
from ..models import Notification, NotificationChoice
from ..models.moderation.notification_cards import NotificationCard, notification_cards
from ..models.notifications.preference import RULING
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..web.requests import actor, back_to, read_for_change
from ..web.templating import comment_url, post_url, profile_url
from .blueprint import account
from .notification_forms import form_of


@account.route("/notifications")
@login_required
def notifications():
    cards = notification_cards(actor()).where(Notification.in_site)
    size = current_settings().posts_per_page
    page = page_of(cards, [Notification.id], size=size, make=NotificationCard.of)
    newest = Notification.newest_of(actor()) if actor().session.unread else 0
    values = dict(page=page, newest=newest, says=says, place_of=place_of)
    return render_template("account/notifications.html", **values)


@account.route("/notifications/<id:id>/open", methods=["POST"])
@own_things
def open_notification(id):
    """Mark it as read and redirect to what it is about."""
    card = find_card(id)
    Notification.read(actor(), id)
    db.session.commit()
    return redirect(place_of(card))


@account.route("/notifications/<id:id>/read", methods=["POST"])
@own_things
def read_notification(id):
    find_card(id)
    Notification.read(actor(), id)
    db.session.commit()
    return redirect(back_to(url_for("account.notifications")))


@account.route("/notifications/read", methods=["POST"])
@login_required
def read_notifications():
    """Mark as read everything that was on the page; later ones stay unread."""
    up_to = request.form.get("up_to", type=int) or 0
    Notification.read_all(actor(), min(max(up_to, 0), LARGEST_ID))
    db.session.commit()
    flash("All marked as read.", "success")
    return redirect(url_for("account.notifications"))


@account.route("/settings/notifications", methods=["GET", "POST"])
@login_required
def notification_settings():
    person = actor()
    read_for_change(person)
    form = form_of(NotificationChoice.of(person))
    if form.validate_on_submit():
        for kind, choice in form.choices.items():
            NotificationChoice.choose(person, kind, choice)
        db.session.commit()
        flash("Settings saved.", "success")
        return redirect(url_for("account.notification_settings"))
    return render_template("account/notification_settings.html", form=form)


def place_of(card):
    """Return the URL of what a notification is about."""
    if card.kind == RULING:
        return url_for("main.reports")
    if card.comment_id or card.post_id:
        return comment_url(card.comment_id) if card.comment_id else post_url(card.post_id)
    if card.about == "appeal":
        return url_for("account.appeal", id=card.about_id)
    return url_for("account.standing") if card.action else profile_url(card.actor)


def find_card(id):
    """Return one of the member’s own notifications about something that exists; else 404."""
    row = db.session.execute(notification_cards(actor()).where(Notification.id == id)).first()
    return NotificationCard.of(row) if row else abort(404)

"""Unsubscribing from emails by a link, with one click and without signing in (RFC 8058)."""

from flask import render_template, request

from ..decorators import public
from ..extensions import csrf, db, limiter
from ..models import NotificationChoice, User
from ..models.notifications.preference import NEVER
from .blueprint import account
from .notification_forms import LABELS


@account.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt
@limiter.exempt
@public
def unsubscribe(token):
    """GET shows a button. Mail services POST by themselves, from few networks for everyone.

    So the token is all that is asked for, and the answer is no redirect.
    """
    person, kinds = User.read_unsubscribe(token)
    if not kinds:
        return render_template("account/unsubscribe.html", kinds=None), 400
    if request.method == "POST":
        NotificationChoice.stop_mails(person, kinds)
        db.session.commit()
    choices = NotificationChoice.of(person)
    stopped = all(choices[kind].mail == NEVER for kind in kinds)
    facts = dict(kinds=[LABELS[kind] for kind in kinds], stopped=stopped)
    return render_template("account/unsubscribe.html", **facts)

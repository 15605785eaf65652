"""The outbox: emails by state, retry, drop, test email."""

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import defer
from wtforms import SubmitField

from ..databases import LARGEST_ID
from ..doctor.mails import counted, in_words
from ..email import send_test_mail
from ..extensions import db
from ..forms import Form, email_field
from ..models import OutboxMail, User
from ..models.mail.outbox import REHEARSAL
from ..models.site.setting import current_settings
from ..pagination import page_of
from ..security.rate_limits import TEST_MAILS
from ..text.names import address_or_none, readable_address, username_key
from ..web.actions import attempt, report_result
from ..web.requests import actor
from .blueprint import admin

STATES = {  # words, the mails
    "waiting": ("Pending", OutboxMail.waiting),
    "dead": ("Failed", OutboxMail.dead),
    "rejected": ("Undeliverable", OutboxMail.rejected),
    "sent": ("Sent", OutboxMail.sent),
    "dropped": ("Dropped", OutboxMail.dropped),
}
ASKED = ("state", "recipient", "after", "before")  # what a list was asked for
ON_THE_WAY = "Sending a test email to {}. See the result below."


class TestMailForm(Form):
    email = email_field("Send a test email to")
    submit = SubmitField("Send")


@admin.route("/outbox", methods=["GET", "POST"])
def outbox():
    """The list of emails, and a form that sends a test email through the outbox."""
    form = TestMailForm(email=actor().email)
    if form.validate_on_submit():
        TEST_MAILS.take(form.email.data)
        mail = send_test_mail(form.email.data, by=actor())
        db.session.commit()
        flash(ON_THE_WAY.format(readable_address(mail.recipient)), "success")
        return redirect(url_for("admin.outbox", test=mail.id))
    return render_template("admin/outbox.html", form=form, **mails_asked_for())


@admin.route("/outbox/<id:id>/retry", methods=["POST"])
def retry_mail(id):
    mail = find_mail(id)
    words = f"Retrying the email to {mail.recipient}."
    return settle(mail.retry, words, f"The email to {mail.recipient} is already being sent.")


@admin.route("/outbox/<id:id>/drop", methods=["POST"])
def drop_mail(id):
    mail = find_mail(id)
    words = f"The email to {mail.recipient} was dropped."
    return settle(mail.drop, words, f"The email to {mail.recipient} was already dropped.")


@admin.route("/outbox/retry", methods=["POST"])
def retry_all_mails():
    count = OutboxMail.retry_all(by=actor())
    db.session.commit()
    words = "Retrying 1 email." if count == 1 else f"Retrying {count:,} emails."
    flash(words if count else "No failed emails.", "success")
    return redirect(url_for("admin.outbox", state="waiting" if count else None))


def mails_asked_for():
    """Return the page that the query string asks for, with its filters and counts."""
    here = {name: request.args[name] for name in ASKED if request.args.get(name)}
    asked = {name: here[name][:254] for name in ASKED[:2] if name in here}
    return dict(
        page=page_of(
            select_mails(**asked), [OutboxMail.id], size=current_settings().posts_per_page
        ),
        asked=asked,
        here=here,
        test_mail=find_test_mail(request.args.get("test", 0, type=int)),
        counts=count_states(),
        states={state: words for state, (words, _) in STATES.items()},
        in_words=in_words,
    )


def settle(verb, words, same):
    """Call a verb, flash the outcome, and return to the list."""
    with attempt() as done:
        changed = verb(by=actor())
    if done:
        report_result(changed, words, same)
    back = {name: request.form[name][:1000] for name in ASKED if request.form.get(name)}
    return redirect(url_for("admin.outbox", **back))


def find_mail(id):
    mail = db.session.get(OutboxMail, id)
    if mail is None or mail.kind == REHEARSAL:
        abort(404)
    return mail


def find_test_mail(id):
    """Return the test email just sent from this page, and no other."""
    if not 0 < id <= LARGEST_ID:
        return None
    mails = without_bodies(OutboxMail.every()).where(OutboxMail.kind == "test")
    return db.session.scalar(mails.where(OutboxMail.id == id))


def select_mails(state=None, recipient=None):
    """Select emails of a state or all, to an email address or a member."""
    _, mails = STATES.get(state, (None, OutboxMail.every))
    mails = without_bodies(mails())
    if not recipient:
        return mails
    if "@" in recipient:
        return mails.where(OutboxMail.recipient == (address_or_none(recipient) or recipient))
    person = select(User.id).where(User.username_key == username_key(recipient))
    return mails.where(OutboxMail.user_id == person.scalar_subquery())


def without_bodies(mails):
    """Don’t load bodies, so that no page can show their links by mistake."""
    bodies = OutboxMail.text, OutboxMail.html
    return mails.options(*(defer(body, raiseload=True) for body in bodies))


def count_states():
    """Return the number of emails in each state, from one statement."""
    counts = [counted(mails()).label(state) for state, (_, mails) in STATES.items()]
    return db.session.execute(select(*counts)).one()._asdict()

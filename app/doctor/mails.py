"""Checks of email: whether the server accepts it, and whether a worker delivers it."""

from datetime import timedelta
from smtplib import SMTPAuthenticationError

from flask import current_app
from humanize import naturaldelta
from sqlalchemy import func, select

from ..extensions import db, mail
from ..jobs.mail_worker import words_of
from ..models import OutboxMail
from ..models.fields import utcnow
from .finding import BAD, GOOD, NOTE, check, within

LATE = timedelta(minutes=5)  # that a mail which is due may still lie here
COUNTED = 10_000  # at most, so that counting costs the same however many there are
TO_SIGN_IN = "MAIL_USERNAME and MAIL_PASSWORD"
TO_REACH = "MAIL_SERVER, MAIL_PORT and MAIL_USE_TLS or MAIL_USE_SSL"


@check("Mail server")
def server(seconds=None):
    """Connect and sign in to the mail server, without sending an email."""
    config = current_app.config
    if config["MAIL_SERVER"] is None:
        return NOTE, "none: emails are shown in the development mailbox", "MAIL_SERVER"
    try:
        within(seconds or config["MAIL_TIMEOUT"], lambda: _greet(seconds))
    except SMTPAuthenticationError as error:
        return BAD, f"Sign-in refused: {words_of(error)}", TO_SIGN_IN
    except OSError as error:  # SMTP's errors are of this kind too
        return BAD, f"Can’t connect: {words_of(error)}", TO_REACH
    words = f"{config['MAIL_SERVER']}:{config['MAIL_PORT']} responds"
    words += ", with TLS" if config["MAIL_USE_TLS"] or config["MAIL_USE_SSL"] else ", without TLS"
    return GOOD, words + (", and knows the site" if config["MAIL_USERNAME"] else "")


def _greet(seconds):
    connection = mail.connect()
    connection.timeout = seconds
    with connection:
        connection.host.ehlo_or_helo_if_needed()


@check("Mail queue")
def queue():
    waiting, oldest, due, given_up = db.session.execute(_queue()).one()
    now = utcnow()
    words = f"{in_words(waiting)} waiting"
    if oldest:
        words += f", the oldest for {naturaldelta(now - oldest)}"
    words += f"; {in_words(given_up)} failed"
    if due and now - due > LATE:
        words += f". Due for {naturaldelta(now - due)} and not sent: no worker is running."
        worker = current_app.config["MAIL_DELIVERY"] == "worker"
        return BAD, words, "flask mail worker" if worker else "Restart the site and read its log"
    if given_up:
        return NOTE, words, "See the outbox, or run flask mail list --state dead"
    return GOOD, words


def _queue():
    waiting = OutboxMail.waiting().with_only_columns
    oldest = waiting(OutboxMail.created_at).order_by(OutboxMail.id).limit(1)
    due = waiting(OutboxMail.next_at).order_by(OutboxMail.next_at).limit(1)
    return select(
        counted(OutboxMail.waiting()),
        oldest.scalar_subquery(),
        due.scalar_subquery(),
        counted(OutboxMail.dead()),
    )


def counted(rows):
    """Return a subquery that counts the rows of a select, up to one more than `COUNTED`."""
    some = rows.with_only_columns(rows.selected_columns[0]).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def in_words(count):
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"

"""Delivers the outbox: by a thread of the serving process, or by `flask mail worker`.

A row is leased, the mail sent outside of any transaction, and the row settled. A postman who is
killed in between loses nothing: the lease runs out. The Message-ID stays, so a double can be told.
"""

import logging
import os
import smtplib
import threading
import time
from contextlib import nullcontext
from email.utils import parseaddr

from flask import current_app
from flask_mail import Message
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from .extensions import db, mail
from .models import OutboxMail, UserSession, WayBack

POLL = 5  # seconds between looks at an outbox that nobody has written to
PURGE_EVERY = 3600
KEPT_IN_MAILBOX = 200
log = logging.getLogger("offbrand.postman")
starting = threading.Lock()


class Postman(threading.Thread):
    """The delivering thread of one serving process; started by its first request."""

    def __init__(self, app):
        super().__init__(name="postman", daemon=True)
        self.app, self.bell, self.pid = app, threading.Event(), os.getpid()

    def run(self):
        while True:
            deliver_safely(self.app)
            self.bell.wait(POLL)
            self.bell.clear()


def init_app(app):
    app.extensions["postman"] = None
    if app.config["MAIL_DELIVERY"] == "thread":
        app.before_request(_start)
        event.listen(db.session, "after_commit", _ring)


def never():
    return False


def deliver_safely(app, stopped=never):
    """Deliver what is due. A fault is logged, never raised: the postman comes again."""
    try:
        with app.app_context():
            deliver_pending(stopped)
            _purge_now_and_then(app)
    except SQLAlchemyError as error:
        log.warning("The outbox could not be read: %s", error.__class__.__name__)
    except Exception:
        log.exception("The postman stumbled")


def deliver_pending(stopped=never):
    """Send all mails that are due, until told to stop; return how many left."""
    sent = 0
    while not stopped() and (row := OutboxMail.lease()) is not None:
        try:
            with _connection() as connection:
                sent += _deliver_on(connection, row, stopped)
        except smtplib.SMTPAuthenticationError as error:  # asking again and again may lock us out
            _refuse(row, error)
            break
        except OSError as error:  # SMTP's errors are of this kind too
            log.warning("The mail server could not be reached: %s", words_of(error))
            OutboxMail.postpone_all(words_of(error))
            db.session.commit()
            break
    return sent


def words_of(error):
    """Return what the SMTP server said, or what the system says of it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return f"{error.__class__.__name__}: {error}"
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"


def compose(row):
    """Return the message of a row; its Message-ID stays the same in every try."""
    message = Message(row.subject, recipients=[row.recipient], body=row.text, html=row.html)
    domain = parseaddr(message.sender)[1].rpartition("@")[2]
    message.msgId = f"<{row.message_id}@{domain}>"
    message.extra_headers = {"Auto-Submitted": "auto-generated"}
    return message


def _connection():
    if current_app.config["MAIL_SERVER"] is None:
        return nullcontext()  # development: the mailbox page shows the rows themselves
    return mail.connect()


def _deliver_on(connection, row, stopped):
    """Send this mail and all others that are due, as long as the connection holds."""
    sent = 0
    while row is not None:
        try:
            if connection is not None:
                connection.send(compose(row))
        except Exception as error:  # also a mail that cannot be composed must come to an end
            _refuse(row, error)
            answers = smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
            if not isinstance(error, answers) or connection.host.sock is None:  # as after a 421
                return sent
        else:
            row.settle(keep_body=current_app.config["MAILBOX"])
            db.session.commit()
            sent += 1
        row = None if stopped() else OutboxMail.lease()
    return sent


def _refuse(row, error):
    log.warning("Mail %s was refused: %s", row.id, words_of(error))
    row.refuse(words_of(error))
    db.session.commit()


def _start():
    """Start the thread with the first request: after a server's fork, never in a command."""
    app = current_app._get_current_object()
    with starting:
        postman = app.extensions["postman"]
        if postman is None or postman.pid != os.getpid():
            app.extensions["postman"] = postman = Postman(app)
            postman.start()


def _ring(session):
    postman = current_app.extensions["postman"] if current_app else None
    if postman not in (None, threading.current_thread()):  # what it commits itself is no news
        postman.bell.set()


def _purge_now_and_then(app):
    last = app.extensions.get("purged_at", 0)
    if time.monotonic() - last > PURGE_EVERY or not last:
        app.extensions["purged_at"] = time.monotonic()
        OutboxMail.purge(keep=KEPT_IN_MAILBOX if app.config["MAILBOX"] else None)
        UserSession.purge()
        WayBack.purge()
        db.session.commit()

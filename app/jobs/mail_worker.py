"""The mail worker: delivers the outbox, in a thread of the server or as `flask mail worker`.

It leases a row, sends the mail outside of any transaction, and settles the row. If it is killed in
between, the lease expires and the mail is sent again with the same Message-ID, so that a duplicate
can be recognized.
"""

import logging
import os
import re
import smtplib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from email.policy import EmailPolicy
from email.utils import parseaddr
from typing import Any, cast

from flask import Flask, current_app
from flask_mail import Connection, Message
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .. import data_export
from ..extensions import db, mail
from ..models import (
    DataExport,
    EmailReversal,
    Notification,
    OutboxMail,
    PeopleImport,
    SignUpMark,
    User,
    UserSession,
)
from ..models.retention.purge import purge_deleted, render_outdated
from .digests import bring_up_to_date, write_due
from .staff_notices import tell_staff
from .temporary_roles import sweep

ToldToStop = Callable[[], bool]  # whether the worker is to end after this mail

NO_SUCH_RECIPIENT = (550, 551, 553, 556)
POLL = 5  # seconds between checks of the outbox without a wake-up
PURGE_EVERY = 3600
SWEEP_EVERY = 60
KEPT_IN_MAILBOX = 200
log = logging.getLogger("offbrand.mail_worker")
starting = threading.Lock()


class WholeLinks(EmailPolicy):
    """An email policy that never folds the link in List-Unsubscribe.

    Python would encode a long one, and mail programs would not recognize it.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


WHOLE_LINKS = WholeLinks(linesep="\r\n")


class Letter(Message):
    def as_bytes(self) -> bytes:
        message = self._message()
        message.policy = WHOLE_LINKS
        return message.as_bytes()


class MailWorker(threading.Thread):
    """The delivery thread of a server process, which starts with its first request."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="mail_worker", daemon=True)
        self.app, self.wake_event, self.pid = app, threading.Event(), os.getpid()

    def run(self) -> None:
        while True:
            deliver_safely(self.app)
            self.wake_event.wait(POLL)
            self.wake_event.clear()


def init_app(app: Flask) -> None:
    app.extensions["mail_worker"] = None
    if app.config["MAIL_DELIVERY"] == "thread":
        app.before_request(_start)
        event.listen(db.session, "after_commit", _wake)


def never() -> bool:
    return False


def deliver_safely(app: Flask, stopped: ToldToStop = never) -> None:
    """Do all that is due. Errors are logged, not raised, as the worker tries again later."""
    try:
        with app.app_context():
            write_and_deliver(stopped)
            _sweep_now_and_then(app)
            _purge_now_and_then(app)
            _render_now_and_then(app, stopped)
            data_export.work(stopped=stopped, between=lambda: write_and_deliver(stopped))
    except SQLAlchemyError as error:
        log.warning("The outbox could not be read: %s", error.__class__.__name__)
    except Exception:
        log.exception("The mail worker failed")


def write_and_deliver(stopped: ToldToStop = never) -> int:
    """Write the digests that are due and send all mails; return how many were sent."""
    sent, more = 0, True
    while more and not stopped():
        more = write_due()
        sent += deliver_pending(stopped)
    return sent


def deliver_pending(stopped: ToldToStop = never) -> int:
    """Send all mails that are due, until told to stop; return how many were sent."""
    sent = 0
    while not stopped() and (row := OutboxMail.lease()) is not None:
        try:
            with _connection() as connection:
                sent += _deliver_on(connection, row, stopped)
        except smtplib.SMTPAuthenticationError as error:  # repeated attempts could lock us out
            _refuse(row, error)
            break
        except OSError as error:  # includes smtplib's errors
            log.warning("The mail server could not be reached: %s", words_of(error))
            OutboxMail.postpone_all(words_of(error))
            db.session.commit()
            break
    return sent


def words_of(error: Exception) -> str:
    """Return the answer of the SMTP server, or the message of another error."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "{} {}".format(*_answer_about_recipient(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return f"{error.__class__.__name__}: {error}"


def _answer_about_recipient(error: smtplib.SMTPRecipientsRefused) -> tuple[int, str]:
    code, answer = next(iter(error.recipients.values()))
    return code, _decoded(answer)


def _decoded(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer


def is_for_good(error: Exception) -> bool:
    """Return whether the server refuses the recipient permanently.

    An enhanced status code (RFC 3463) has the subject as its second number: 1 is the address, 2 its
    mailbox; Exchange answers 5.4.1 for an unknown address. Other codes concern the sender, such as
    5.7.1 for a blocked one; so do basic codes such as 530 and 554.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = _answer_about_recipient(error)
    elif isinstance(error, smtplib.SMTPDataError):  # some servers check the address this late
        code, words = error.smtp_code, _decoded(error.smtp_error)
    else:
        return False
    if enhanced := re.match(r"5\.(\d+\.\d+)", words):
        about = enhanced[1]
        return 500 <= code < 600 and (about[:2] in ("1.", "2.") or about == "4.1")
    return code in NO_SUCH_RECIPIENT and isinstance(error, smtplib.SMTPRecipientsRefused)


def compose(row: OutboxMail) -> Letter:
    """Return the message of a row; its Message-ID is the same in every attempt."""
    message = Letter(row.subject, recipients=[row.recipient], body=row.text, html=row.html)
    domain = parseaddr(str(message.sender))[1].rpartition("@")[2]
    message.msgId = f"<{row.message_id}@{domain}>"
    message.extra_headers = {"Auto-Submitted": "auto-generated"}
    if row.unsubscribe_url:  # one-click unsubscribe, RFC 8058
        message.extra_headers["List-Unsubscribe"] = f"<{row.unsubscribe_url}>"
        message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.extra_headers["List-Id"] = f"<notifications.{domain}>"  # RFC 2919
    if row.thread:  # mail programs group mails by References (RFC 5322, 3.6.4)
        message.extra_headers["References"] = f"<{row.thread}@{domain}>"
    return message


def _connection() -> AbstractContextManager[Connection | None]:
    if current_app.config["MAIL_SERVER"] is None:
        return nullcontext()  # development: mails are read in the mailbox page
    return mail.connect()


def _deliver_on(connection: Connection | None, first: OutboxMail, stopped: ToldToStop) -> int:
    """Send this mail and all others that are due, while the connection is open; return how many."""
    sent, row = 0, cast(OutboxMail | None, first)
    while row is not None:
        try:
            is_wanted = bring_up_to_date(row)
            if is_wanted and connection is not None:
                connection.send(compose(row))
        except Exception as error:  # a mail that cannot be composed must not stay due
            _refuse(row, error)
            answers = smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
            if not isinstance(error, answers) or not _is_open(connection):  # as after a 421
                return sent
        else:
            sent += is_wanted
            if is_wanted:
                User.note_delivery(row.recipient, refused=False)
                row.settle(keep_body=current_app.config["MAILBOX"])
            else:
                db.session.delete(row)
            db.session.commit()
        row = None if stopped() else OutboxMail.lease()
    return sent


def _is_open(connection: Connection | None) -> bool:
    return connection is not None and connection.host is not None and bool(connection.host.sock)


def _refuse(row: OutboxMail, error: Exception) -> None:
    log.warning("Mail %s was refused: %s", row.id, words_of(error))
    if is_for_good(error):
        row.reject(words_of(error))
        User.note_delivery(row.recipient, refused=True)
    else:
        row.refuse(words_of(error))
    db.session.commit()


def _start() -> None:
    """Start the thread with the first request: after the server has forked, never in a command."""
    app = current_app._get_current_object()  # type: ignore[attr-defined] # of the proxy
    with starting:
        worker = app.extensions["mail_worker"]
        if worker is None or worker.pid != os.getpid():
            app.extensions["mail_worker"] = worker = MailWorker(app)
            worker.start()


def _wake(session: Session) -> None:
    worker = current_app.extensions["mail_worker"] if current_app else None
    if worker not in (None, threading.current_thread()):  # it need not wake itself
        worker.wake_event.set()


def _sweep_now_and_then(app: Flask) -> None:
    """End temporary roles and notify staff, once a minute."""
    last = app.extensions.get("swept_at", 0)
    if time.monotonic() - last > SWEEP_EVERY or not last:
        app.extensions["swept_at"] = time.monotonic()
        sweep()
        tell_staff()


def _purge_now_and_then(app: Flask) -> None:
    last = app.extensions.get("purged_at", 0)
    if time.monotonic() - last > PURGE_EVERY or not last:
        app.extensions["purged_at"] = time.monotonic()
        OutboxMail.purge(keep=KEPT_IN_MAILBOX if app.config["MAILBOX"] else None)
        UserSession.purge()
        EmailReversal.purge()
        SignUpMark.purge()
        PeopleImport.purge()
        Notification.purge()
        DataExport.purge()
        db.session.commit()
        purge_deleted()


def _render_now_and_then(app: Flask, stopped: ToldToStop) -> None:
    """Render outdated HTML again, chunk by chunk, and deliver mails in between."""
    last = app.extensions.get("rendered_at", 0)
    if time.monotonic() - last > PURGE_EVERY or not last:
        while render_outdated() and not stopped():
            write_and_deliver(stopped)
            time.sleep(data_export.PAUSE)
        app.extensions["rendered_at"] = time.monotonic()

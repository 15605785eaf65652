"""flask mail: the outbox."""

import logging
import signal
import smtplib
import threading

import click
from flask import current_app, render_template
from flask_mail import Message

from ..databases import LARGEST_ID
from ..extensions import db
from ..extensions import mail as mailer
from ..jobs.mail_worker import POLL, deliver_safely, words_of, write_and_deliver
from ..models import OutboxMail
from ..models.site.setting import settings_at_hand
from ..text.names import canonical_address
from .people import one_change
from .plain import Group

mail = Group("mail", help="Deliver and inspect the outbox, and test the mail server.")
NUMBER = click.IntRange(1, LARGEST_ID)
STATES = {
    "waiting": OutboxMail.waiting,
    "sent": OutboxMail.sent,
    "dead": OutboxMail.dead,
    "rejected": OutboxMail.rejected,
    "dropped": OutboxMail.dropped,
}


@mail.command("worker")
def worker():
    """Deliver emails until stopped. An email being sent is finished first."""
    logging.getLogger("offbrand").setLevel(logging.INFO)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    click.echo("Delivering mail.")
    app = current_app._get_current_object()
    while not stopped.is_set():
        deliver_safely(app, stopped.is_set)
        stopped.wait(POLL)
    click.echo("Stopped.")


@mail.command("send")
def send():
    """Deliver what is due now, then exit."""
    click.echo(f"{write_and_deliver()} sent.")


@mail.command("list")
@click.option("--state", type=click.Choice(list(STATES)), help="Only emails in this state.")
@click.option("--limit", default=50, type=NUMBER, help="The most to show.", show_default=True)
def list_(state, limit):
    """List emails in the outbox, newest first, without their content."""
    chosen = STATES[state]() if state else OutboxMail.newest()
    newest = chosen.order_by(None).order_by(OutboxMail.id.desc()).limit(limit)
    for row in db.session.scalars(newest):
        line = f"{row.id:>6}  {row.created_at:%Y-%m-%d %H:%M}  {row.state:<8}  {row.recipient}"
        click.echo(f"{line}  {row.kind}  tries {row.tries}  {row.last_error}".rstrip())


@mail.command("retry")
@click.option("--all", "every", is_flag=True, help="Retry all failed emails.")
@click.argument("id", type=NUMBER, required=False)
def retry(id, every):
    """Retry a failed or waiting email now."""
    if every == (id is not None):
        raise click.ClickException("Give the number of an email, or --all.")
    number = 0
    if every:
        while count := OutboxMail.retry_all():
            db.session.commit()
            number += count
    else:
        with one_change():
            find_unsent(id).retry()
        number = 1
    click.echo(f"{number} will be retried.")


@mail.command("drop")
@click.argument("id", type=NUMBER)
def drop(id):
    """Cancel a waiting or failed email, and delete its content."""
    with one_change():
        find_unsent(id).drop()
    click.echo(f"Email {id} was canceled.")


@mail.command("test")
@click.argument("address")
def test(address):
    """Send a test email immediately, and print what the server answers."""
    if current_app.config["MAIL_SERVER"] is None:
        raise click.ClickException("MAIL_SERVER is not set, so emails are shown at /dev/mailbox.")
    try:
        message = test_message(canonical_address(address))
        with mailer.connect() as connection:
            connection.send(message)
    except (OSError, smtplib.SMTPException) as error:
        raise click.ClickException(f"The mail server answered: {words_of(error)}") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The mail server accepted a test email to {address}.")


def find_unsent(id):
    row = db.session.get(OutboxMail, id)
    if row is None or row.state == "sent":
        raise click.ClickException(f"There is no unsent email {id}.")
    return row


def test_message(address):
    config = current_app.config
    context = {
        "user": None,
        "site_name": settings_at_hand().site_name,
        "link": None,
        "asked_from": None,
    }
    return Message(
        f"{config['MAIL_SUBJECT_PREFIX']} Test email",
        recipients=[address],
        body=render_template("email/test.txt", **context),
        html=render_template("email/test.html", **context),
    )

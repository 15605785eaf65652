"""Writing a mail into the outbox, as text and as HTML."""

from typing import Any

from flask import current_app, render_template, request
from humanize import precisedelta

from ..extensions import db
from ..models import AuditEntry, OutboxMail, User
from ..models.audit.actions import Action
from ..models.site.setting import current_settings
from ..security.networks import client_address
from ..web.requests import site_link

UNPROVEN = (
    "account_made",
    "address_assigned",
    "confirm",
    "change_email",
)  # sent to unconfirmed addresses
LINKS = {  # by template: the endpoint of its link, and the setting of how long that is good
    "address_assigned": ("auth.confirm", "CONFIRMATION_LIFETIME"),
    "change_email": ("auth.change_email", "EMAIL_CHANGE_LIFETIME"),
    "confirm": ("auth.confirm", "CONFIRMATION_LIFETIME"),
    "email_changed": ("auth.revert_email", "EMAIL_REVERT_LIFETIME"),
    "invitation": ("auth.join", "INVITATION_LIFETIME"),
    "reset_password": ("auth.reset", "RESET_LIFETIME"),
}


def send_email(
    to: str,
    subject: str,
    template: str,
    /,
    *,
    user: User | None = None,
    by_staff: bool = False,
    **context: Any,
) -> OutboxMail:
    """Add a mail to the outbox, which is sent after the commit of the present transaction.

    It names the network address of the request, except with `by_staff`.
    """
    content = write_email(to, subject, template, user=user, by_staff=by_staff, **context)
    mail = OutboxMail(user_id=user.id if user else None, **content)
    db.session.add(mail)
    return mail


def write_email(
    to: str,
    subject: str,
    template: str,
    /,
    *,
    user: User | None = None,
    by_staff: bool = False,
    **context: Any,
) -> dict[str, Any]:
    """Return the columns of the outbox for such a mail."""
    context |= {
        "user": user,
        "site_name": current_settings().site_name,
        "asked_from": None if by_staff else asked_from(),
    }
    context["by_staff"] = by_staff
    context["name"] = user.username if user else None
    if template in UNPROVEN and user:  # so that no mail program turns a name into a link
        context["name"] = user.username.replace(".", " ")
    return dict(
        kind=template,
        recipient=to,
        subject=f"{current_app.config['MAIL_SUBJECT_PREFIX']} {subject}".strip(),
        text=render_template(f"email/{template}.txt", **context),
        html=render_template(f"email/{template}.html", **context),
    )


def send_link(
    user: User | None,
    to: str,
    subject: str,
    template: str,
    token: str,
    **values: Any,
) -> None:
    endpoint, setting = LINKS[template]
    expires = precisedelta(current_app.config[setting], format="%d")
    link = site_link(endpoint, token=token)
    send_email(to, subject, template, user=user, link=link, expires=expires, **values)


def asked_from() -> str | None:
    """Return the network address of the request, for the reader to judge; None without one."""
    return client_address(request) or None if request else None


def send_test_mail(address: str, *, by: User) -> OutboxMail:
    """Send a test mail through the outbox, recorded in the audit log.

    If one was sent a moment ago, as by a double click, return that one.
    """
    db.session.get(User, by.id, populate_existing=True, with_for_update={"of": User})
    if mail := OutboxMail.just_written("test", address):
        return mail
    link = site_link("main.index")
    mail = send_email(address, "Test email", "test", by_staff=True, link=link)
    db.session.flush()
    AuditEntry.record(Action.SEND_TEST_MAIL, mail, by=by)
    return mail

"""Every mail the site can send, a function each; all go through the outbox.

A mail names people by their username only: what they typed as first name or place stays out of it.
"""

from flask import current_app, render_template, request

from .extensions import db
from .models import OutboxMail, User
from .models.outbox import REHEARSAL
from .security import site_link

UNPROVEN = ("confirm", "change_email")  # go to addresses that nobody has proven yet
LIFETIMES = {
    "auth.confirm": "CONFIRMATION_LIFETIME",
    "auth.reset": "RESET_LIFETIME",
    "auth.change_email": "EMAIL_CHANGE_LIFETIME",
    "auth.revert_email": "EMAIL_REVERT_LIFETIME",
}


def send_email(to, subject, template, /, *, user=None, **context):
    """Put a mail into the outbox of the running transaction; it leaves after the commit."""
    config = current_app.config
    context |= {"user": user, "site_name": config["SITE_NAME"], "asked_from": asked_from()}
    context["name"] = user.username if user else None
    if template in UNPROVEN and user:  # no stranger's mail reader takes a name for a link
        context["name"] = user.username.replace(".", " ")
    mail = OutboxMail(
        user_id=user.id if user else None,
        kind=template,
        recipient=to,
        subject=f"{config['MAIL_SUBJECT_PREFIX']} {subject}".strip(),
        text=render_template(f"email/{template}.txt", **context),
        html=render_template(f"email/{template}.html", **context),
    )
    db.session.add(mail)
    return mail


def send_confirmation(user):
    token = user.generate_confirmation_token()
    _send_link(user, user.email, "Confirm your address", "confirm", "auth.confirm", token)


def send_reset_password(user):
    token = user.generate_reset_token()
    _send_link(user, user.email, "Choose a new password", "reset_password", "auth.reset", token)


def send_change_email(user, new_email):
    token = user.generate_email_change_token(new_email)
    subject, endpoint = "Confirm your new address", "auth.change_email"
    _send_link(user, new_email, subject, "change_email", endpoint, token, new_email=new_email)


def send_email_changed(user, old_email):
    """Tell the old address, with the way back."""
    token = user.generate_email_revert_token(old_email)
    subject, endpoint = "Your address was changed", "auth.revert_email"
    values = {"old_email": old_email, "new_email": user.email}
    _send_link(user, old_email, subject, "email_changed", endpoint, token, **values)


def send_email_reverted(user, left_email):
    """Tell the address that the account has left again."""
    link = site_link("auth.login")
    subject = "An account has left your address"
    send_email(left_email, subject, "email_reverted", user=user, link=link)


def send_password_changed(user):
    link = site_link("auth.reset_request")
    send_email(user.email, "Your password was changed", "password_changed", user=user, link=link)


def send_already_registered(user):
    link = site_link("auth.reset_request")
    subject = "You already have an account"
    send_email(user.email, subject, "already_registered", user=user, link=link)


def send_address_taken(user):
    link = site_link("auth.login")
    send_email(user.email, "Your address is in use here", "address_taken", user=user, link=link)


def rehearse_reset_password(address):
    """Do all that a reset mail costs, for nobody: time must not tell who has an account (R-69)."""
    nobody = User(id=0, email=address, username="nobody", role=None, auth_epoch=0)
    link = site_link("auth.reset", token=nobody.generate_reset_token())
    mail = send_email(address, "", "reset_password", user=nobody, link=link, expires="")
    mail.user_id, mail.recipient, mail.kind = None, "", REHEARSAL
    mail.settle()


def asked_from():
    """The network address a mail was asked from, for its reader to judge; None outside requests."""
    return request.remote_addr if request else None


def _send_link(user, to, subject, template, endpoint, token, **values):
    expires = in_words(current_app.config[LIFETIMES[endpoint]])
    link = site_link(endpoint, token=token)
    send_email(to, subject, template, user=user, link=link, expires=expires, **values)


def in_words(lifetime):
    hours = round(lifetime.total_seconds() / 3600)
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}" + ("s" if count != 1 else "")

"""Mails about joining: invitations, accounts made by staff, and decisions on new accounts."""

from typing import Any

from flask import current_app
from humanize import precisedelta

from ..models.users.invitation import Invitation
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email, send_link


def send_invitation(invitation: Invitation) -> None:
    """Invite an unconfirmed address; the inviter is named without dots, see `UNPROVEN`."""
    by = invitation.invited_by
    values: dict[str, Any] = dict(greeting=invitation.greeting, role=invitation.role)
    values["inviter"] = by.username.replace(".", " ") if by else None
    subject, token = "You’re invited", invitation.generate_token()
    send_link(None, invitation.email, subject, "invitation", token, **values)


def send_account_made(user: User) -> None:
    """Tell the owner of an account made by staff, with a link to choose a password."""
    token = user.generate_reset_token(current_app.config["INVITATION_LIFETIME"])
    expires = precisedelta(current_app.config["INVITATION_LIFETIME"], format="%d")
    link = site_link("auth.reset", token=token)
    subject = "Your account is ready"
    values: dict[str, Any] = dict(user=user, link=link, expires=expires, by_staff=True)
    send_email(user.email, subject, "account_made", **values)


def send_already_registered(user: User) -> None:
    link = site_link("auth.reset_request")
    subject = "You already have an account"
    send_email(user.email, subject, "already_registered", user=user, link=link)


def send_accepted(user: User, by: User | None, words: str) -> None:
    """Tell a new user that their account was approved."""
    values: dict[str, Any] = dict(by=by, words=words, link=site_link("auth.login"))
    send_email(user.email, "Your request to join was accepted", "accepted", user=user, **values)


def send_declined(user: User, by: User | None, words: str) -> None:
    """Tell a new user that they were declined; the account is gone, so the mail belongs to none."""
    values: dict[str, Any] = dict(user=user, by=by, words=words)
    mail = send_email(user.email, "Your request to join was declined", "declined", **values)
    mail.user_id = None

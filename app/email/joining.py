"""Mails to those who come: invited, made a member by staff, let in or not."""

from typing import Any

from flask import current_app
from humanize import precisedelta

from ..models.users.invitation import Invitation
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email, send_link


def send_invitation(invitation: Invitation) -> None:
    """To an address that nobody has proven: who invites is named without dots, as in `UNPROVEN`."""
    by = invitation.invited_by
    values: dict[str, Any] = dict(greeting=invitation.greeting, role=invitation.role)
    values["inviter"] = by.username.replace(".", " ") if by else None
    subject, token = "You’re invited", invitation.generate_token()
    send_link(None, invitation.email, subject, "invitation", "auth.join", token, **values)


def send_account_made(user: User) -> None:
    """Somebody of the staff made the account: its owner chooses a password by this link."""
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
    """Tell a newcomer that they are let in."""
    values: dict[str, Any] = dict(by=by, words=words, link=site_link("auth.login"))
    send_email(user.email, "Your request to join was accepted", "accepted", user=user, **values)


def send_declined(user: User, by: User | None, words: str) -> None:
    """Tell a newcomer that they are not let in; their account is gone, so the mail has none."""
    values: dict[str, Any] = dict(user=user, by=by, words=words)
    mail = send_email(user.email, "Your request to join was declined", "declined", **values)
    mail.user_id = None

"""Mails about roles: changes, ends of temporary roles, and requests."""

from typing import Any

from ..models.roles.role import Role
from ..models.users.role_request import RoleRequest
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email


def send_role_changed(user: User, before: str = "") -> None:
    """Tell a user about their new role and its end, unless both are as `before`."""
    if user.role_in_words != before:
        _send_about_role(user, f"Your role is now {_name(user.role)}", "role_changed")


def send_role_ending(user: User) -> None:
    _send_about_role(user, f"Your role as {_name(user.role)} ends soon", "role_ending")


def send_role_ended(user: User, over: Role | None) -> None:
    _send_about_role(user, f"Your role is {_name(user.role)} again", "role_ended", over=over)


def send_role_kept(user: User, over: Role | None) -> None:
    """Tell the last administrator that they keep their temporary role."""
    _send_about_role(user, f"You keep the role {_name(over)}", "role_kept")


def send_role_accepted(request: RoleRequest, by: User, words: str) -> None:
    values: dict[str, Any] = dict(
        by=by, words=words, role=request.role, link=site_link("auth.login")
    )
    subject = "Your role request was accepted"
    send_email(request.user.email, subject, "role_accepted", user=request.user, **values)


def send_role_declined(request: RoleRequest, by: User, words: str) -> None:
    values: dict[str, Any] = dict(by=by, words=words, role=request.role)
    subject = "Your role request was declined"
    send_email(request.user.email, subject, "role_declined", user=request.user, **values)


def _name(role: Role | None) -> str:
    return role.name if role else "none"


def _send_about_role(user: User, subject: str, template: str, **values: Any) -> None:
    """Send the mail only to a confirmed address, as it tells what the account may do."""
    if user.is_confirmed:
        link = site_link("auth.login")
        send_email(user.email, subject, template, user=user, link=link, **values)

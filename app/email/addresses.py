"""Mails about an address: to confirm it, and about changes of it."""

from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email, send_link


def send_confirmation(user: User) -> None:
    token = user.generate_confirmation_token()
    send_link(user, user.email, "Confirm your email", "confirm", token)


def send_change_email(user: User, new_email: str) -> None:
    token = user.generate_email_change_token(new_email)
    subject = "Confirm your new email"
    send_link(user, new_email, subject, "change_email", token, new_email=new_email)


def send_address_assigned(user: User) -> None:
    """Ask the user to confirm the address to which staff moved the account."""
    token, subject = user.generate_confirmation_token(), "Confirm your new email"
    send_link(user, user.email, subject, "address_assigned", token, by_staff=True)


def send_email_changed(user: User, old_email: str, *, by_staff: bool = False) -> None:
    """Tell the former address, with a link to reverse the change."""
    token = user.generate_email_revert_token(old_email)
    subject = "Your email was changed"
    values = {"old_email": old_email, "new_email": user.email, "by_staff": by_staff}
    send_link(user, old_email, subject, "email_changed", token, **values)


def send_email_reverted(user: User, left_email: str) -> None:
    """Tell the address that the account no longer uses it."""
    link = site_link("auth.login")
    subject = "An account no longer uses your email"
    send_email(left_email, subject, "email_reverted", user=user, link=link)


def send_address_taken(user: User) -> None:
    link = site_link("auth.login")
    send_email(user.email, "Your email is already in use", "address_taken", user=user, link=link)

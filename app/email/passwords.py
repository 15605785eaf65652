"""Mails about passwords."""

from ..models import User
from ..models.mail.outbox import REHEARSAL
from ..web.requests import site_link
from .mail import send_email, send_link


def send_reset_password(user: User, *, by_staff: bool = False) -> None:
    token = user.generate_reset_token()
    subject, values = "Choose a new password", {"by_staff": by_staff}
    send_link(user, user.email, subject, "reset_password", token, **values)


def rehearse_reset_password(address: str) -> None:
    """Do the work of a reset mail for no user, so that timing reveals no accounts (R-69)."""
    nobody = User(id=0, email=address, username="nobody", role=None, auth_epoch=0)
    link = site_link("auth.reset", token=nobody.generate_reset_token())
    mail = send_email(address, "", "reset_password", user=nobody, link=link, expires="")
    mail.user_id, mail.recipient, mail.kind = None, "", REHEARSAL
    mail.settle()


def send_password_changed(user: User) -> None:
    link = site_link("auth.reset_request")
    send_email(user.email, "Your password was changed", "password_changed", user=user, link=link)

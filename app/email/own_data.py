"""Mails about one's own data, and to those who leave."""

from typing import Any

from ..models.retention.account_deletion import AccountDeletion
from ..models.retention.data_export import DataExport
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email


def send_data_ready(user: User, export: DataExport) -> None:
    """The file that a worker has made of a person's data is there to be taken along."""
    values: dict[str, Any] = dict(link=site_link("account.data"), kept_until=export.kept_until)
    send_email(user.email, "Your data is ready", "data_ready", user=user, **values)


def send_leaving(user: User, deletion: AccountDeletion) -> None:
    """Tell when the account is to be deleted, with the way back."""
    values: dict[str, Any] = dict(link=site_link("account.delete_account"), deletion=deletion)
    send_email(user.email, "Your account will be deleted", "leaving", user=user, **values)


def send_stays(user: User) -> None:
    """Tell the last administrator that their account could not be deleted."""
    link = site_link("account.delete_account")
    send_email(user.email, "Your account was not deleted", "stays", user=user, link=link)


def send_left(user: User) -> None:
    """The last mail: the account is gone, so the mail has none."""
    send_email(user.email, "Your account was deleted", "left", user=user).user_id = None

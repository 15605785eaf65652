"""Mails about data exports and account deletions."""

from typing import Any

from ..models.retention.account_deletion import AccountDeletion
from ..models.retention.data_export import DataExport
from ..models.users.user import User
from ..web.requests import site_link
from .mail import send_email


def send_data_ready(user: User, export: DataExport) -> None:
    """Tell a user that their data export can be downloaded."""
    values: dict[str, Any] = dict(link=site_link("account.data"), kept_until=export.kept_until)
    send_email(user.email, "Your data is ready", "data_ready", user=user, **values)


def send_leaving(user: User, deletion: AccountDeletion) -> None:
    """Tell when the account will be deleted, with a link to keep it."""
    values: dict[str, Any] = dict(link=site_link("account.delete_account"), deletion=deletion)
    send_email(user.email, "Your account will be deleted", "leaving", user=user, **values)


def send_stays(user: User) -> None:
    """Tell the last administrator that their account could not be deleted."""
    link = site_link("account.delete_account")
    send_email(user.email, "Your account was not deleted", "stays", user=user, link=link)


def send_left(user: User) -> None:
    """Tell that the account was deleted; the mail belongs to no account."""
    send_email(user.email, "Your account was deleted", "left", user=user).user_id = None

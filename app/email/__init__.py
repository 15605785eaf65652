"""Mails: a function for each mail of the site; all of them use the outbox.

Mails name people by username only, as first names and places are free text.
"""

from .addresses import (
    send_address_assigned,
    send_address_taken,
    send_change_email,
    send_confirmation,
    send_email_changed,
    send_email_reverted,
)
from .content import send_clean_up_undone, send_cleaned_up, send_content_mail
from .held import send_text_declined
from .joining import (
    send_accepted,
    send_account_made,
    send_already_registered,
    send_declined,
    send_invitation,
)
from .mail import send_email, send_test_mail
from .news import says, send_news
from .own_data import send_data_ready, send_leaving, send_left, send_stays
from .passwords import rehearse_reset_password, send_password_changed, send_reset_password
from .roles import (
    send_role_accepted,
    send_role_changed,
    send_role_declined,
    send_role_ended,
    send_role_ending,
    send_role_kept,
)
from .sanctions import (
    send_appeal_answered,
    send_appeal_decided,
    send_sanction_lifted,
    send_sanctioned,
)
from .staff import send_staff_notice

__all__ = [
    "rehearse_reset_password",
    "says",
    "send_accepted",
    "send_account_made",
    "send_address_assigned",
    "send_address_taken",
    "send_already_registered",
    "send_appeal_answered",
    "send_appeal_decided",
    "send_change_email",
    "send_clean_up_undone",
    "send_cleaned_up",
    "send_confirmation",
    "send_content_mail",
    "send_data_ready",
    "send_declined",
    "send_email",
    "send_email_changed",
    "send_email_reverted",
    "send_invitation",
    "send_leaving",
    "send_left",
    "send_news",
    "send_password_changed",
    "send_reset_password",
    "send_role_accepted",
    "send_role_changed",
    "send_role_declined",
    "send_role_ended",
    "send_role_ending",
    "send_role_kept",
    "send_sanction_lifted",
    "send_sanctioned",
    "send_stays",
    "send_test_mail",
    "send_staff_notice",
    "send_text_declined",
]

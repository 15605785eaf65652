"""The development mailbox: emails that the site wrote, with working links."""

import re

from flask import abort, render_template, request

from ..decorators import public
from ..extensions import db
from ..models import OutboxMail
from ..security.networks import address_in
from .blueprint import dev

SHOWN = 200
LINK = re.compile(r"(https?://[^\s<>\"]+)")


@dev.route("/mailbox")
@public
def mailbox():
    """Show the newest emails, to people at this machine or in its network only.

    Should somebody put a development site on the internet, its reset links are not there for all.
    """
    if not is_nearby(request):
        abort(404)
    mails = db.session.scalars(OutboxMail.newest().limit(SHOWN)).all()
    return render_template("dev/mailbox.html", mails=mails, body_parts=body_parts)


def is_nearby(request):
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    address = address_in(request.remote_addr or "127.0.0.1")
    return not forwarded and address is not None and address.is_private


def body_parts(mail):
    """Yield pairs: ("text", …) or ("link", …)."""
    for i, part in enumerate(LINK.split(mail.text)):
        if part:
            yield ("link" if i % 2 else "text"), part

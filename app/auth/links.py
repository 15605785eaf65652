"""Broken links from emails: why they don’t work, and what to do."""

from flask import render_template

from ..security.tokens import Verdict


def answer_dead_link(purpose, verdict):
    """Return 410 for an expired link; 400 for a used, damaged or foreign one."""
    expired = verdict is Verdict.EXPIRED
    page = render_template("auth/dead_link.html", purpose=purpose, expired=expired)
    return page, 410 if expired else 400

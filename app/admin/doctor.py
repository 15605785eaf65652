"""Health: the checks of `flask doctor` as a page, compared with its request."""

from flask import render_template, request

from ..doctor import BAD, examine
from ..models.audit.chain import AuditHead
from .blueprint import admin

SECONDS = 3  # that another server may take
NEWEST, MOST = 10_000, 100_000  # entries of the log that are read for a page, unasked and asked


@admin.route("/health")
def doctor():
    """Reads only the end of a long log, unless asked for all of it."""
    length, _ = AuditHead.now()
    in_full = "verify" in request.args and length <= MOST
    findings = examine(request, seconds=SECONDS, newest=None if in_full else NEWEST)
    return render_template(
        "admin/doctor.html",
        findings=findings,
        is_well=all(finding.state != BAD for finding in findings),
        more_to_read=length > NEWEST and not in_full,
        too_much=length > MOST,
    )

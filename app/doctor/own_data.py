"""Check of data exports and account deletions: whether a worker carries them out."""

from datetime import timedelta

from flask import current_app
from humanize import naturaldelta
from sqlalchemy import func, or_, select

from ..extensions import db
from ..models import AccountDeletion, DataExport
from ..models.fields import utcnow
from .finding import BAD, GOOD, check
from .mails import counted, in_words

LATE = timedelta(hours=1)  # that something which is due may lie here with nobody at it


@check("Own data")
def own_data():
    now = utcnow()
    exports, leaving, due, *since = db.session.execute(_question(now)).one()
    words = f"{in_words(exports)} exports in progress, {in_words(due)} accounts being deleted"
    words += f", {in_words(leaving - due)} can still be kept"
    oldest = min(filter(None, since), default=None)
    if oldest and now - oldest > LATE:
        words += f". Due for {naturaldelta(now - oldest)} and not processed."
        worker = current_app.config["MAIL_DELIVERY"] == "worker"
        return BAD, words, "flask mail worker" if worker else "Restart the site and read its log"
    return GOOD, words


def _question(now):
    return select(
        counted(DataExport.open()),
        counted(select(AccountDeletion)),
        counted(AccountDeletion.due()),
        _oldest(DataExport, DataExport.created_at, DataExport.open(), now),
        _oldest(AccountDeletion, AccountDeletion.due_at, AccountDeletion.due(), now),
    )


def _oldest(cls, moment, due, now):
    """Return since when the oldest job waits that no worker has leased."""
    free = or_(cls.leased_until.is_(None), cls.leased_until < now)
    some = due.with_only_columns(moment.label("moment")).where(free).subquery()
    return select(func.min(some.c.moment)).scalar_subquery()

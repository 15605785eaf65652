"""Data exports and account deletions: carried out in short transactions under a lease."""

import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from ..data_export import archive
from ..email import send_data_ready, send_left, send_stays
from ..extensions import db
from ..models import AccountDeletion, CleanUp, DataExport, User
from ..models.lease import LeaseLost
from ..models.retention.data_export import TRIES
from ..models.retention.erasure import erase
from . import clean_ups
from .clean_ups import BetweenSteps, ToldToStop, never, nothing

PAUSE = 0.01  # seconds in which others can write, as SQLite has one writer at a time
log = logging.getLogger("offbrand.own_data")


def work(*, stopped: ToldToStop = never, between: BetweenSteps = nothing) -> None:
    """Do all jobs that are due; `between` is called after each step, so that mails do not wait."""
    for kind, act in KINDS:
        while not stopped() and (row := kind.lease()) is not None:
            try:
                act(row, stopped=stopped, between=between)
            except LeaseLost:
                db.session.rollback()
            except SQLAlchemyError as error:
                db.session.rollback()
                log.warning("%s %s waits: %s", kind.__name__, row.held[0], error.__class__.__name__)
            except Exception:
                db.session.rollback()
                log.exception("%s %s came to nothing", kind.__name__, row.held[0])


def delete_now(person: User) -> bool:
    """Delete an account now; return False if a worker has leased the deletion."""
    ordered = AccountDeletion.of(person)
    deletion = ordered and AccountDeletion.lease(ordered.id)
    if deletion is None:
        return False
    carry_out(deletion)
    return True


def carry_out(
    deletion: AccountDeletion,
    *,
    stopped: ToldToStop = never,
    between: BetweenSteps = nothing,
) -> None:
    """Delete an account step by step; another worker can continue after any step."""
    if not deletion.begin():
        send_stays(db.session.get_one(User, deletion.user_id))
        db.session.commit()
        return None
    db.session.commit()
    done = deletion.done
    for number in erase(deletion.user_id, removes_writing=deletion.removes_writing):
        done += number
        deletion.renew(done=done)
        db.session.commit()
        if stopped():
            return leave(deletion)
        between()
        time.sleep(PAUSE)
    by_staff = deletion.by_staff
    gone = deletion.finish()
    if gone is not None and not by_staff:
        send_left(gone)
    db.session.commit()
    return None


def build(
    export: DataExport,
    *,
    stopped: ToldToStop = never,
    between: BetweenSteps = nothing,
) -> None:
    """Make the file of a member's data, and store it in the database part by part."""
    if export.tries > TRIES:
        export.give_up()
        db.session.commit()
        return None
    export.begin()
    db.session.commit()
    person, size = db.session.get_one(User, export.user_id), 0

    def note(section: str, done: int, total: int) -> None:
        export.renew(section=section, done=done, total=total)
        db.session.commit()
        between()
        if stopped():
            raise Stopped

    try:
        for number, part in enumerate(archive.make(person, note)):
            export.add_part(number, part)
            db.session.commit()
            size += len(part)
    except Stopped:
        return leave(export)
    export.finish(size)
    send_data_ready(db.session.get_one(User, export.user_id), export)
    db.session.commit()
    return None


class Stopped(Exception):
    """The worker was told to stop; the next one starts over."""


def leave(row: AccountDeletion | DataExport) -> None:
    row.release()
    db.session.commit()


KINDS = (
    (CleanUp, clean_ups.carry_out),
    (AccountDeletion, carry_out),
    (DataExport, build),
)

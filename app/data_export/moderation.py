"""Selects of a person's reports, sanctions and appeals."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from ..models import Appeal, AppealMessage, Case, Report, Sanction, User

ACCUSED = aliased(User)


def reports(id):
    """What the person reported and what was decided, without the reported content."""
    made = select(
        *(Report.created_at, Case.noun.label("about"), Case.post_id, Case.comment_id),
        *(ACCUSED.username.label("by"), Report.category, Report.reason),
        *(Case.settled_at, Case.outcome, Case.ruling),
    )
    made = made.join(Case, Case.id == Report.case_id)
    return made.outerjoin(ACCUSED, ACCUSED.id == Case.person_id).where(Report.reporter_id == id)


def sanctions(id):
    columns = Sanction.id, Sanction.created_at, Sanction.kind, Sanction.reason, Sanction.until
    lifted = Sanction.lifted_at, Sanction.lift_reason
    return select(*columns, *lifted).where(Sanction.user_id == id)


def appeals(id):
    about = Appeal.sanction_id, Appeal.post_id, Appeal.comment_id
    columns = Appeal.created_at, *about, Appeal.decided_at, Appeal.outcome, Appeal.answer
    return select(Appeal.id, *columns).where(Appeal.user_id == id)


def appeal_messages(id):
    """Both sides of the conversation, without names of staff."""
    columns = AppealMessage.appeal_id, AppealMessage.created_at
    columns += AppealMessage.by_staff, AppealMessage.body
    return select(*columns).join(Appeal).where(Appeal.user_id == id)

"""Copies of texts in reports: they go with the text, once nobody needs them for a ruling any more.

Cases are locked before the texts that they are about, as rulings do: so nobody waits in a circle.
The tables are known by name, as is all that those who go leave behind.
"""

from sqlalchemy import select, update

from ...extensions import db


def clear_snapshots(noun, ids):
    """Before these posts or comments go for good: empty what settled reports keep of them."""
    cases = db.metadata.tables["cases"]
    clear_snapshots_in(row.id for row in _locked(cases.c[f"{noun}_id"].in_(ids)) if row.settled_at)


def clear_profile_snapshots(user_id):
    """Before a member goes: empty what settled reports keep of what they said of themselves."""
    cases = _locked(db.metadata.tables["cases"].c.person_id == user_id)
    clear_snapshots_in(row.id for row in cases if row.noun == "user" and row.settled_at)


def clear_snapshots_in(case_ids):
    """Empty what the reports in these cases keep; for a text that is gone, with the ruling."""
    reports = db.metadata.tables["reports"]
    if ids := list(case_ids):
        here = update(reports).where(reports.c.case_id.in_(ids))
        db.session.execute(here.values(body="", body_html=""))


def _locked(about):
    cases = db.metadata.tables["cases"]
    rows = select(cases.c.id, cases.c.noun, cases.c.settled_at).where(about).order_by(cases.c.id)
    return db.session.execute(rows.with_for_update(key_share=True)).all()

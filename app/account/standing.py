"""A member’s standing: sanctions, hidden content and appeals."""

from flask import render_template
from sqlalchemy import select

from ..decorators import login_required
from ..extensions import db
from ..models import Appeal, Case, Comment, Post, Sanction
from ..models.moderation.appeal import key_of
from ..models.moderation.sanction import KINDS
from ..web.requests import actor
from .blueprint import account

MOST_SHOWN = 50  # of each kind, the newest


@account.route("/standing")
@login_required
def standing():
    person = actor()
    sanctions = db.session.scalars(Sanction.of(person).limit(MOST_SHOWN)).all()
    appeals = {appeal.about: appeal for appeal in db.session.scalars(appeals_of(person))}
    facts = dict(texts=hidden_texts(person), most=MOST_SHOWN)
    facts["sanction_with"] = with_text = sanctions_with_texts(sanctions)
    facts["appeal_against"] = lambda matter: (
        appeals.get(key_of(matter)) or appeals.get(key_of(with_text.get(key_of(matter), matter)))
    )
    facts["key_of"] = key_of
    return render_template("account/standing.html", sanctions=sanctions, kinds=KINDS, **facts)


def sanctions_with_texts(sanctions):
    """Return {`key_of` content: the sanction imposed by the decision that hid it}."""
    by_case = {sanction.case_id: sanction for sanction in sanctions if sanction.text_hidden_at}
    if not by_case:
        return {}
    cases = select(Case.id, Case.noun, Case.post_id, Case.comment_id).where(Case.id.in_(by_case))
    rows = db.session.execute(cases).all()
    return {
        (noun, post_id or comment_id, by_case[id].text_hidden_at): by_case[id]
        for id, noun, post_id, comment_id in rows
    }


def hidden_texts(person):
    """Return the member’s hidden content, newest first."""
    texts = [text for cls in (Post, Comment) for text in db.session.scalars(hidden(cls, person))]
    return sorted(texts, key=lambda text: text.hidden_at, reverse=True)


def hidden(cls, person):
    here = cls.author_id == person.id, cls.hidden_at.is_not(None), cls.deleted_at.is_(None)
    here += (cls.held_at.is_(None),)
    return select(cls).where(*here).order_by(cls.hidden_at.desc(), cls.id.desc()).limit(MOST_SHOWN)


def appeals_of(person):
    newest = select(Appeal).where(Appeal.user_id == person.id).order_by(Appeal.id.desc())
    return newest.limit(3 * MOST_SHOWN)

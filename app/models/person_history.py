"""What moderators should know of a member before they decide: what was reported, hidden, ruled."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ..extensions import db
from .case import DISMISSED, Case
from .comment import Comment
from .invitation import Invitation
from .post import Post
from .report import Report
from .sanction import Sanction
from .session import UserSession
from .user import User

SHOWN = 20
MOST_HIDDEN = 10  # of posts, and of comments
MOST_NEIGHBOURS = 10


@dataclass
class Tally:
    """How many reports are open, were upheld and were dismissed."""

    open: int = 0
    upheld: int = 0
    dismissed: int = 0

    @property
    def total(self):
        return self.open + self.upheld + self.dismissed

    @classmethod
    def of(cls, outcomes):
        """Sum up pairs of an outcome, which is empty while a case is open, and a number."""
        tally = cls()
        for outcome, number in outcomes:
            name = {"": "open", DISMISSED: "dismissed"}.get(outcome, "upheld")
            setattr(tally, name, getattr(tally, name) + number)
        return tally


class PersonHistory:
    """Of one member; each question is one statement, whatever there is."""

    def __init__(self, user):
        self.user = user

    def reports_about(self):
        """Of cases: however many report one thing, it counts once."""
        return self._tally(select(Case.outcome, func.count()).where(Case.person_id == self.user.id))

    def reports_by(self):
        cases = select(Case.outcome, func.count()).join(Report, Report.case_id == Case.id)
        return self._tally(cases.where(Report.reporter_id == self.user.id))

    def sanctions(self):
        return db.session.scalars(Sanction.of(self.user).limit(SHOWN)).all()

    def hidden(self):
        """The posts and comments that moderators hid last, the newest first."""
        texts = [text for kind in (Post, Comment) for text in self._hidden(kind)]
        return sorted(texts, key=lambda text: text.hidden_at, reverse=True)

    def inviter(self):
        """Who invited them, or None: nobody did, or the account is gone."""
        joined = select(Invitation).where(Invitation.joined_id == self.user.id)
        joined = joined.options(joinedload(Invitation.invited_by)).limit(1)
        invitation = db.session.scalar(joined)
        return invitation and invitation.invited_by

    def neighbours(self):
        """Other accounts that are signed in from the same networks: a hint, and no more."""
        ids = UserSession.neighbours_of(self.user, MOST_NEIGHBOURS)
        people = select(User).where(User.id.in_(ids)).order_by(User.username_key)
        return db.session.scalars(people).all() if ids else []

    def _tally(self, cases):
        return Tally.of(db.session.execute(cases.group_by(Case.outcome)))

    def _hidden(self, kind):
        here = kind.author_id == self.user.id, kind.hidden_at.is_not(None), kind.held_at.is_(None)
        newest = select(kind).where(*here).order_by(kind.hidden_at.desc(), kind.id.desc())
        return db.session.scalars(newest.limit(MOST_HIDDEN)).all()

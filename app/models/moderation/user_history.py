"""A member’s history for moderators: reports, hidden content, decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from ...extensions import db
from ..content.comment import Comment
from ..content.post import Post
from ..users.invitation import Invitation
from ..users.session import UserSession
from ..users.user import User
from .case import DISMISSED, Case
from .report import Report
from .sanction import WARNING, Sanction

SHOWN = 20
MOST_COUNTED = 500  # cases, the newest: how the visit of one much reported stays short
MOST_HIDDEN = 10  # of posts, and of comments
MOST_NEIGHBOURS = 10


@dataclass
class Tally:
    """How many reports are open, were upheld and were dismissed."""

    open: int = 0
    upheld: int = 0
    dismissed: int = 0

    @property
    def total(self) -> int:
        return self.open + self.upheld + self.dismissed

    @property
    def is_full(self) -> bool:
        """Whether there may be more than were counted."""
        return self.total >= MOST_COUNTED

    @classmethod
    def of(cls, outcomes: Any) -> Self:
        """Count the outcomes of some cases; that of one is empty while it is open."""
        tally = cls()
        for outcome in outcomes:
            name = {"": "open", DISMISSED: "dismissed"}.get(outcome, "upheld")
            setattr(tally, name, getattr(tally, name) + 1)
        return tally


class PersonHistory:
    """Of one member; each question is one statement, whatever there is."""

    def __init__(self, user: User) -> None:
        self.user = user

    def reports_about(self) -> Tally:
        """Of cases: however many report one thing, it counts once."""
        about = select(Case.outcome).where(Case.person_id == self.user.id)
        return self._tally(about.order_by(Case.id.desc()))

    def reports_by(self) -> Tally:
        theirs = select(Case.outcome).join(Report, Report.case_id == Case.id)
        theirs = theirs.where(Report.reporter_id == self.user.id)
        return self._tally(theirs.order_by(Report.id.desc()))

    @cached_property
    def sanctions(self) -> Any:
        return db.session.scalars(Sanction.of(self.user).limit(SHOWN)).all()

    @property
    def warning(self) -> Sanction | None:
        """The newest warning that is in force, or None."""
        warnings = (made for made in self.sanctions if made.kind == WARNING)
        return next((made for made in warnings if made.is_in_force), None)

    def hidden(self) -> list[Any]:
        """The posts and comments that moderators hid last, the newest first."""
        texts = [text for kind in (Post, Comment) for text in self._hidden(kind)]
        return sorted(texts, key=lambda text: text.hidden_at, reverse=True)

    def inviter(self) -> User | None:
        """Who invited them, or None: nobody did, or the account is gone."""
        joined = select(Invitation).where(Invitation.joined_id == self.user.id)
        joined = joined.options(joinedload(Invitation.invited_by)).limit(1)
        invitation = db.session.scalar(joined)
        return invitation.invited_by if invitation else None

    def neighbours(self) -> Sequence[Any]:
        """Other accounts that are signed in from the same networks: a hint, and no more."""
        ids = UserSession.neighbours_of(self.user, MOST_NEIGHBOURS)
        people = select(User).where(User.id.in_(ids)).order_by(User.username_key)
        return db.session.scalars(people).all() if ids else []

    def _tally(self, cases: Select) -> Tally:
        return Tally.of(db.session.scalars(cases.limit(MOST_COUNTED)))

    def _hidden(self, kind: type[Comment] | type[Post]) -> Sequence[Any]:
        here = kind.author_id == self.user.id, kind.hidden_at.is_not(None), kind.held_at.is_(None)
        newest = select(kind).where(*here).order_by(kind.hidden_at.desc(), kind.id.desc())
        return db.session.scalars(newest.limit(MOST_HIDDEN)).all()

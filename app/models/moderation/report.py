"""Reports: what members tell the moderators about a post, a comment or another member."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Self

from markupsafe import Markup
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ...extensions import Model, db
from ...text.dates import date_time
from ...text.search_words import beginning, plain
from ..content.authored import Authored
from ..content.comment import Comment
from ..content.rendering import as_html
from ..errors import Refused
from ..fields import CreatedAt, Id, Reason, utcnow
from ..users.user import User
from .case import DISMISSED, Case

LOOKED_AT = timedelta(days=30)  # so far back it is looked how a member's reports were ruled on
NEWEST = 200  # reports of a member that are looked at for this
MANY = 3  # of them dismissed, and more than were upheld, slow the member
SLOWED = timedelta(days=1)  # between two reports then
AGAIN = "You already reported this. It was reviewed on {} and hasn’t changed since."
TOO_MANY = (
    "In the last 30 days, {} of your reports were dismissed and {} upheld. For now you can send one"
    " report a day. You can send the next one from {}."
)


class Report(Model):
    """One for each member and case. It keeps the text as it was when it was reported, as long as
    that is there, or a ruling is to come; see `clear_snapshots`.

    `reporter` is for staff alone, whatever is told of the case.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("case_id", "reporter_id", name="uq_reports_case_id"),
        Index("ix_reports_reporter", "reporter_id", "id", "case_id"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    category: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Reason]
    body: Mapped[str] = mapped_column(Text, default="")  # the text as it was, in Markdown
    body_html: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)  # of the text

    case: Mapped[Case] = relationship(lazy="joined", innerjoin=True)
    reporter: Mapped[User | None] = relationship(lazy="joined")

    @classmethod
    def of(cls, case: Case) -> Select:
        """The reports about a thing, the first one first."""
        return select(cls).where(cls.case_id == case.id).order_by(cls.id)

    @classmethod
    def by(cls, person: User) -> Select:
        """What a person reported, in no order."""
        return select(cls).where(cls.reporter_id == person.id)

    @classmethod
    def make(cls, thing: User | Authored, *, by: User, category: str, reason: str = "") -> Self:
        """Report a thing; the report that is in its open case already is returned instead.

        Refused where it is one's own, was looked at and is the same still, or came too soon.
        """
        if not thing.reportable_by(by):
            raise Refused("This can’t be reported.")
        if words := cls._why_not_again(thing, by):
            raise Refused(words)
        case = Case.open_about(thing, category)
        here = select(cls).where(cls.case_id == case.id, cls.reporter_id == by.id)
        if made := db.session.scalar(here):
            return made
        cls._hold(by)
        if words := cls._why_not_again(thing, by) or cls.why_slowed(by):
            raise Refused(words)
        case.report_count += 1
        kept = dict(body=thing.about_me) if isinstance(thing, User) else _text_of(thing)
        made = cls(case=case, reporter=by, category=category, reason=reason, **kept)
        db.session.add(made)
        db.session.flush()
        return made

    @classmethod
    def why_not(cls, thing: Comment | User, person: User) -> str | None:
        """Return a sentence that says why the person cannot report it now; None: they can."""
        latest = cls.latest_about(thing, person)
        if latest and latest.case.is_open:
            return (
                f"You reported this on {date_time(latest.created_at)}. A moderator will review it."
            )
        return cls._why_not_again(thing, person) or cls.why_slowed(person)

    @classmethod
    def latest_about(cls, thing: User | Authored, person: User) -> Self | None:
        """The last report of a person about a thing, or None."""
        here = cls.by(person).where(cls.case_id.in_(select(Case.id).where(*Case.about(thing))))
        return db.session.scalar(here.order_by(cls.id.desc()).limit(1))

    @classmethod
    def _why_not_again(cls, thing: User | Authored, person: User) -> str | None:
        """A text may be reported once more when it was edited; a member, after each ruling."""
        latest = cls.latest_about(thing, person)
        if latest is None or latest.case.is_open or isinstance(thing, User):
            return None
        if thing.version > latest.version:
            return None
        return AGAIN.format(date_time(latest.case.settled_at or utcnow()))

    @classmethod
    def why_slowed(cls, person: User) -> Any:
        """Say why and until when somebody whose reports are mostly dismissed has to wait."""
        dismissed, upheld = cls.tally_of(person)
        if dismissed < MANY or dismissed <= upheld:
            return None
        last = db.session.scalar(cls.by(person).order_by(cls.id.desc()).limit(1)).created_at
        if last + SLOWED <= utcnow():
            return None
        return TOO_MANY.format(dismissed, upheld, date_time(last + SLOWED))

    @classmethod
    def tally_of(cls, person: User) -> tuple[int, int]:
        """How many of a person's reports were dismissed and how many upheld, of late."""
        newest = select(cls.case_id).where(cls.reporter_id == person.id)
        newest = newest.order_by(cls.id.desc()).limit(NEWEST).subquery()
        late = Case.settled_at > utcnow() - LOOKED_AT
        outcomes = select(Case.outcome, func.count()).join(newest, newest.c.case_id == Case.id)
        outcomes = outcomes.where(late).group_by(Case.outcome)
        counts = dict(db.session.execute(outcomes).tuples().all())
        dismissed = counts.pop(DISMISSED, 0)
        return dismissed, sum(counts.values())

    @staticmethod
    def _hold(person: User) -> None:
        """Of two reports that a person sends at once, one waits here for the other."""
        here = select(User.id).where(User.id == person.id).with_for_update(key_share=True)
        if db.session.scalar(here) is None:
            raise Refused("Your account was deleted.")

    @classmethod
    def clear_snapshots(cls, noun: str, ids: Sequence[int]) -> None:
        """Before these posts or comments go for good: empty what settled reports keep of them.

        Their cases are locked before them, as rulings do: so nobody waits in a circle.
        """
        rows = cls._locked_cases(getattr(Case, f"{noun}_id").in_(ids))
        cls._clear(row.id for row in rows if row.settled_at)

    @classmethod
    def clear_profile_snapshots(cls, user_id: int) -> None:
        """Before a member goes: empty what settled reports keep of what they said of themselves."""
        rows = cls._locked_cases(Case.person_id == user_id)
        cls._clear(row.id for row in rows if row.noun == "user" and row.settled_at)

    @classmethod
    def _clear(cls, case_ids: Iterator[Any]) -> None:
        if ids := list(case_ids):
            here = update(cls).where(cls.case_id.in_(ids)).values(body="", body_html="")
            db.session.execute(here, execution_options={"synchronize_session": False})

    @staticmethod
    def _locked_cases(about: ColumnElement[bool]) -> Sequence[Row]:
        rows = select(Case.id, Case.noun, Case.settled_at).where(about).order_by(Case.id)
        return db.session.execute(rows.with_for_update(key_share=True)).all()

    def clear_snapshot(self) -> None:
        self.body = self.body_html = ""

    def in_brief(self, length: int) -> str:
        """The beginning of the text as it was, plain; of a member, what they said of themselves."""
        return beginning(plain(self.html) if self.body_html else self.body, length)

    def differs_from(self, thing: User | Authored) -> bool:
        """Whether the text, or what a member says of themselves, is another by now."""
        now = thing and (thing.about_me if isinstance(thing, User) else thing.body)
        return now is not None and now != self.body

    @property
    def html(self) -> Markup:
        """The text as it was, as the renderer of today makes it."""
        return as_html(self.body_html, None, self.body)


def _text_of(content: Authored) -> dict[str, str | int]:
    return {name: getattr(content, name) for name in ("body", "body_html", "version")}

"""A little moderation: some reports pending, some decided, with a sanction and an appeal."""

from datetime import timedelta

from sqlalchemy import func, select

from ..extensions import db
from ..models import Appeal, Case, Comment, Post, Report, Role, Sanction, StaffNote
from ..models.fields import utcnow
from ..models.moderation.ruling import Penalty

PEOPLE, POSTS = 6, 4  # so many it takes at least; fewer have nothing to quarrel about
COMPLAINTS = [
    ("Spam", "Reads like an advertisement to me."),
    ("Private data", "My address was in the first version."),
    ("Harassment", "This is about me, and not kind."),
]
ONCE = "Please say it once: this stood here three times within a week."


def make_peace(people):
    """Let two of these people moderate the others; return the two, or none if too few."""
    people = sorted(people, key=lambda person: person.confirmed_at)
    members, moderators = people[:-2], people[-2:]
    posts, comments = _newest(Post, members), _newest(Comment, members)
    if len(people) < PEOPLE or len(posts) < POSTS:
        return []
    for person in moderators:
        person.change_role(Role.named("Moderator"), reason="Helps to keep the peace.")
    _settle(posts, members, moderators)
    _let_wait(posts[2:4] + comments[:1], members)
    return moderators


def waiting():
    """How many reports wait for the moderators."""
    return db.session.scalar(select(func.count()).select_from(Case.waiting().subquery()))


def _newest(cls, authors):
    """Return the newest post of each author."""
    ids = [person.id for person in authors]
    newest = select(func.max(cls.id)).where(cls.author_id.in_(ids)).group_by(cls.author_id)
    return db.session.scalars(select(cls).where(cls.id.in_(newest)).order_by(cls.id.desc())).all()


def _settle(posts, members, moderators):
    """Decide two reports: one is upheld and appealed, one is dismissed."""
    first, second = moderators
    right, wrong = posts[:2]
    hers = _report(right, members, "Spam", "The same again, for the third time.", number=2)
    penalty = Penalty("silence", utcnow() + timedelta(days=3))
    sanction = hers.uphold(by=first, reason=ONCE, hides=True, penalty=penalty).sanction
    appeal = Appeal.open(sanction, by=right.author, body="It was three different questions.")
    appeal.say(by=second, body="Thank you. I will read all three before I decide.")
    case = _report(wrong, members, "Something else", "I do not like the tone.")
    case.dismiss(by=second, reason="This agrees with the rules of this site.")
    Sanction.impose(wrong.author, "notice", by=first, reason="Please put code into code blocks.")
    StaffNote.add(wrong.author, "Took the notice well, and thanked us for it.", by=first)


def _let_wait(texts, members):
    for text, (category, reason) in zip(texts, COMPLAINTS, strict=False):
        _report(text, members, category, reason, number=2 if category == "Spam" else 1)
    _report(members[0], members, "Spam", "Follows everybody, and says nothing.")


def _report(thing, members, category, reason, number=1):
    """Let so many members report it; return the case."""
    others = [person for person in members if thing.reportable_by(person)]
    reports = [
        Report.make(thing, by=person, category=category, reason="" if place else reason)
        for place, person in enumerate(others[:number])
    ]
    return reports[0].case

"""Sections of a data export: everything stored about a person, a few hundred rows at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from ..extensions import db
from ..models import (
    Appeal,
    AppealMessage,
    AuditEntry,
    Bookmark,
    Comment,
    EmailReversal,
    Follow,
    Invitation,
    Like,
    Mute,
    Notification,
    NotificationChoice,
    OutboxMail,
    Post,
    PostTag,
    Report,
    Revision,
    Role,
    RoleRequest,
    Sanction,
    User,
    UserSession,
    Watch,
)
from ..models.audit.actions import NOTES, Action
from ..models.notifications.preference import ACT
from .moderation import appeal_messages, appeals, reports, sanctions

BATCH_SIZE = 200
PICTURE = "picture.webp"  # in the file, where the person chose one
ACTOR = aliased(User)


@dataclass(frozen=True)
class Section:
    """`of(id)` selects the rows of a member; `key` is what they are in order of, `cells` of a row.

    `is_writing`: it is shown as texts to read, not as a table.
    """

    name: str
    title: str
    of: Callable
    key: tuple
    cells: Callable = lambda row: row._asdict()
    is_writing: bool = False

    def batches(self, id):
        """Yield lists of dictionaries; no transaction stays open in between."""
        last = None
        while True:
            statement = self.of(id).add_columns(
                *(c.label(f"key_{n}") for n, c in enumerate(self.key))
            )
            if last is not None:
                statement = statement.where(tuple_(*self.key) > tuple_(*last))
            rows = db.session.execute(statement.order_by(*self.key).limit(BATCH_SIZE)).all()
            batch = [without_keys(self.cells(row)) for row in rows]
            db.session.commit()
            if rows:
                last = rows[-1][-len(self.key) :]
                yield batch
            if len(rows) < BATCH_SIZE:
                return

    def count(self, id):
        return db.session.scalar(select(func.count()).select_from(self.of(id).subquery()))


def without_keys(cells):
    return {name: value for name, value in cells.items() if not name.startswith("key_")}


def account(person):
    """Return the columns of the account: name → value."""
    names = ("username", "email", "first_name", "last_name", "location", "about_me")
    names += ("member_since", "last_seen", "confirmed_at", "deactivated_at", "leaving_at")
    names += ("unreached_at",)
    names += ("hides_last_seen", "home_feed", "role_until", "approval_asked_at", "sign_up_reason")
    names += ("sign_up_mode",)
    names += ("post_count", "comment_count", "follower_count", "following_count")
    facts = {"id": person.id} | {name: getattr(person, name) for name in names}
    facts["role"] = person.held_role.name if person.held_role else None
    facts["has_password"] = person.password_hash is not None
    facts["picture"] = PICTURE if person.picture_key else None
    return facts


def content(cls):
    """Columns that posts and comments have in common."""
    columns = [cls.id, cls.created_at, cls.body, cls.body_html, cls.renderer, cls.version]
    columns += [cls.edited_at, cls.deleted_at, cls.hidden_at, cls.hidden_reason]
    return [*columns, cls.held_at, cls.approved_at]


def posts(id):
    tags = select(func.aggregate_strings(PostTag.tag, " ")).where(PostTag.post_id == Post.id)
    counts = Post.comment_count, Post.like_count, Post.comments_closed_at, Post.staff_closed_at
    own = (*counts, tags.scalar_subquery().label("tags"))
    return select(*content(Post), *own).where(Post.author_id == id)


def comments(id):
    return select(Comment.post_id, *content(Comment)).where(Comment.author_id == id)


def former_texts(cls):
    noun = getattr(Revision, f"{cls.noun}_id")
    texts = select(noun, Revision.created_at, Revision.body, Revision.editor_name)
    return lambda id: texts.join(cls, cls.id == noun).where(cls.author_id == id)


def people(column, other, since):
    """Select the names of those at the other end of a pair."""
    names = select(User.username, since.label("since")).join(User, User.id == other)
    return lambda id: names.where(column == id)


def marks(cls, *more):
    return lambda id: select(cls.post_id, cls.created_at, *more).where(cls.user_id == id)


def notifications(id):
    """Without names of staff."""
    by = case((Notification.kind == ACT, None), else_=ACTOR.username).label("by")
    happened = select(
        *(Notification.created_at, Notification.kind, by),
        *(Notification.post_id, Notification.comment_id),
        *(Notification.read_at, Notification.mailed_at),
    )
    happened = happened.outerjoin(ACTOR, ACTOR.id == Notification.actor_id)
    return happened.where(Notification.user_id == id)


def notification_choices(id):
    columns = NotificationChoice.kind, NotificationChoice.in_site, NotificationChoice.mail
    return select(*columns).where(NotificationChoice.user_id == id)


def sessions(id):
    columns = UserSession.created_at, UserSession.seen_at, UserSession.remembered
    columns += UserSession.address, UserSession.agent.label("browser")
    return select(*columns).where(UserSession.user_id == id)


def invitations(id):
    columns = Invitation.created_at, Invitation.email, Invitation.greeting, Invitation.sent_at
    columns += Invitation.times_sent, Invitation.revoked_at, Invitation.joined_at
    return select(*columns).where(Invitation.invited_by_id == id)


def role_requests(id):
    asked = select(
        *(RoleRequest.created_at, Role.name.label("role"), RoleRequest.reason),
        *(RoleRequest.decided_at, RoleRequest.outcome, RoleRequest.answer),
    )
    return asked.join(Role, Role.id == RoleRequest.role_id).where(RoleRequest.user_id == id)


def mails(id):
    columns = OutboxMail.created_at, OutboxMail.recipient, OutboxMail.subject, OutboxMail.sent_at
    return select(*columns).where(OutboxMail.user_id == id)


def former_addresses(id):
    columns = EmailReversal.old_email.label("address"), EmailReversal.created_at.label("left_at")
    return select(*columns).where(EmailReversal.user_id == id)


def acts_of_staff(id):
    """What staff did to the person and their content, without who did it and from where.

    Nor that staff notes something about them: that is private.
    """
    texts = (cls.noun for cls in (Post, Comment))
    theirs = (select(cls.id).where(cls.author_id == id) for cls in (Post, Comment))
    about = [(AuditEntry.target_type == "user") & (AuditEntry.target_id == id)]
    for noun, ids in zip(texts, theirs, strict=True):
        about.append((AuditEntry.target_type == noun) & AuditEntry.target_id.in_(ids))
    columns = AuditEntry.created_at, AuditEntry.action, AuditEntry.target_type.label("on")
    columns += AuditEntry.target_id, AuditEntry.before, AuditEntry.after, AuditEntry.reason
    return select(*columns).where(or_(*about), AuditEntry.action.not_in(Action.of(NOTES)))


def own_acts(id):
    """What the person did as staff, without whom it concerned."""
    columns = AuditEntry.created_at, AuditEntry.action, AuditEntry.target_type.label("on")
    return select(*columns, AuditEntry.place.label("from")).where(AuditEntry.actor_id == id)


def pair(title, cls, mine, other):
    """A section of people."""
    statement = people(getattr(cls, mine), getattr(cls, other), cls.created_at)
    return Section(title.lower().replace(" ", "_"), title, statement, (getattr(cls, other),))


SECTIONS = [
    Section("posts", "Posts", posts, (Post.id,), is_writing=True),
    Section("comments", "Comments", comments, (Comment.id,), is_writing=True),
    Section(
        "former_texts_of_posts",
        "Posts before they were edited",
        former_texts(Post),
        (Revision.post_id, Revision.id),
    ),
    Section(
        "former_texts_of_comments",
        "Comments before they were edited",
        former_texts(Comment),
        (Revision.comment_id, Revision.id),
    ),
    pair("Following", Follow, "follower_id", "followed_id"),
    pair("Followers", Follow, "followed_id", "follower_id"),
    pair("Muted", Mute, "user_id", "muted_id"),
    Section("likes", "Likes", marks(Like), (Like.post_id,)),
    Section("bookmarks", "Bookmarks", marks(Bookmark), (Bookmark.post_id,)),
    Section("watches", "Watched posts", marks(Watch, Watch.ended_at), (Watch.post_id,)),
    Section("notifications", "Notifications", notifications, (Notification.id,)),
    Section(
        "notification_choices",
        "Notification settings",
        notification_choices,
        (NotificationChoice.kind,),
    ),
    Section("sessions", "Signed-in devices", sessions, (UserSession.id,)),
    Section("invitations", "Invitations sent", invitations, (Invitation.id,)),
    Section("role_requests", "Role requests", role_requests, (RoleRequest.id,)),
    Section("reports", "Your reports", reports, (Report.id,)),
    Section("sanctions", "Sanctions", sanctions, (Sanction.id,)),
    Section("appeals", "Appeals", appeals, (Appeal.id,)),
    Section("appeal_messages", "Messages in appeals", appeal_messages, (AppealMessage.id,)),
    Section("mails", "Emails of the last 30 days", mails, (OutboxMail.id,)),
    Section("former_addresses", "Former emails", former_addresses, (EmailReversal.id,)),
    Section("acts_of_staff", "Actions by staff", acts_of_staff, (AuditEntry.id,)),
    Section("own_acts", "Your actions as staff", own_acts, (AuditEntry.id,)),
]

"""What members write: the columns, rules and verbs that posts and comments have in common."""

from sqlalchemy import ForeignKey, String, Text, and_, func, or_, select, true, update
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from ...extensions import db
from ...permissions import Permission
from ...text.markdown import Text as Draft
from ...text.search_words import beginning, excerpt, plain
from ..conditions import SHOWN
from ..errors import ChangedMeanwhile, Refused
from ..fields import Id, Moment, Words, utcnow
from ..locking import lock_row
from ..notifications import dispatch
from ..users.user import User
from .approvable import Approvable
from .moderatable import KEPT, ModerationRules
from .rendering import as_html, rendered
from .revision import Revision
from .screening import hold_of
from .watch import Watch

LONGEST = 10_000  # characters
LISTED = SHOWN.text()
HELD = "held_at IS NOT NULL"
HIDDEN = "hidden_at IS NOT NULL"
APPROVED = "approved_at IS NOT NULL"


class Rules(ModerationRules):
    """Who may do what with a text. Views and templates ask the same questions.

    They need `author_id`, `author_mask`, `deleted_at`, `hidden_at` and `held_at`, so light rows
    of a list answer them too.
    """

    permission: Permission  # that writing one takes

    @property
    def is_hidden(self):
        return self.hidden_at is not None

    @property
    def is_held(self):
        """Whether it waits for approval; then it is hidden too."""
        return self.held_at is not None

    @property
    def is_deleted(self):
        return self.deleted_at is not None

    @property
    def is_shown(self):
        return SHOWN.holds(self)

    def is_by(self, user):
        return user.is_authenticated and self.author_id == user.id

    def in_brief(self, length):
        """The beginning of its text, plain: for a title, a preview elsewhere."""
        return beginning(plain(self.html), length)

    def excerpt(self, terms):
        """The part of its text where terms of a search stand, as HTML that marks them."""
        return excerpt(plain(self.html), terms)

    def visible_to(self, user):
        """What is deleted is for staff alone; what is hidden, for its author too."""
        if self.is_shown or user.is_moderator():
            return True
        return self.is_by(user) and not self.is_deleted

    @property
    def is_changeable(self):
        return self.is_shown or (self.is_held and not self.is_deleted)

    def editable_by(self, user):
        return self.is_changeable and self.is_by(user) and user.can(self.permission)

    def deletable_by(self, user):
        return self.is_by(user) and not self.is_deleted

    def reportable_by(self, user):
        """Whether the person may report it to the moderators."""
        return self.is_shown and user.is_authenticated and not self.is_by(user)

    @property
    def gone_at(self):
        """When a deleted one is purged."""
        return self.deleted_at + KEPT


class Authored(Rules, Approvable):
    """Verbs lock, then look, then act; the stored counts follow in the same transaction.

    Rendering comes before any lock, so nobody waits for a long text (R-20).
    """

    id: Mapped[Id]
    created_at: Mapped[Moment] = mapped_column(default=utcnow)
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[int] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[Moment | None]
    editor_name: Mapped[str] = mapped_column(String(64), default="")  # of this version
    deleted_at: Mapped[Moment | None]
    form_key: Mapped[str | None] = mapped_column(String(32))  # of the form it was sent with
    words: Mapped[Words]

    @declared_attr
    def author_id(cls) -> Mapped[int | None]:
        """None: the member is gone."""
        return mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    @declared_attr
    def author(cls) -> Mapped["User | None"]:
        return relationship(User, lazy="joined")

    @property
    def html(self):
        return as_html(self.body_html, self.renderer, self.body)

    @classmethod
    def shown(cls):
        """The conditions that everybody may read it."""
        return SHOWN.of(cls)

    @classmethod
    def seen_by(cls, user):
        """The condition that a person may read it; says of many what `visible_to` says of one."""
        if user.is_moderator():
            return true()
        if not user.is_authenticated:
            return and_(*cls.shown())
        own = and_(cls.author_id == user.id, cls.deleted_at.is_(None))
        return or_(and_(*cls.shown()), own)

    @classmethod
    def sent_with(cls, form_key, author):
        """What the author has sent with this form already, or None."""
        here = cls.form_key == form_key, cls.author_id == author.id
        return db.session.scalar(select(cls).where(*here)) if form_key else None

    @classmethod
    def _publish(cls, text, by, form_key, **columns):
        """Write it; what was sent with the same form before is returned instead.

        It may have to wait for approval. WordRefused where it holds a word that is refused.
        IntegrityError where the same form is being sent twice at this very moment.
        """
        if content := cls.sent_with(form_key, by):
            return content
        draft, texts = rendered(text)
        hold = hold_of(texts["body_html"], by)
        who = dict(author=by, editor_name=by.username, form_key=form_key or None)
        content = cls(**who, **texts, **columns)
        content.join_thread(is_held=bool(hold))
        if hold:
            content.hold(hold)
        db.session.add(content)
        db.session.flush()
        content.keep_tags(draft.tags)
        Watch.join(content.thread_id, by.id)
        if hold:
            by.require_speech()
        else:
            content.tell(draft.called)
            by.count_written(**{f"{cls.noun}_count": 1})
        return content

    def join_thread(self, *, is_held):
        """Take its place in a thread, before it is written. Refused where that takes none."""

    def keep_tags(self, tags):
        """Store the tags of its text, if it takes any."""

    def edit(self, text, *, by, as_staff=False, since=None):
        """Take another text; the one before stays in the history. Return the draft, or None.

        None: it is the text that it had. Refused where it was hidden or deleted meanwhile; staff
        changes what is hidden too, see `revise`. What waits for approval keeps no history: nobody
        but staff has read it. `since` is the version that the change began from, if that is known:
        ChangedMeanwhile where there is a newer one.
        """
        if text == self.body:
            return None
        known = Draft(self.body).called
        draft, texts = rendered(text)
        hold = hold_of(texts["body_html"], by, before=self.body_html)
        self._lock_for_action(by) if as_staff else self.lock()
        if self.is_deleted or not (as_staff or self.is_changeable):
            raise Refused(f"This {self.noun} can no longer be changed.")
        if text == self.body:
            return None
        if since not in (None, self.version):
            raise ChangedMeanwhile(f"Someone changed this {self.noun} after you opened it.")
        if not self.is_held:
            self._keep_former()
        for name, value in texts.items():
            setattr(self, name, value)
        self.version, self.editor_name = self.version + 1, by.username
        if hold:
            self.hold(hold)
        if not as_staff:
            self.tell_named(draft, known)
            by.require_speech()
        return draft

    def tell_named(self, draft, known):
        """Tell whom a draft mentions who were not `known` to be, if anybody else can read it."""
        if self.is_shown:
            dispatch.notify_mentions(self, [name for name in draft.called if name not in known])

    def _keep_former(self):
        about = {f"{self.noun}_id": self.id}
        before = dict(body=self.body, editor_name=self.editor_name)
        db.session.add(Revision(created_at=self.written_at, **before, **about))
        self.edited_at = utcnow()

    def delete(self):
        """Take it from view. Staff see it for KEPT, then it is purged. Of many, one is True."""
        self.lock()
        if self.is_deleted:
            return False
        self.deleted_at = utcnow()
        if not self.is_hidden:
            self.count(-1)
        dispatch.withdraw(self)
        return True

    @property
    def written_at(self):
        """When the text that it has now was written."""
        return self.edited_at or self.created_at

    def history(self):
        """Its former texts."""
        return select(Revision).where(getattr(Revision, f"{self.noun}_id") == self.id)

    def is_open_book(self, user):
        """Whether a person may read all that it ever said."""
        return self.is_by(user) or user.is_moderator()

    def history_for(self, user):
        """Those that a person may read: others than its author and staff, none that is withheld."""
        if self.is_open_book(user):
            return self.history()
        return self.history().where(Revision.withheld_by.is_(None))

    def withhold_former(self, entry):
        """Take its former texts out of the public history, because of an entry of the log."""
        self._withhold(Revision.withheld_by.is_(None), entry.id)

    def publish_former(self, entry):
        """Put back into the public history what an entry took out of it."""
        self._withhold(Revision.withheld_by == entry.id, None)

    def _withhold(self, condition, entry_id):
        db.session.flush()
        mine = getattr(Revision, f"{self.noun}_id") == self.id
        here = update(Revision).where(mine, condition).values(withheld_by=entry_id)
        db.session.execute(here)

    def newest_revision_id(self):
        """The id of the text that it had just before this one; None where it has no history."""
        newest = self.history().with_only_columns(func.max(Revision.id)).order_by(None)
        return db.session.scalar(newest)

    def after(self, revision):
        """The version that took the place of a former text: another such, or this as it is."""
        later = self.history().where(Revision.id > revision.id).order_by(Revision.id)
        return db.session.scalar(later.limit(1)) or self

    def lock(self):
        lock_row(self, f"This {self.noun} is gone.")

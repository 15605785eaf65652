"""Pages of the site, such as About and Rules, with all their versions."""

import re
from typing import Any, Self

from flask import current_app
from markupsafe import Markup
from sqlalchemy import ForeignKey, ScalarSelect, Select, String, Text, and_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, defer, mapped_column, relationship

from ...extensions import Model, db
from ...text.markdown import RENDERER, render
from ..audit.actions import Action
from ..audit.entry import OPERATOR, SITE, AuditEntry
from ..errors import ChangedMeanwhile, Refused
from ..fields import CreatedAt, Id, Moment, Person, utcnow

BUILT_IN = ("about", "rules", "privacy")  # with URLs of their own; they cannot be removed
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG, LONGEST_TITLE, LONGEST_BODY = 64, 100, 50_000


class PageVersion(Model):
    """Written once. `body_html` was made by the renderer of that version."""

    __tablename__ = "page_versions"

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[int]
    author_name: Mapped[str] = mapped_column(String(64), default="")

    @property
    def html(self) -> Markup:
        """The HTML by the present renderer, even if an older one was stored."""
        return Markup(self.body_html) if self.renderer == RENDERER else render(self.body)

    @classmethod
    def outdated(cls) -> Select:
        return select(cls).where(cls.renderer != RENDERER).order_by(cls.id)

    def render_again(self) -> None:
        self.body_html, self.renderer = render(self.body), RENDERER


class Page(Model):
    """A page, which shows its newest version.

    Rendering comes before the lock, so that nobody waits for a long text (R-20).
    """

    __tablename__ = "pages"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(LONGEST_SLUG), unique=True)
    created_at: Mapped[CreatedAt]
    removed_at: Mapped[Moment | None]
    current: Mapped["PageVersion"] = relationship(  # the PageVersion that is shown
        "PageVersion",
        primaryjoin=lambda: and_(Page.id == PageVersion.page_id, PageVersion.id == _newest()),
        foreign_keys=lambda: [PageVersion.page_id],
        viewonly=True,
        uselist=False,
        lazy="joined",
        innerjoin=True,
    )

    @property
    def title(self) -> str:
        return self.current.title

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None

    @property
    def is_built_in(self) -> bool:
        return self.slug in BUILT_IN

    @classmethod
    def at(cls, slug: str) -> Self | None:
        """Return the page with this slug, unless it is removed."""
        return db.session.scalar(select(cls).where(cls.slug == slug, cls.removed_at.is_(None)))

    def history(self) -> Select:
        """Select its versions, without loading their texts."""
        versions = select(PageVersion).where(PageVersion.page_id == self.id)
        return versions.options(defer(PageVersion.body), defer(PageVersion.body_html))

    @classmethod
    def create(
        cls, slug: str, title: str, body: str, *, by: Person | str | None = None, reason: str = ""
    ) -> Self:
        """Create a page. Raise Refused if the slug is taken, also by a removed page."""
        if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
            raise ValueError("An address has small letters, digits, and hyphens between them.")
        html, page = render(body), cls(slug=slug)
        try:
            with db.session.begin_nested():
                db.session.add(page)
                db.session.flush()
                page._add(title, body, html, by)
        except IntegrityError:
            raise Refused("A page with this URL already exists.") from None
        AuditEntry.record(Action.CREATE, page, by=by, reason=reason, after=page._facts())
        return page

    @classmethod
    def insert_pages(cls) -> None:
        """Create the missing built-in pages."""
        there = set(db.session.scalars(select(cls.slug).where(cls.slug.in_(BUILT_IN))))
        for slug in [slug for slug in BUILT_IN if slug not in there]:
            try:
                cls.create(slug, *_usual_text(slug), by=SITE)
            except Refused:
                continue  # another deploy was faster

    def revise(
        self,
        *,
        title: str | None = None,
        body: str | None = None,
        by: Person | str | None = None,
        reason: str = "",
        since: int | None = None,
    ) -> PageVersion | None:
        """Add a version and return it; None if nothing changes.

        Raise ChangedMeanwhile if `since`, the id of the edited version, is not the present one.
        """
        title = self.title if title is None else title
        body = self.current.body if body is None else body
        return self._supersede(Action.REVISE, title, body, by, reason, since)

    def restore(self, version: PageVersion, *, by: Person | None = None) -> PageVersion | None:
        """Add a version with the text of an older one."""
        return self._supersede(Action.RESTORE, version.title, version.body, by)

    def remove(self, *, by: Person | None = None) -> bool:
        """Remove the page, but keep its history. Return False if it was removed."""
        if self.is_built_in:
            raise Refused("Built-in pages can’t be removed. Edit the text instead.")
        self._lock()
        if self.is_removed:
            return False
        self.removed_at = utcnow()
        AuditEntry.record(Action.REMOVE, self, by=by)
        return True

    def put_back(self, *, by: Person | None = None) -> bool:
        self._lock()
        if not self.is_removed:
            return False
        self.removed_at = None
        AuditEntry.record(Action.PUT_BACK, self, by=by)
        return True

    def _supersede(
        self,
        action: Action,
        title: str,
        body: str,
        by: Person | str | None,
        reason: str = "",
        since: int | None = None,
    ) -> PageVersion | None:
        html = render(body)
        self._lock()
        if (title, body) == (self.title, self.current.body):
            return None
        if since not in (None, self.current.id):
            raise ChangedMeanwhile("This page changed while you were editing.")
        before = self._facts()
        version = self._add(title, body, html, by)
        said: dict[str, Any] = dict(before=before, after=self._facts())
        AuditEntry.record(action, self, by=by, reason=reason, **said)
        return version

    def _lock(self) -> None:
        """Lock the row and read it again."""
        db.session.execute(select(Page.id).where(Page.id == self.id).with_for_update())
        db.session.refresh(self)

    def _add(self, title: str, body: str, html: Markup, by: Person | str | None) -> PageVersion:
        values: dict[str, Any] = dict(
            title=title, body=body, body_html=str(html), renderer=RENDERER
        )
        author = getattr(by, "username", by or OPERATOR)
        version = PageVersion(page_id=self.id, author_name=author, **values)
        db.session.add(version)
        db.session.flush()
        db.session.refresh(self, ["current"])
        return version

    def _facts(self) -> dict[str, str | int]:
        return {"title": self.title, "version": self.current.id}


def _usual_text(slug: str) -> tuple[str, str]:
    with current_app.open_resource(f"templates/pages/{slug}.md", "r", encoding="utf-8") as file:
        title, _, body = file.read().partition("\n")
    return title.removeprefix("# "), body.strip()


def _newest() -> ScalarSelect[int]:
    """Return the id of the newest version, as a correlated subquery."""
    later = PageVersion.__table__.alias()
    return select(func.max(later.c.id)).where(later.c.page_id == Page.id).scalar_subquery()

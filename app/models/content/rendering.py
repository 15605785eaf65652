"""Texts as HTML: made when one is saved, and anew where an older renderer made it."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape
from sqlalchemy import select

from ...extensions import db
from ...text.markdown import RENDERER, Text
from ...text.markdown import Text as Draft
from ...text.names import USERNAME, username_key
from ...text.search_words import plain, words_of
from ..users.user import User

LINKED = re.compile(rf'href="/user/({USERNAME.pattern})"')


def rendered(text: str) -> tuple[Text, dict[str, Any]]:
    """Return the draft of a text, which knows names and tags, and the columns that follow."""
    draft = Draft(text)
    html = str(draft.html(people_named(draft.mentions)))
    words = words_of(plain(html))
    return draft, dict(body=text, body_html=html, renderer=RENDERER, words=words)


def as_html(body_html: str, renderer: int | None, body: str) -> Markup:
    """The text as the renderer of today makes it, whichever was there when it was saved (R-19).

    Whom it links is taken from what was saved, so that no page of old texts asks for each.
    """
    if renderer == RENDERER:
        return Markup(body_html)
    return Draft(body).html({username_key(name): name for name in LINKED.findall(body_html)})


def linked_from(html: Markup, home: str) -> Markup:
    """Return the HTML of a text with its links to the site as links below `home`, which ends in /.

    What is stored knows nothing of the host and path that the site is at. Nothing that members type
    can look like the start of such a link, as `<` is spelt out.
    """
    if home == "/":
        return html
    path = re.escape(urlsplit(home).path.removeprefix("/"))
    whole = f"(?:{path})?" if path else ""  # what a member copied from the bar has the path
    return Markup(re.sub(f'<a href="/{whole}', lambda _: f'<a href="{escape(home)}', html))


def preview_of(text: str) -> Markup:
    """Return the HTML that a text would have if it were saved now."""
    draft = Draft(text)
    return draft.html(people_named(draft.mentions))


def people_named(keys: Sequence[str]) -> dict[str, str]:
    """Return key → username of those whom a text may mention."""
    if not keys:
        return {}
    found = select(User.username_key, User.username).where(User.username_key.in_(keys))
    return dict(db.session.execute(found.where(*User.seen_by_all())).tuples().all())

"""Rendering of posts and comments: when saved, and again if the stored HTML is outdated."""

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
    """Return the parsed text, and the values of the columns that depend on it."""
    draft = Draft(text)
    html = str(draft.html(people_named(draft.mentions)))
    words = words_of(plain(html))
    return draft, dict(body=text, body_html=html, renderer=RENDERER, words=words)


def as_html(body_html: str, renderer: int | None, body: str) -> Markup:
    """Return the HTML by the present renderer, even if an older one was stored (R-19).

    The people to link are those in the stored HTML, which avoids a query for each text.
    """
    if renderer == RENDERER:
        return Markup(body_html)
    return Draft(body).html({username_key(name): name for name in LINKED.findall(body_html)})


def linked_from(html: Markup, home: str) -> Markup:
    """Return HTML with its local links below `home`, a path or URL that ends in /.

    Stored HTML is independent of the host and path of the site. Text from members cannot look like
    a link, as `<` is escaped.
    """
    if home == "/":
        return html
    path = re.escape(urlsplit(home).path.removeprefix("/"))
    whole = f"(?:{path})?" if path else ""  # links copied from the address bar have the path
    return Markup(re.sub(f'<a href="/{whole}', lambda _: f'<a href="{escape(home)}', html))


def preview_of(text: str) -> Markup:
    """Return the HTML of a text that is not saved."""
    draft = Draft(text)
    return draft.html(people_named(draft.mentions))


def people_named(keys: Sequence[str]) -> dict[str, str]:
    """Return the usernames, by key, of visible users with these keys."""
    if not keys:
        return {}
    found = select(User.username_key, User.username).where(User.username_key.in_(keys))
    return dict(db.session.execute(found.where(*User.seen_by_all())).tuples().all())

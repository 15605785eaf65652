"""Feeds for readers: Atom, of the site, a member, a tag. What everybody may read, to everybody."""

from datetime import UTC, datetime

from flask import current_app, render_template, request

from ..decorators import readable
from ..models import AnonymousUser
from ..models.feed import everything, tagged, written_by
from ..models.rendering import for_elsewhere
from ..models.setting import current_settings
from ..security import site_link
from ..words import without_controls
from .blueprint import main
from .tags import find_tag
from .users import find_user

ENTRIES = 20
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@main.route("/feed.atom")
@readable
def site_feed():
    page = everything(AnonymousUser(), size=ENTRIES)
    return feed_of(page, current_settings().site_name, "main.index")


@main.route("/user/<username>/feed.atom")
@readable
def user_feed(username):
    person = find_user(username)
    page = written_by(person, AnonymousUser(), size=ENTRIES)
    return feed_of(page, titled(person.username), "main.user", username=person.username)


@main.route("/tag/<tag>/feed.atom")
@readable
def tag_feed(tag):
    key = find_tag(tag)
    page = tagged(key, AnonymousUser(), size=ENTRIES)
    return feed_of(page, titled(f"#{key}"), "main.tag", tag=key)


def titled(words):
    return f"{words} · {current_settings().site_name}"


def feed_of(posts, title, endpoint, **values):
    """Answer with the feed; with 304 and nothing, where the reader has it as it is."""
    updated = max((changed_at(post) for post in posts), default=NEVER)
    text = render_template(
        "main/feed.xml",
        posts=posts,
        title=title,
        updated=updated,
        page_link=site_link(endpoint, **values),
        feed_link=site_link(request.endpoint, **values),
        changed_at=changed_at,
        content_of=content_of,
    )
    return answer_with(text, updated)


def answer_with(text, updated):
    """Answer with the text of a feed, and say when it changed."""
    response = current_app.response_class(without_controls(text), mimetype="application/atom+xml")
    response.last_modified = updated
    response.add_etag()
    whose = "private" if current_settings().members_only else "public"
    response.headers["Cache-Control"] = f"{whose}, no-cache"  # kept, but asked about every time
    # Not by the date alone: it falls back when the newest entry is hidden or deleted.
    return response.make_conditional(request) if request.if_none_match else response


def changed_at(post):
    return post.edited_at or post.created_at


def content_of(post):
    """Return the HTML as text, which XML spells out."""
    return str(for_elsewhere(post.html, site_link("main.index")))

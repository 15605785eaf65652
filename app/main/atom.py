"""Atom feeds of the site, a member and a tag, with what everyone can read."""

from datetime import UTC, datetime, timedelta

from flask import abort, current_app, render_template, request

from ..decorators import readable
from ..models import AnonymousUser
from ..models.content.rendering import linked_from
from ..models.content.tag import tags_of
from ..models.fields import utcnow
from ..models.reading.feed import everything, is_used, last_changes, tagged, written_by
from ..models.site.setting import current_settings
from ..text.search_words import without_controls
from ..web.requests import site_link
from .blueprint import main
from .tags import find_tag
from .users import find_user

ENTRIES = 20
STEADY = timedelta(seconds=2)  # dates of HTTP are whole seconds: a change of this one has none yet
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
    if not page.items and not is_used(key):
        abort(404)
    return feed_of(page, titled(f"#{key}"), "main.tag", tag=key)


def titled(words):
    return f"{words} · {current_settings().site_name}"


def feed_of(posts, title, endpoint, **values):
    """Return the feed, or 304 if the reader has this version."""
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
        tags_of=tags_of(posts),
    )
    return answer_with(text, updated)


def answer_with(text, updated):
    """Return the text of a feed, or 304 if the reader has this version.

    `updated` is when its newest entry changed. The date that readers may ask by is later: it must
    not fall back when that entry is hidden or deleted.
    """
    response = current_app.response_class(without_controls(text), mimetype="application/atom+xml")
    changed = max([updated, *last_changes()])
    if changed < utcnow() - STEADY:
        response.last_modified = changed
    response.add_etag()
    whose = "private" if current_settings().members_only else "public"
    response.headers["Cache-Control"] = f"{whose}, no-cache"  # kept, but asked about every time
    return response.make_conditional(request)


def changed_at(post):
    return post.edited_at or post.created_at


def content_of(post):
    """Return HTML as escaped text for XML."""
    return str(linked_from(post.html, site_link("main.index")))

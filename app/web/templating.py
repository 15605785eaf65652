"""Template environment: the filters, functions and variables of all templates."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, current_app, has_request_context, request, url_for
from flask.templating import Environment
from humanize import naturaldelta
from jinja2 import Template
from markupsafe import Markup

from ..models.content.authored import Authored
from ..models.content.rendering import linked_from
from ..models.content.rules import ContentRules
from ..models.site.setting import settings_at_hand
from ..permissions import Permission
from ..text.dates import date_time, end_date
from ..text.markdown import linked
from ..text.names import readable_address
from ..text.search_words import beginning, marked


class Templates(Environment):
    """A Jinja environment whose templates share one dictionary of globals.

    Jinja makes a ChainMap for each template, which is slow, as each include iterates over it. No
    template here has globals of its own.
    """

    def make_globals(self, names: object) -> Any:
        return self.globals


class Named(Protocol):
    """A person with a profile: a user, or the author on a card."""

    @property
    def username(self) -> str: ...


class Pictured(Protocol):
    """A person with a picture: a user, or the author on a card."""

    @property
    def picture_key(self) -> str | None: ...

    @property
    def avatar_key(self) -> str: ...


DRAWN = 500  # cached fragments per process


def init_app(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    folder, prefix = Path(str(app.static_folder)), str(app.static_url_path)
    app.extensions["static_urls"] = dict(_urls(folder, prefix))
    app.add_template_global(static_url)
    app.add_template_global(profile_url)
    app.add_template_global(avatar_url)
    app.add_template_global(post_url)
    app.add_template_global(comment_url)
    app.add_template_global(content_url)
    app.add_template_global(moderation_url)
    app.add_template_global(counted)
    app.add_template_global(cached_fragment)
    app.add_template_global(Permission, "Permission")
    app.add_template_global(end_date)
    app.add_template_global(date_time)
    app.add_template_filter(beginning)
    app.add_template_filter(marked)
    app.add_template_filter(here)
    app.add_template_filter(readable_address)
    app.add_template_filter(linked)
    app.add_template_global(iso)
    app.add_template_global(naturaldelta, "duration")
    app.add_template_global(pace_in_words)
    app.context_processor(names)


def names() -> dict[str, Any]:
    in_page = has_request_context()  # commands render mails, too
    mailbox = url_for("dev.mailbox") if in_page and current_app.config["MAILBOX"] else None
    settings = settings_at_hand()
    return {"site_name": settings.site_name, "settings": settings, "mailbox_url": mailbox}


def static_url(filename: str) -> str:
    """Return the URL of a static file with its version, so that browsers fetch a changed file."""
    return request.script_root + current_app.extensions["static_urls"][filename]


def here(html: Markup) -> Markup:
    """Return HTML with links to this site below its path; see `linked_from`."""
    return linked_from(html, f"{request.script_root}/")


def profile_url(user: Named) -> str:
    """Return the URL of a profile, ten times as fast as url_for, for lists with many of them."""
    return f"{request.script_root}/user/{user.username}"


def post_url(id: int) -> str:
    return f"{request.script_root}/post/{id}"


def comment_url(id: int) -> str:
    return f"{request.script_root}/comment/{id}"


def content_url(content: Authored) -> str:
    """Return the URL of a post or comment."""
    return f"{request.script_root}/{content.noun}/{content.id}"


def moderation_url(content: ContentRules) -> str:
    """Return the URL of a post or comment for moderators."""
    return f"{request.script_root}/moderation/{content.noun}/{content.id}"


def cached_fragment(name: str, card: ContentRules, **facts: Any) -> Markup:
    """Return the HTML of a card, from a cache by card and facts.

    The template may only use the card and the facts, so that the HTML is the same for everyone.
    """
    template = current_app.jinja_env.get_template(name)  # a new object after the file has changed
    return _drawn(template, request.script_root, card, tuple(facts.items()))


@lru_cache(DRAWN)
def _drawn(template: Template, root: str, card: ContentRules, facts: tuple[Any, ...]) -> Markup:
    return Markup(template.render(card=card, **dict(facts)))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: No comments, 1 comment, 1,234 comments."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"No {noun}s"


def pace_in_words(pace: str) -> str:
    """Return one of the LIMITS on posts and comments in words: 5 posts and comments per hour."""
    return current_app.config["LIMITS"][pace].replace(" per ", " posts and comments per ")


def avatar_url(user: Pictured) -> str:
    """Return the URL of a person's picture: their own, or the identicon."""
    if user.picture_key:
        return f"{request.script_root}/picture/{user.picture_key}.webp"
    return f"{request.script_root}/avatar/{user.avatar_key}.svg"


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _urls(folder: Path, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each static file and its URL; called once at start."""
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            version = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            yield name, f"{prefix}/{name}?v={version}"

"""Tags: a page of posts for each."""

from flask import abort, redirect, render_template, url_for

from ..decorators import readable
from ..models.reading.feed import is_used, tagged
from ..models.site.setting import current_settings
from ..text.markdown import tag_of
from ..web.requests import actor, with_question
from .blueprint import main


@main.route("/tag/<tag>")
@readable
def tag(tag):
    key = find_tag(tag)
    if key != tag:
        return redirect(with_question(url_for("main.tag", tag=key)), 301)
    page = tagged(key, actor(), size=current_settings().posts_per_page)
    used = bool(page.items) or is_used(key)
    return render_template("main/tag.html", tag=key, page=page), 200 if used else 404


def find_tag(word):
    """Return the tag as it is stored; 404 if no post can have it."""
    return tag_of(word) or abort(404)

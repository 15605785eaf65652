"""Histories: the versions of a post or comment, compared word by word."""

from flask import render_template

from ..decorators import readable
from ..extensions import db
from ..models import Comment, Post, Revision
from ..pagination import page_of
from ..text.diff import difference, shortened
from ..web.requests import actor
from .blueprint import main
from .writing import find_content

VERSIONS_A_PAGE = 10


@main.route("/post/<id:id>/history")
@readable
def post_history(id):
    return show_history(find_content(Post, id))


@main.route("/comment/<id:id>/history")
@readable
def comment_history(id):
    return show_history(find_content(Comment, id))


def is_cut_short(content):
    """Whether moderators took the first versions out of the public history."""
    withheld = content.history().where(Revision.withheld_by.is_not(None))
    return db.session.scalar(withheld.with_only_columns(Revision.id).limit(1)) is not None


def show_history(content):
    """Show a page of changes, newest first, each compared with the version before.

    Where the page reaches back to the beginning, `first` is the text that it began with.
    """
    history = content.history_for(actor())
    page = page_of(history, [Revision.id], size=VERSIONS_A_PAGE)
    newer = content.after(page.items[0]) if page.items else content
    changes = []
    for older in page:
        made_of = list(shortened(difference(older.body, newer.body)))
        changes.append(dict(at=newer.written_at, by=newer.editor_name, difference=made_of))
        newer = older
    first = None if page.after or page.is_beyond else newer
    facts = dict(content=content, page=page, changes=changes, first=first)
    facts["withheld"] = not content.is_open_book(actor()) and is_cut_short(content)
    return render_template("main/history.html", **facts)

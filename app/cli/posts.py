"""flask posts: stored HTML and counts of posts and comments."""

import click

from ..models.content.counters import mend_counts
from ..models.retention.purge import render_outdated
from .plain import Group

posts = Group("posts", help="Stored HTML and counts of posts and comments.")


@posts.command("render")
def render():
    """Update the stored HTML of posts and comments after a change of the Markdown renderer.

    Readers always see the current rendering; this makes it quicker.
    """
    total = 0
    while count := render_outdated():
        total += count
    click.echo(f"{total} rendered again.")


@posts.command("recount")
def recount():
    """Correct the stored counts of posts, comments, likes and followers."""
    click.echo(f"{mend_counts()} corrected.")

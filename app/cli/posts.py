"""flask posts: what members wrote."""

import click

from ..models.content.counters import mend_counts
from ..models.retention.purge import render_outdated
from .plain import Group

posts = Group("posts", help="What members wrote.")


@posts.command("render")
def render():
    """Store again what an older renderer made. Readers see it right anyway."""
    total = 0
    while count := render_outdated():
        total += count
    click.echo(f"Rendered again: {total}.")


@posts.command("recount")
def recount():
    """Mend the numbers that posts and members carry: of posts, comments, likes, followers."""
    click.echo(f"Mended: {mend_counts()}.")

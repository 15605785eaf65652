"""robots.txt and the sitemap."""

from flask import Response, abort, render_template, request

from ..decorators import public
from ..models.reading.sitemap import KINDS, addresses, count_of_parts
from ..models.site.setting import current_settings
from ..web.requests import site_link
from .blueprint import main

CLOSED = ("/admin/", "/auth/", "/moderation/", "/search", "/settings/")


@main.route("/robots.txt")
@public
def robots():
    closed = ["/"] if current_settings().members_only else CLOSED
    lines = ["User-agent: *", *(f"Disallow: {request.script_root}{path}" for path in closed)]
    if not current_settings().members_only:
        lines += ["", f"Sitemap: {site_link('main.sitemap')}"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@main.route("/sitemap.xml")
@public
def sitemap():
    """The sitemap index, with a part for each range of ids so that all cost the same."""
    refuse_members_only()
    parts = [(kind, n) for kind in KINDS for n in range(1, count_of_parts(kind) + 1)]
    return xml("main/sitemap.xml", parts=parts)


@main.route("/sitemap/<any(pages, people, posts):kind>-<id:number>.xml")
@public
def sitemap_part(kind, number):
    refuse_members_only()
    if not 1 <= number <= count_of_parts(kind):
        abort(404)
    home = site_link("main.index").rstrip("/")
    return xml("main/sitemap_part.xml", home=home, addresses=addresses(kind, number))


def refuse_members_only():
    if current_settings().members_only:
        abort(404)


def xml(template, **values):
    return Response(render_template(template, **values), mimetype="application/xml")

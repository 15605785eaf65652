"""Pages of the site: write, preview, history, restore."""

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from ..extensions import db
from ..models import Page, PageVersion
from ..models.errors import ChangedMeanwhile
from ..pagination import page_of
from ..text.diff import difference
from ..web.actions import attempt, report_result
from ..web.requests import actor
from .blueprint import admin
from .page_forms import NewPageForm, PageForm

PAGES_A_PAGE, VERSIONS_A_PAGE = 50, 30


@admin.route("/pages")
def pages():
    shown = page_of(select(Page), [Page.slug], size=PAGES_A_PAGE, descending=False)
    return render_template("admin/pages.html", pages=shown)


@admin.route("/pages/new", methods=["GET", "POST"])
def new_page():
    form = NewPageForm()
    if form.validate_on_submit() and not form.preview.data:
        with attempt(at=form.slug) as done:
            text, why = (form.title.data, form.body.data), form.reason.data
            page = Page.create(form.slug.data, *text, by=actor(), reason=why)
        if done:
            flash(f"{page.title} published.", "success")
            return redirect(url_for("main.page", slug=page.slug))
    return render_template("admin/new_page.html", form=form)


@admin.route("/pages/<id:id>", methods=["GET", "POST"])
def edit_page(id):
    page, theirs = find_page(id), None
    form = PageForm(obj=page.current, version=str(page.current.id))
    if form.validate_on_submit() and not form.preview.data:
        try:
            return publish(page, form)
        except ChangedMeanwhile:
            theirs, form.version.data = page.current, str(page.current.id)
    between = difference(theirs.body, form.body.data) if theirs else ()
    return render_template(
        "admin/edit_page.html", page=page, form=form, theirs=theirs, difference=between
    )


def publish(page, form):
    text = dict(title=form.title.data, body=form.body.data, since=form.since)
    changed = page.revise(by=actor(), reason=form.reason.data, **text)
    db.session.commit()
    if changed:
        flash("Published. The previous version is in the history.", "success")
    else:
        flash("No changes to save.", "info")
    return redirect(url_for("admin.pages"))


@admin.route("/pages/<id:id>/history")
def page_history(id):
    page = find_page(id)
    versions = page_of(page.history(), [PageVersion.id], size=VERSIONS_A_PAGE)
    return render_template("admin/page_history.html", page=page, versions=versions)


@admin.route("/pages/<id:id>/history/<id:number>")
def page_version(id, number):
    """A version, compared with the current one."""
    page = find_page(id)
    version = find_version(page, number)
    since = difference(version.body, page.current.body)
    return render_template("admin/page_version.html", page=page, version=version, difference=since)


@admin.route(
    "/pages/<id:id>/history/<id:number>/restore",
    methods=["POST"],
)
def restore_page(id, number):
    page = find_page(id)
    restored = page.restore(find_version(page, number), by=actor())
    db.session.commit()
    if restored:
        flash("Older version restored. The newer one is in the history.", "success")
    else:
        flash("This version is already published.", "info")
    return redirect(url_for("admin.page_history", id=page.id))


@admin.route("/pages/<id:id>/remove", methods=["POST"])
def remove_page(id):
    page = find_page(id)
    with attempt() as done:
        removed = page.remove(by=actor())
    if done:
        unchanged = f"{page.title} was already removed."
        report_result(removed, f"{page.title} removed. You can restore it.", unchanged)
    return redirect(url_for("admin.pages"))


@admin.route("/pages/<id:id>/put-back", methods=["POST"])
def put_back_page(id):
    page = find_page(id)
    is_back = page.put_back(by=actor())
    db.session.commit()
    words = "restored." if is_back else "was already restored."
    flash(f"{page.title} {words}", "success" if is_back else "info")
    return redirect(url_for("admin.pages"))


def find_page(id):
    return db.get_or_404(Page, id)


def find_version(page, number):
    version = db.session.get(PageVersion, number)
    if version is None or version.page_id != page.id:
        abort(404)
    return version

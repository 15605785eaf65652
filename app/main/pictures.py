"""Pictures that members choose for themselves."""

import re

from flask import abort, current_app, flash, redirect, render_template, url_for

from ..access.policies import may_open
from ..decorators import login_required, readable, require_speech
from ..extensions import db
from ..images.uploads import LARGEST, Unusable, squared
from ..models import Picture
from ..models.site.setting import current_settings
from ..security.rate_limits import PICTURES
from ..web.requests import actor, takes_files
from .blueprint import main
from .forms import PictureForm
from .writing import act

KEY = re.compile(r"[0-9a-f]{32}")
A_YEAR = "private, max-age=31536000, immutable"  # no proxy keeps the face of who has left
MOST = LARGEST + 1024 * 1024  # bytes of a request: a file a little too large is told so in words


@main.route("/settings/picture", methods=["GET", "POST"])
@takes_files(MOST)
@login_required
def edit_picture():
    form = PictureForm()
    if form.is_submitted():
        require_speech()
    if form.validate_on_submit() and (data := read_picture(form.file)):
        act(Picture.put, actor(), data)
        flash("This is your picture now.", "success")
        return redirect(url_for("main.edit_picture"))
    return render_template("main/edit_picture.html", form=form, largest=LARGEST)


@main.route("/settings/picture/remove", methods=["POST"])
@login_required
def remove_picture():
    removed = Picture.remove(actor())
    db.session.commit()
    words = "Your picture is gone; the drawn one is back."
    flash(words if removed else "You had no picture to remove.", "success" if removed else "info")
    return redirect(url_for("main.edit_picture"))


@main.route("/picture/<key>.webp")
@readable
def picture(key):
    """Return the picture of a key, to those who may see profiles; it does not say whose it is."""
    if current_settings().members_only and not may_open("main.user"):
        abort(404)
    data = Picture.data_at(key) if KEY.fullmatch(key) else None
    if data is None:
        abort(404)
    response = current_app.response_class(data, mimetype="image/webp")
    response.headers["Cache-Control"] = A_YEAR
    return response


def read_picture(field):
    """Return what we keep of an uploaded picture; None, and words at the field, where it is none.

    It is read anew by decoders, which takes a while: so not more often than a person needs it.
    """
    PICTURES.take(actor().id)
    try:
        return squared(field.data.read(LARGEST + 1))
    except Unusable as error:
        field.errors = [str(error)]
        return None

"""Uploading and removing one’s photo."""

from flask import flash, redirect, render_template, url_for

from ..decorators import login_required, require_speech
from ..extensions import db
from ..images.uploads import LARGEST, Unusable, squared
from ..models import Picture
from ..security.rate_limits import PICTURES
from ..web.actions import act
from ..web.requests import actor, takes_files
from .blueprint import account
from .forms import PictureForm

MOST = LARGEST + 1024 * 1024  # bytes of a request: a file a little too large is told so in words


@account.route("/settings/picture", methods=["GET", "POST"])
@takes_files(MOST)
@login_required
def edit_picture():
    form = PictureForm()
    if form.is_submitted():
        require_speech()
    if form.validate_on_submit() and (data := read_picture(form.file)):
        act(Picture.put, actor(), data)
        flash("Photo saved.", "success")
        return redirect(url_for("account.edit_picture"))
    return render_template("account/edit_picture.html", form=form, largest=LARGEST)


@account.route("/settings/picture/remove", methods=["POST"])
@login_required
def remove_picture():
    removed = Picture.remove(actor())
    db.session.commit()
    words = "Photo removed. Your avatar is back."
    flash(words if removed else "You don’t have a photo.", "success" if removed else "info")
    return redirect(url_for("account.edit_picture"))


def read_picture(field):
    """Return what is stored of an uploaded photo; None, with an error at the field, if it is none.

    It is read anew by decoders, which takes a while: so not more often than a person needs it.
    """
    PICTURES.take(actor().id)
    try:
        return squared(field.data.read(LARGEST + 1))
    except Unusable as error:
        field.errors = [str(error)]
        return None

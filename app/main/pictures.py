"""Pictures of members: identicons and uploaded photos."""

import re

from flask import abort, current_app

from ..access.policies import may_open
from ..decorators import readable
from ..models import Picture
from ..models.site.setting import current_settings
from .blueprint import main

KEY = re.compile(r"[0-9a-f]{32}")
A_YEAR = "private, max-age=31536000, immutable"  # no proxy keeps the face of who has left


@main.route("/picture/<key>.webp")
@readable
def picture(key):
    """Return the photo of a key to people who can see profiles. The key reveals no name."""
    if current_settings().members_only and not may_open("main.user"):
        abort(404)
    data = Picture.data_at(key) if KEY.fullmatch(key) else None
    if data is None:
        abort(404)
    response = current_app.response_class(data, mimetype="image/webp")
    response.headers["Cache-Control"] = A_YEAR
    return response

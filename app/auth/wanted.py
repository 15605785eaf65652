"""The page that someone wanted before they had to sign in, confirm or choose a password.

The browser's session keeps it, whatever way they take: a wrong password, the reset of a forgotten
one, signing up and confirming, an invitation. It is forgotten after an hour.
"""

import time

from flask import request, session

from ..web.requests import is_local
from .blueprint import auth

KEY = "wanted"
AN_HOUR = 3600


@auth.before_request
def note_wanted():
    """Remember `?next=` of a page of this blueprint."""
    if request.method == "GET" and "next" in request.args:
        keep(request.args["next"])


def keep(path):
    if is_local(path):
        session[KEY] = [path, int(time.time())]


def wanted():
    """Return the page that the person wanted, or None."""
    path = request.args.get("next") or request.form.get("next")
    if is_local(path):
        return path
    path, at = session.get(KEY) or (None, 0)
    return path if is_local(path) and time.time() - at < AN_HOUR else None


def take():
    """Return the wanted page, once."""
    path = wanted()
    session.pop(KEY, None)
    return path

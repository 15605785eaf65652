"""Pages while the site is frozen, without the forms and buttons that would be refused."""

import re

from flask import Flask, current_app, render_template, request
from flask_login import current_user
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from ..access.policies import WHILE_FROZEN
from ..models.site.setting import settings_at_hand
from ..models.users.user import AnonymousUser, User

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
BUTTON = re.compile(r"<button\b([^>]*\bformaction=[^>]*)>(.*?)</button>", re.DOTALL)
TARGET = re.compile(r"""\b(?:form)?action="([^"?#]*)""")
TO_FILL_IN = re.compile(r"""<(?:textarea|select)\b|<input\b(?![^>]*type="(?:hidden|submit)")""")
UNSURE = re.compile(r"""<details class="sure">(?:(?!<button|<form).)*?</details>""", re.DOTALL)


def init_app(app: Flask) -> None:
    app.add_template_filter(offered)


def is_frozen_for(person: User | AnonymousUser) -> bool:
    """Return whether the freeze applies to a person; it does not apply to staff."""
    return settings_at_hand().is_frozen and not (person.is_moderator() or person.is_administrator())


def offered(html: Markup, is_error: bool = False) -> Markup:
    """Return the HTML of a page without the forms and buttons that the freeze refuses.

    Error pages keep them, since they contain what somebody typed.
    """
    if is_error or not is_frozen_for(current_user):
        return html
    left = BUTTON.sub(_button, FORM.sub(_form, str(html)))
    return Markup(UNSURE.sub("", left))


def _form(match: re.Match[str]) -> str:
    attributes, inside = match.groups()
    if 'method="post"' not in attributes or not _is_refused(attributes):
        return match[0]
    if 'id="acts"' in attributes:  # its buttons have their own targets
        return match[0]
    return render_template("_paused.html") if TO_FILL_IN.search(inside) else ""


def _button(match: re.Match[str]) -> str:
    """Remove a refused button; keep its content if that shows a number."""
    attributes, inside = match.groups()
    if not _is_refused(attributes):
        return match[0]
    return f"<span>{inside}</span>" if re.search(r"\d", inside) else ""


def _is_refused(attributes: str) -> bool:
    """Return whether the target of a form or button is refused; by default it is this page."""
    target = TARGET.search(attributes)
    path = (target and target[1]) or request.script_root + request.path
    adapter = current_app.create_url_adapter(request)
    if adapter is None:  # a host that is none of ours
        return False
    try:
        path = path.removeprefix(request.script_root)
        endpoint, _ = adapter.match(path, method="POST")
    except (HTTPException, RequestRedirect):
        return False
    return endpoint not in WHILE_FROZEN

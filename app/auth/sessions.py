"""Signing in and out."""

from flask import flash, g, make_response, redirect, render_template, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.routing import BuildError

from ..access.policies import may_open
from ..decorators import login_required, visitors_only
from ..extensions import db, login_manager
from ..jobs import temporary_roles
from ..models import DayCount, Role, User, UserSession
from ..models.visit import session_with_token
from ..security import known_devices, passwords
from ..security.networks import client_address
from ..security.rate_limits import SignInAttempt
from ..web import errors
from ..web.requests import VIEWED, actor, back_to, this_page
from ..web.typed import PARKED, park, unpark
from .blueprint import auth
from .forms import LoginForm
from .wanted import take

REFUSED = "Wrong email, username, or password."
CLOSED = "This account is deactivated. Contact the people who run this site."


@auth.route("/login", methods=["GET", "POST"])
@visitors_only
def login():
    form, parked = LoginForm(), request.form.get(PARKED)
    if form.validate_on_submit():
        person = find_by_password(form.login.data, form.password.data)
        if person is None:
            flash(REFUSED, "danger")
        elif not person.is_active:
            flash(CLOSED, "danger")
        else:
            return sign_in(person, remember=form.remember.data)
    return render_template("auth/login.html", form=form, parked=parked)


@auth.route("/logout", methods=["POST"])
@login_required
def logout():
    actor().end_view_as()
    actor().session.end()
    logout_user()
    session.clear()
    session["_remember"] = "clear"
    db.session.commit()
    flash("You’re signed out.", "info")
    return redirect(url_for("main.index"))


@login_manager.user_loader
def load_user(token):
    """Return the user of a session or remember-me cookie; both contain the token of one row."""
    row = session_with_token(token)
    if row is None:
        return None
    row.user.session, row.is_current = row, True
    if row.user.role_is_over:
        temporary_roles.settle(row.user)
    if VIEWED in session:
        go_on_viewing(row.user)
    return row.user


def go_on_viewing(person):
    """Continue a role preview, or end it if it is no longer allowed."""
    id = session[VIEWED]
    person.keep_viewing_as(db.session.get(Role, id) if type(id) is int else None)
    if person.viewed_role is None:
        session.pop(VIEWED)


@login_manager.unauthorized_handler
def ask_to_sign_in():
    if errors.prefers_json():
        return errors.answer(401)
    if parked := park():
        form = LoginForm(formdata=None)
        return make_response(render_template("auth/login.html", form=form, parked=parked), 401)
    wanted = this_page() if request.method == "GET" else back_to(None)
    flash("Sign in to continue.", "info")
    return redirect(url_for("auth.login", next=wanted))


def find_by_password(login, password):
    """Return the user or None, in the same time for unknown logins (R-68)."""
    person = User.with_login(login)
    attempt = SignInAttempt(login, person)
    attempt.count()
    if not passwords.verify(person and person.password_hash, password):
        attempt.failed()
        return None
    attempt.succeeded()
    return person if person.accept_sign_in(password) else None


def sign_in(person, *, remember=False):
    """Start a session and redirect to the wanted page or the role’s landing page."""
    wanted = take()
    session.clear()  # a new session, and with it a new CSRF token
    g.pop("csrf_token", None)  # Flask-WTF's copy of the old one
    person.session, token = UserSession.open(
        person,
        remembered=remember,
        address=client_address(request),
        agent=request.user_agent.string,
    )
    person.get_id = lambda: token
    login_user(person, remember=remember)
    DayCount.add("sign-in")
    db.session.commit()
    if parked := unpark(request.form.get(PARKED)):
        path, fields = parked
        response = make_response(render_template("auth/restore.html", path=path, fields=fields))
    else:
        response = redirect(wanted or landing_page(person))
    return known_devices.remember(response, person)


def landing_page(person):
    """Return the landing page of the user’s role, if they can open it."""
    role = person.current_role
    endpoint = role.index if role else "main.index"
    try:
        return url_for(endpoint if may_open(endpoint, person) else "main.index")
    except BuildError:
        return url_for("main.index")

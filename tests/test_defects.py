"""Faults that similar systems have had, a test for each."""

import ast

import pytest
from factories import ANOTHER, PASSWORD, everything, keep, mails, make_post, make_user
from itsdangerous import URLSafeTimedSerializer
from services import ROOT
from smtp import PostOffice
from sqlalchemy import inspect

from app import permissions
from app.extensions import db
from app.jobs.mail_worker import deliver_pending
from app.models import Permission, Role, User
from app.security.tokens import Verdict, read, sign

SIGN_UP = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
MIGHT = dict(role="Administrator", permissions="255", admin="1", is_administrator="y")
MIGHT |= {"roles": "Administrator", "roles-0": "Administrator", "confirmed_at": "2020-01-01"}


# Tokens


def test_a_mangled_token_is_bad(app):
    """D000-5."""
    for token in ("", "x", "a.b.c", ".", "é", "\0", "e30.e30.e30", "x" * 9000):
        assert read("confirm", token) == (Verdict.BAD, {}), token[:9]


def test_a_fault_of_ours_is_not_taken_for_a_bad_token(app, monkeypatch):
    """D000-5: what is caught is named."""
    monkeypatch.setattr(URLSafeTimedSerializer, "loads", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        read("confirm", "x")


def test_no_handler_catches_whatever_comes():
    """D000-5."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "app").rglob("*.py")]
    nodes = (node for tree in trees for node in ast.walk(tree))
    handlers = [node for node in nodes if isinstance(node, ast.ExceptHandler)]

    assert len(handlers) > 20
    assert all(handler.type is not None for handler in handlers)


def test_tokens_are_those_of_the_current_serializer(app):
    """D000-6: the one with its own expiry was taken out of itsdangerous."""
    serializer = URLSafeTimedSerializer(app.secret_key, salt="offbrand confirm")

    assert serializer.loads(sign("confirm", {"user": 7}, 60))["user"] == 7


# Roles


@pytest.mark.parametrize(
    "permission, path", [(Permission.MODERATE, "/moderation/"), (Permission.ADMIN, "/admin/")]
)
def test_a_role_of_any_name_opens_the_gate_whose_permission_it_holds(client, permission, path):
    """D004-2."""
    keep(Role(name="Helper", permissions=int(permission)))
    client.sign_in(make_user("hanna", role="Helper"))

    assert client.get(path).status_code == 200


def test_the_name_of_a_role_opens_nothing(client, ada):
    """D004-2."""
    Role.named("Administrator").permissions = Role.get_default().permissions
    client.sign_in(ada)

    for path in ("/moderation/", "/admin/"):
        assert client.get(path).status_code == 403


def test_no_built_in_role_stands_twice():
    """D004-4: the second would silently win."""
    tree = ast.parse((ROOT / "app/permissions.py").read_text())
    tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    (names,) = [[key.value for key in table.keys] for table in tables]

    assert names == list(permissions.ROLES) == ["User", "Moderator", "Administrator"]


def mighty():
    """The fields of a form in which somebody asks for everything."""
    return {**MIGHT, "role_id": str(Role.named("Administrator").id)}


def test_nobody_signs_up_as_administrator(client):
    """D004-5."""
    client.post("/auth/register", data={**SIGN_UP, **mighty()})

    nora = User.with_username("nora")
    assert nora.role is Role.get_default() and not nora.is_confirmed


@pytest.mark.parametrize("path", ["/settings/profile", "/auth/change-password"])
def test_nobody_makes_themselves_administrator(client, alice, path):
    """D004-5."""
    client.sign_in(alice)
    new = dict(old_password=PASSWORD, password=ANOTHER, password2=ANOTHER, location="Oslo")

    assert client.post(path, data={**new, **mighty()}).status_code == 302
    assert alice.role.name == "User"


def test_no_form_of_a_member_has_a_field_for_roles(client, alice):
    """D004-5."""
    pages = client.get("/auth/register").text
    client.sign_in(alice)
    pages += client.get("/settings/profile").text

    assert 'name="location"' in pages
    assert not any(f'name="{name}"' in pages for name in mighty())


# Mail and set-up


@pytest.mark.parametrize(
    "path, form, subject",
    [
        ("/auth/register", SIGN_UP, "Confirm your email"),
        ("/auth/reset-password", {"email": "nora@example.org"}, "Choose a new password"),
    ],
)
def test_confirmation_and_reset_are_sent(app, client, path, form, subject):
    """D004-6."""
    if path != "/auth/register":
        make_user("nora")
    client.post(path, data=form)

    with PostOffice() as office:
        app.config.update(office.settings)
        deliver_pending()

    (letter,) = office.letters
    assert letter["To"] == "nora@example.org" and subject in letter["Subject"]
    assert mails()[0].state == "sent"


def test_an_application_makes_no_table(site_with, tmp_path):
    """D004-7: migrations do."""
    site = site_with(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/empty.sqlite")

    assert site.test_client().get("/healthz").status_code == 200
    with site.app_context():
        assert inspect(db.engine).get_table_names() == []


def test_nothing_that_was_given_up_upstream_is_needed():
    """D001-12."""
    lists = [ROOT / "requirements.txt", *(ROOT / "app").rglob("*.py")]

    for path in lists:
        words = path.read_text().lower()
        assert not any(old in words for old in ("flask-script", "flask_script", "wtforms.ext"))


# Pages


@pytest.mark.parametrize("path", ["/user/nobody", "/settings/sessions/404/end"])
def test_who_is_not_there_is_a_404_and_no_redirect(client, alice, path):
    """D001-4."""
    client.sign_in(alice)

    answer = client.post(path) if path.endswith("/end") else client.get(path)

    assert (answer.status_code, answer.location) == (404, None)


def test_no_template_shows_unescaped_text():
    """D001-7."""
    templates = [path.read_text() for path in (ROOT / "app/templates").rglob("*.html")]

    assert len(templates) > 20
    assert not any("safe" in words or "autoescape" in words for words in templates)


def test_what_people_write_about_themselves_is_escaped(client, alice):
    """D001-7."""
    alice.about_me = "<script>alert(1)</script>"

    page = client.get("/user/alice").text

    assert "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page


def test_no_page_lists_everybody(client, ada):
    """D001-9: nor everything that they wrote."""
    for _ in range(51):
        make_post(make_user())
    client.sign_in(ada)

    assert 0 < client.get("/").text.count('href="/user/member') <= 40
    page = client.get("/moderation/").text
    assert 0 < page.count('href="/moderation/people/member') <= 50


def test_a_deploy_keeps_what_is_there(flask, alice):
    """D001-10."""
    flask("deploy")
    before = everything()

    assert flask("deploy").exit_code == 0
    assert everything() == before

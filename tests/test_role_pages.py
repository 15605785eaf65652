"""The pages about roles: what is offered, what is refused, and what one may not do says why."""

import re

import pytest
from crawling import Page
from factories import everything, keep, mails, make_user
from markupsafe import escape

from app.admin.role_forms import ALLOWS
from app.extensions import db
from app.models import AuditEntry, Invitation, Permission, Role
from app.models.fields import utcnow

FORM = dict(name="Writers", description="Write.", permissions=["COMMENT", "WRITE"])
FORM |= dict(index="main.index")


@pytest.fixture
def writers(app):
    return Role.create(name="Writers", permissions=6)


@pytest.fixture
def lesser(app):
    """An administrator who may do all there is, but not what there will be."""
    return make_user("lesser", role=keep(Role(name="Keepers", permissions=31)).name)


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    return client


def url(role, rest=""):
    return f"/admin/roles/{role.id}{rest}"


def acts():
    return [entry.action for entry in db.session.scalars(AuditEntry.latest())]


def closed_boxes(page):
    """The names of the permissions whose boxes cannot be ticked, in a page's HTML."""
    boxes = re.findall(r"<input[^>]*name=\"permissions\"[^>]*>", page.text)
    return [re.search(r'value="(\w+)"', box)[1] for box in boxes if "disabled" in box]


def test_the_list_shows_what_roles_allow_and_how_many_hold_them(admin, alice, bob, writers):
    alice.change_role(Role.named("Moderator"), until=utcnow().replace(year=2999))
    writers.change(requestable=True)

    page = admin.get("/admin/roles")

    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))
    assert re.search("Writers On request COMMENT WRITE 0 members", text)
    assert re.search(r"User Default Built in .* FOLLOW COMMENT WRITE 1 member ", text)
    assert re.search("Moderator Built in .* 1 member with the role Moderator 1 temporary", text)


def test_every_permission_is_told_in_words():
    assert list(ALLOWS) == [permission.name for permission in Permission]


def test_an_administrator_makes_a_role(admin):
    answer = admin.post("/admin/roles/new", data=FORM)

    role = Role.named("Writers")
    assert answer.location == "/admin/roles"
    assert (role.permissions, role.description, role.requestable, role.default) == (
        6,
        "Write.",
        False,
        False,
    )
    assert acts() == ["create"]


def test_a_new_role_can_be_the_default_at_once(admin):
    admin.post("/admin/roles/new", data=FORM | {"default": "y", "requestable": "y"})

    assert Role.get_default().name == "Writers" and Role.get_default().requestable
    assert acts() == ["make default", "create"]


def test_a_form_that_is_sent_twice_makes_one_role(admin):
    admin.post("/admin/roles/new", data=FORM)
    before = everything()

    page = admin.post("/admin/roles/new", data=FORM)

    assert "There is a role Writers already." in page.text
    assert everything()["roles"] == before["roles"] and len(acts()) == 1


BAD = [
    ("name", "", "This field is required."),
    ("name", "x" * 65, "at most 64"),
    ("name", "a\u202eb", "invisible characters"),
    ("name", "a\nb", "invisible characters"),
    ("name", "user", "There is a role User already."),
    ("name", ["one", "two"], "more than once"),
    ("description", "x" * 201, "at most 200"),
    ("permissions", ["FLY"], "Choose one of the options"),
    ("permissions", ["WRITE", "255"], "Choose one of the options"),
    ("permissions", ["write"], "Choose one of the options"),
    ("index", "no.such", "Choose one of the options"),
    ("index", "moderation.queue", "is no page that holders of these permissions"),
    ("default", ["y", "y"], "more than once"),
]


def test_bad_input_is_told_and_makes_nothing(admin):
    db.session.commit()
    before = everything()["roles"]

    for field, value, words in BAD:
        page = admin.post("/admin/roles/new", data=FORM | {field: value})
        assert page.status_code == 200
        assert words in page.text.replace("&#39;", "'"), (field, value)
    assert everything()["roles"] == before and acts() == []


def test_a_role_of_staff_that_should_be_the_default_is_not_half_made(admin):
    data = FORM | {"permissions": ["MODERATE"], "default": "y"}

    page = admin.post("/admin/roles/new", data=data)

    assert "newcomers cannot get it" in page.text
    assert Role.named("Writers") is None and acts() == []


def test_a_name_is_text(admin):
    name = "'\"><b>{{ 7*7 }}"
    admin.post("/admin/roles/new", data=FORM | {"name": name})
    role = Role.named(name)

    for path in ("/admin/roles", url(role), url(role, "/delete")):
        assert str(escape(name)) in admin.get(path).text


def test_a_role_is_changed(admin, writers):
    data = FORM | {"name": "Scribes", "permissions": ["WRITE", "MODERATE"]}

    admin.post(url(writers), data=data | {"index": "moderation.queue", "requestable": "y"})

    assert (writers.name, writers.permissions, writers.index) == ("Scribes", 12, "moderation.queue")
    assert writers.requestable and acts() == ["change", "create"]


def test_saving_what_is_there_changes_nothing(admin, writers):
    admin.post(url(writers), data=FORM | {"description": ""})

    assert acts() == ["create"]


def test_the_form_shows_the_role_as_it_is(admin, writers):
    page = admin.get(url(writers)).text

    boxes = re.findall(r"<input[^>]*name=\"permissions\"[^>]*>", page)
    ticked = [re.search(r'value="(\w+)"', box)[1] for box in boxes if "checked" in box]
    assert ticked == ["COMMENT", "WRITE"]
    assert 'value="Writers"' in page


def test_a_form_with_only_what_must_be_there_makes_a_role_that_allows_nothing(admin):
    admin.post("/admin/roles/new", data={"name": "Guests", "index": "main.index"})

    assert (Role.named("Guests").permissions, Role.named("Guests").description) == (0, "")


def test_a_form_without_anything_is_no_fault(admin, writers):
    for path in ("/admin/roles/new", url(writers), url(writers, "/delete")):
        assert admin.post(path).status_code in (200, 302)


def test_all_permissions_can_be_taken_away(admin, writers):
    admin.post(url(writers), data=FORM | {"permissions": []})

    assert writers.permissions == 0


def test_a_built_in_role_offers_what_may_be_chosen_and_says_why(admin):
    role = Role.named("Moderator")

    page = admin.get(url(role))

    assert "Moderator is built in" in page.text
    assert closed_boxes(page) == list(ALLOWS)
    assert "delete" not in page.text.lower().replace("deleted", "")
    assert "newcomers cannot get it" in page.text


def test_a_built_in_role_can_be_asked_for_from_now_on(admin):
    """A browser sends only what is open."""
    admin.post(url(Role.named("Moderator")), data={"requestable": "y"})

    role = Role.named("Moderator")
    assert (role.requestable, role.permissions) == (True, 15)


def test_what_is_not_offered_is_refused(admin):
    role = Role.named("Moderator")
    db.session.commit()
    before = everything()["roles"]

    sent = [{"permissions": ["ADMIN"]}, {"name": "Mine"}, {"description": "Mine"}]
    for values in [*sent, {"index": "account.edit_profile"}, {"default": "y"}]:
        page = admin.post(url(role), data=values)
        assert "built in" in page.text or "newcomers cannot get it" in page.text, values
    assert everything()["roles"] == before


def test_another_default_is_chosen_and_the_old_one_says_so(admin, writers):
    admin.post(url(writers), data=FORM | {"default": "y"})

    assert Role.get_default().name == "Writers"
    assert "There must be a default role" in admin.get(url(writers)).text


def test_ones_own_role_keeps_what_it_allows(client, lesser):
    """R-81: not offered, with the reason, and refused."""
    client.sign_in(lesser)
    role = Role.named("Keepers")

    page = client.get(url(role))
    assert closed_boxes(page) == list(ALLOWS)
    assert "You have this role yourself" in page.text

    page = client.post(url(role), data=FORM | {"permissions": ["ADMIN"]})
    assert "You have this role yourself" in page.text
    assert role.permissions == 31

    client.post(url(role), data={"name": "Keepers", "description": "New.", "index": "main.index"})
    assert (role.permissions, role.description) == (31, "New.")


def test_a_mightier_role_is_shown_and_not_offered(client, lesser):
    """R-81."""
    client.sign_in(lesser)
    role = keep(Role(name="Future", permissions=0xFF))

    page = client.get(url(role))
    assert "allows more than your own role" in page.text
    assert "<form method" not in page.text.partition("<main")[2]

    for path in (url(role), url(role, "/delete")):
        assert "allows more than your own role" in client.post(path, data=FORM).text
    assert (role.name, role.permissions) == ("Future", 0xFF)


def test_permissions_that_one_lacks_are_not_offered(client):
    """R-81."""
    client.sign_in(make_user("boss", role=keep(Role(name="Bare", permissions=20)).name))

    page = client.get("/admin/roles/new")
    assert closed_boxes(page) == ["FOLLOW", "COMMENT", "MODERATE"]
    assert page.text.count("You can’t give permissions you don’t have") == 3

    page = client.post("/admin/roles/new", data=FORM)
    assert "You can’t give permissions you don’t have: COMMENT." in page.text
    assert Role.named("Writers") is None


def test_a_role_without_holders_is_deleted(admin, writers):
    path = url(writers, "/delete")
    page = admin.get(path)
    assert "Nobody has this role." in page.text and "move_to" not in page.text

    assert admin.post(path).location == "/admin/roles"

    assert Role.named("Writers") is None
    assert admin.post(path).status_code == 404  # pressed twice


def test_holders_are_moved_and_told(admin, alice, writers):
    alice.role = writers
    page = admin.get(url(writers, "/delete"))
    assert "1 person has this role" in page.text

    admin.post(url(writers, "/delete"), data={"move_to": Role.get_default().id})

    assert alice.role.name == "User"
    (mail,) = mails("role_changed")
    assert mail.recipient == "alice@example.org" and "role at Offbrand is now User" in mail.text


def test_holders_are_moved_to_a_role_that_exists(admin, alice, writers):
    alice.role = writers

    for move_to in ("", "0", "x", "9" * 30):
        page = admin.post(url(writers, "/delete"), data={"move_to": move_to})
        assert page.status_code == 200 and alice.role is writers, move_to


def test_holders_are_moved_only_to_what_the_actor_may_give(client, lesser, alice, writers):
    """R-81: not offered, and refused."""
    alice.role = writers
    client.sign_in(lesser)
    mighty = Role.named("Administrator").id
    assert f'value="{mighty}"' not in client.get(url(writers, "/delete")).text

    page = client.post(url(writers, "/delete"), data={"move_to": mighty})

    assert "Choose one of the options" in page.text and alice.role is writers


def test_an_administrator_is_not_moved_along(client, ada, lesser):
    """R-82: the holders of a role that administers, when they are the last."""
    client.sign_in(ada)
    ada.change_role(Role.create(name="Spare", permissions=31))
    db.session.commit()

    page = client.post(url(Role.named("Keepers"), "/delete"), data={"move_to": ada.role_id})

    assert page.location == "/admin/roles"
    assert lesser.role.name == "Spare"
    page = client.post(url(lesser.role, "/delete"), data={"move_to": Role.get_default().id})
    assert "You have this role yourself" in page.text


def test_what_keeps_a_role_is_told_before_the_click(admin, writers):
    keep(Invitation(email="new@example.org", role=writers))

    for page in (admin.get(url(writers)), admin.post(url(writers, "/delete"))):
        assert "open invitation gives Writers" in page.text
    assert Role.named("Writers") is writers


def test_a_person_is_told_of_a_new_role_and_its_end(admin, alice):
    role = Role.named("Moderator")

    admin.post(f"/admin/users/{alice.id}/role", data={"role": role.id, "until": "2999-09-01"})

    (mail,) = mails("role_changed")
    assert "Your role is now Moderator" in mail.subject
    assert "until the end of 1 September 2999 (UTC).\nAfter that it is User again." in mail.text
    admin.post(f"/admin/users/{alice.id}/role", data={"role": role.id, "until": "2999-09-01"})
    assert len(mails()) == 1  # a second click changes nothing


def test_nobody_is_told_of_roles_at_an_address_that_is_not_proven(admin):
    nora = make_user("nora", confirmed=False)

    admin.post(f"/admin/users/{nora.id}/role", data={"role": Role.named("Moderator").id})

    assert nora.role.name == "Moderator" and mails() == []


def test_forms_and_headings_are_in_order(admin, writers):
    for path in ("/admin/roles/new", url(writers), url(writers, "/delete")):
        form = next(f for f in Page(path, admin.get(path)).forms if f.action == path)
        assert form.method == "post"

"""View as role: an administrator looks with another mask, changes nothing, and it is logged."""

from datetime import timedelta

import pytest
from crawling import Page as Read
from crawling import addresses, crawl
from factories import everything_but_visits, keep, make_mail, make_user

from app.extensions import db
from app.models import AuditEntry, Page, Permission, Role, Setting, User
from app.models.fields import utcnow
from app.models.users.rank import Refused

BANNER = "You’re viewing the site as"
JSON = {"Accept": "application/json"}
END = "/settings/view-as/end"


def acts():
    entries = db.session.scalars(AuditEntry.latest().order_by(None).order_by(AuditEntry.id))
    return [(entry.action, entry.actor_name, entry.target_name) for entry in entries]


def look(client, person, role="Moderator"):
    """Sign in, and look at the site with the role."""
    client.sign_in(person)
    return client.post(f"/admin/roles/{Role.named(role).id}/view")


def office():
    """A role with which one may administer and nothing else."""
    return keep(Role(name="Office", permissions=int(Permission.ADMIN)))


def test_ada_looks_as_a_moderator_and_ends_it(client, ada):
    assert look(client, ada).location == "/"
    page = client.get("/")
    assert f"{BANNER} Moderator." in page.text and f'action="{END}"' in page.text

    assert client.post(END).location == "/admin/access"

    assert BANNER not in client.get("/admin/").text
    both = "view as role", "end view as role"
    assert acts() == [(action, "ada", "Moderator") for action in both]


@pytest.mark.parametrize(
    "role, seen", [("User", [403, 403]), ("Moderator", [200, 403]), ("Office", [403, 200])]
)
def test_the_mask_of_the_role_decides_what_opens(client, ada, role, seen):
    office()
    look(client, ada, role)

    assert [client.get(path).status_code for path in ("/moderation/", "/admin/")] == seen


def test_links_are_those_of_the_role(client, ada):
    Page.insert_pages()
    look(client, ada, "User")

    pages = crawl(client)

    assert {page.status for page in pages.values()} == {200}
    assert not {"/admin/", "/moderation/"} & set(pages)


def test_it_is_never_another_person(client, ada, alice):
    look(client, ada, "User")

    assert 'class="menu-name">ada<' in client.get("/").text
    assert "Edit profile" in client.get("/user/ada").text
    assert "Edit profile" not in client.get("/user/alice").text


def test_the_banner_is_on_every_page_and_on_refusals_too(client, ada):
    look(client, ada, "User")

    for path in ("/", "/moderation/", "/nowhere", "/user/nobody", "/log"):
        assert f"{BANNER} User." in client.get(path).text, path


def test_a_refusal_names_what_the_role_lacks(client, ada):
    look(client, ada, "User")

    error = client.get("/admin/", headers=JSON).json["error"]

    assert (error["missing"], error["holders"]) == (["ADMIN"], ["Administrator"])


def test_nothing_can_be_changed_meanwhile(app, client, ada, bob):
    """Every address that takes anything but reading, save for the two ways out."""
    make_mail()
    look(client, ada, "Moderator")
    client.get("/")
    before, values = (
        everything_but_visits(),
        dict(token="x", id=bob.id, act="sign-out", slug="about"),
    )
    values |= dict(noun="post", verb="hide")

    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and rule.endpoint not in ("account.end_view_as", "auth.logout"):
            names = {name: values.get(name, "x") for name in rule.arguments - {"number"}}
            names |= {"number": 1} if "number" in rule.arguments else {}
            path = app.url_map.bind("localhost").build(rule.endpoint, names)
            answer = client.post(path, data={"first_name": "x", "reason": "x"}, headers=JSON)
            assert (answer.status_code, answer.json["error"]["title"]) == (
                403,
                "You’re in a preview",
            )
    assert everything_but_visits() == before


@pytest.mark.large
@pytest.mark.parametrize("role", ["Moderator", "Office"])
def test_no_page_writes_while_one_looks(app, client, ada, role):
    office()
    look(client, ada, role)
    paths = addresses(app, ada)
    db.session.commit()
    before = everything_but_visits()

    for path in paths:
        assert client.get(path, buffered=True).status_code < 500

    assert everything_but_visits() == before


def test_a_form_that_is_on_a_page_says_why_it_does_not_work(client, ada):
    look(client, ada, "Moderator")

    page = client.post("/settings/profile", data={"first_name": "Ada"})

    assert page.status_code == 403
    assert "can’t change anything" in page.text and END in page.text


def test_signing_out_ends_it_and_it_is_logged(client, ada):
    look(client, ada)

    assert client.post("/auth/logout").location == "/"

    assert acts()[-1] == ("end view as role", "ada", "Moderator")
    client.sign_in(ada)
    assert client.get("/admin/").status_code == 200


def test_to_begin_twice_is_refused_and_to_end_twice_is_one_end(client, ada):
    look(client, ada)
    role = Role.named("User")
    assert client.post(f"/admin/roles/{role.id}/view").status_code == 403

    assert [client.post(END).status_code for _ in range(2)] == [302, 302]

    assert [action for action, *_ in acts()] == ["view as role", "end view as role"]


def test_who_is_no_administrator_cannot_begin(client, mona):
    assert look(client, mona, "User").status_code == 403
    assert acts() == []


def test_a_role_that_is_not_there_is_a_404(client, ada):
    client.sign_in(ada)

    for number in ("0", "2147483648", "-1", "x"):
        assert client.post(f"/admin/roles/{number}/view").status_code == 404, number


def test_nobody_looks_with_more_than_they_have(client):
    """R-81: nor with their own role, which shows nothing new."""
    boss = make_user("boss", role=office().name)

    for role, words in (("User", "allows more than yours"), ("Office", "your own role")):
        assert look(client, boss, role).location == "/admin/access"
        page = client.get("/admin/access").text
        assert words in page and BANNER not in page
    assert acts() == []


def test_only_roles_one_may_look_with_are_offered(client):
    keep(Role(name="Nothing", permissions=0))
    client.sign_in(make_user("boss", role=office().name))

    page = client.get("/admin/access").text

    assert "View as Nothing" in page
    assert not any(f"View as {name}" in page for name in ("User", "Office", "Administrator"))


def test_where_no_role_can_be_looked_with_the_page_says_so(client):
    client.sign_in(make_user("boss", role=office().name))

    assert "No other roles to view" in client.get("/admin/access").text


def shrink(ada, role):
    ada.role = office()


def demote(ada, role):
    make_user(role="Administrator")
    ada.change_role(Role.named("User"))


def run_out(ada, role):
    make_user(role="Administrator")
    ada.former_role, ada.role_until = Role.named("Moderator"), utcnow() - timedelta(minutes=1)


def remove(ada, role):
    db.session.delete(role)


def grow(ada, role):
    ada.role = keep(Role(name="Small office", permissions=31))
    role.permissions = 63


@pytest.mark.parametrize("change", [shrink, demote, run_out, remove, grow])
def test_it_ends_when_the_role_or_the_rank_for_it_goes(client, ada, change):
    role = keep(Role(name="Helper", permissions=int(Permission.MODERATE)))
    look(client, ada, "Helper")

    change(ada, role)

    assert BANNER not in client.get("/").text
    with client.session_transaction() as session:
        assert "viewed_role" not in session


def test_nonsense_in_the_cookie_is_let_go(client, ada):
    client.sign_in(ada)
    for value in ("1", None, True, -1, [1], {"id": 1}):
        with client.session_transaction() as session:
            session["viewed_role"] = value

        assert client.get("/admin/roles").status_code == 200
        with client.session_transaction() as session:
            assert "viewed_role" not in session, value


def test_a_cookie_lifts_nobody(client, alice, mona):
    """R-81: neither members nor moderators look at the site with any role but their own."""
    for person in (alice, mona):
        client.sign_in(person)
        with client.session_transaction() as session:
            session["viewed_role"] = Role.named("Administrator").id
        assert client.get("/admin/").status_code == 403


def test_the_verbs_refuse_who_only_looks(ada, alice):
    """R-81: whatever page forgets to."""
    ada.view_as(Role.named("Moderator"))

    for act in ("change_role", "deactivate", "close_for_good", "demand_new_password"):
        values = [Role.named("User")] if act == "change_role" else []
        with pytest.raises(Refused, match="viewing the site as another role"):
            getattr(alice, act)(*values, by=ada)


def test_looking_changes_no_rank_but_ones_own_eyes(app, ada, monkeypatch):
    """R-82: who looks is an administrator still, and is given nothing for it."""
    ada.view_as(Role.named("User"))
    app.config["OFFBRAND_ADMIN"] = ada.email

    ada.prove_address()

    assert not ada.is_administrator() and ada.held_role.name == ada.role.name == "Administrator"
    assert db.session.scalars(User.administrators()).all() == [ada.id]
    assert [action for action, *_ in acts()] == ["view as role"]


def test_one_gets_out_while_a_new_password_is_due(client, ada):
    look(client, ada)
    ada.require_new_password()

    assert client.get("/").location == "/auth/change-password"
    assert client.post("/auth/change-password").status_code == 403
    client.post(END)

    assert client.post("/auth/change-password").status_code == 200


def test_one_gets_out_while_the_site_is_frozen(client, ada):
    look(client, ada, "User")
    Setting.change(frozen=True)

    assert client.post(END).location == "/admin/access"


def test_another_device_sees_nothing_of_it(app, ada):
    look(app.test_client(), ada)
    another = app.test_client()
    another.sign_in(ada)

    assert BANNER not in another.get("/").text


def test_its_buttons_need_the_token(strict_client, ada):
    """R-07."""
    strict_client.sign_in(ada)
    forms = Read("/admin/access", strict_client.get("/admin/access")).posting
    form = next(form for form in forms if form.action.endswith("/view"))

    assert strict_client.post(form.action).status_code == 400
    assert strict_client.post(form.action, data=form.fields).status_code == 302
    assert strict_client.post(END).status_code == 400


def test_a_visitor_who_ends_it_is_asked_to_sign_in(client):
    assert client.post(END).location.startswith("/auth/login")


def test_to_end_what_never_began_changes_nothing(client, alice):
    client.sign_in(alice)
    client.get("/")
    before = everything_but_visits()

    assert client.post(END).location == "/"
    assert everything_but_visits() == before


def test_reading_goes_on(client, ada):
    look(client, ada, "User")

    for path in ("/log", "/settings/profile"):
        assert client.get(path).status_code == 200

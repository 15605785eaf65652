"""A 403 explains itself: what is missing, who has it, and for which role one may ask."""

import pytest
from crawling import Page
from factories import keep, make_user

import app.templating
from app.decorators import login_required
from app.models import Permission, Role

JSON = {"Accept": "application/json"}


@pytest.fixture
def asking(site_with, monkeypatch):
    """A browser on a site where one can ask for a role."""
    init_app = app.templating.init_app

    def add(site):
        init_app(site)
        if "main.ask_for_role" not in site.view_functions:
            view = login_required(lambda id: "ask here")
            site.add_url_rule("/settings/role/<int:id>", "main.ask_for_role", view)

    monkeypatch.setattr(app.templating, "init_app", add)
    return site_with().test_client()


def make_requestable(*names):
    for name in names:
        Role.named(name).requestable = True


def error_for(client, path="/moderation/"):
    return client.get(path, headers=JSON).json["error"]


def test_one_may_ask_for_the_roles_that_an_administrator_opened_for_it(asking, alice):
    helper = keep(Role(name="Helper", permissions=int(Permission.MODERATE), requestable=True))
    make_requestable("User", "Administrator")
    asking.sign_in(alice)

    error = error_for(asking)

    asked = [way["role"] for way in error["ask"]]
    assert (asked, error["holders"]) == (
        ["Helper", "Administrator"],
        ["Helper", "Moderator", "Administrator"],
    )
    assert str(helper.id) in error["ask"][0]["url"]
    assert asking.get(error["ask"][0]["url"]).status_code == 200


def test_the_page_has_a_link_for_each(asking, alice):
    make_requestable("Moderator")
    asking.sign_in(alice)

    response = asking.get("/moderation/")

    assert "Ask for the role Moderator" in response.text
    assert "Ask for the role Administrator" not in response.text
    assert error_for(asking)["ask"][0]["url"] in Page("/moderation/", response).links


def test_where_no_role_is_open_for_it_nothing_is_offered(asking, alice):
    asking.sign_in(alice)

    assert error_for(asking)["ask"] == []
    assert "Ask for the role" not in asking.get("/moderation/").text


def test_for_a_role_without_the_permission_nobody_is_sent_to_ask(asking, mona):
    """Moderator would not help here."""
    make_requestable("Moderator")
    asking.sign_in(mona)

    assert error_for(asking, "/admin/")["ask"] == []


def test_somebody_without_a_role_may_ask_too(asking):
    make_requestable("Moderator")
    asking.sign_in(make_user("nell", role=None))

    assert [way["role"] for way in error_for(asking)["ask"]] == ["Moderator"]


def test_who_only_looks_with_a_role_asks_for_nothing(asking, ada):
    make_requestable("Moderator", "Administrator")
    asking.sign_in(ada)
    asking.post(f"/admin/roles/{Role.named('User').id}/view")

    error = error_for(asking)

    assert (error["missing"], error["ask"]) == (["MODERATE"], [])


def test_names_of_roles_stay_text(asking, alice):
    """R-14."""
    keep(Role(name="<i>Helper</i>", permissions=int(Permission.MODERATE), requestable=True))
    asking.sign_in(alice)

    assert "Ask for the role &lt;i&gt;Helper&lt;/i&gt;" in asking.get("/moderation/").text

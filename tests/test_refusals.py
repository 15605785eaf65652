"""403 pages: what is missing, who has it, and which role to request."""

from crawling import Page
from factories import keep, make_user

from app.models import Permission, Role

JSON = {"Accept": "application/json"}


def make_requestable(*names):
    for name in names:
        Role.named(name).requestable = True


def error_for(client, path="/moderation/"):
    return client.get(path, headers=JSON).json["error"]


def test_one_may_ask_for_the_roles_that_an_administrator_opened_for_it(client, alice):
    helper = keep(Role(name="Helper", permissions=int(Permission.MODERATE), requestable=True))
    make_requestable("User", "Administrator")
    client.sign_in(alice)

    error = error_for(client)

    asked = [way["role"] for way in error["ask"]]
    assert (asked, error["holders"]) == (
        ["Helper", "Administrator"],
        ["Helper", "Moderator", "Administrator"],
    )
    assert str(helper.id) in error["ask"][0]["url"]
    assert client.get(error["ask"][0]["url"]).status_code == 200


def test_the_page_has_a_link_for_each(client, alice):
    make_requestable("Moderator")
    client.sign_in(alice)

    response = client.get("/moderation/")

    assert "Ask for the role Moderator" in response.text
    assert "Ask for the role Administrator" not in response.text
    assert error_for(client)["ask"][0]["url"] in Page("/moderation/", response).links


def test_where_no_role_is_open_for_it_nothing_is_offered(client, alice):
    client.sign_in(alice)

    assert error_for(client)["ask"] == []
    assert "Ask for the role" not in client.get("/moderation/").text


def test_for_a_role_without_the_permission_nobody_is_sent_to_ask(client, mona):
    """Moderator would not help here."""
    make_requestable("Moderator")
    client.sign_in(mona)

    assert error_for(client, "/admin/")["ask"] == []


def test_somebody_without_a_role_may_ask_too(client):
    make_requestable("Moderator")
    client.sign_in(make_user("nell", role=None))

    assert [way["role"] for way in error_for(client)["ask"]] == ["Moderator"]


def test_who_only_looks_with_a_role_asks_for_nothing(client, ada):
    make_requestable("Moderator", "Administrator")
    client.sign_in(ada)
    client.post(f"/admin/roles/{Role.named('User').id}/view")

    error = error_for(client)

    assert (error["missing"], error["ask"]) == (["MODERATE"], [])


def test_names_of_roles_stay_text(client, alice):
    """R-14."""
    keep(Role(name="<i>Helper</i>", permissions=int(Permission.MODERATE), requestable=True))
    client.sign_in(alice)

    assert "Ask for the role &lt;i&gt;Helper&lt;/i&gt;" in client.get("/moderation/").text

"""The access map in the browser: complete, filtered, readable on a phone."""

import pytest
from crawling import Page
from factories import keep
from test_access import ACCESS, ADMIN

from app.access.map import access_map, kinds_of
from app.admin.access import AccessForm, fits
from app.models import Permission, Role


@pytest.fixture
def doors(app):
    """Helpers may do no more than moderate, the office no more than administer."""
    keep(Role(name="Helper", permissions=int(Permission.MODERATE)))
    keep(Role(name="Office", permissions=int(Permission.ADMIN)))
    return {door.endpoint: door for door in access_map(kinds_of(Role.all()))}


def rows_of(page):
    """The endpoints that the page shows."""
    parts = page.text.split('<th scope="row">')[1:]
    return [part.split()[0] for part in parts]


def test_the_page_shows_every_endpoint_and_every_role(client, ada, doors):
    client.sign_in(ada)

    page = client.get("/admin/access?who=")

    assert rows_of(page) == sorted(doors)
    assert f"{len(doors)} of {len(doors)} endpoints" in page.text
    for name in (
        "Visitor",
        "Unconfirmed",
        "Suspended",
        "User",
        "Helper",
        "Office",
        "Administrator",
    ):
        assert f'<th scope="col">{name}</th>' in page.text


def test_the_page_starts_with_what_visitors_may_open_as_all_of_it_is_long(client, ada, doors):
    client.sign_in(ada)

    page = client.get("/admin/access")

    open_to_visitors = [name for name, door in doors.items() if door.opens_to("visitor")]
    assert rows_of(page) == sorted(open_to_visitors)
    assert 'href="/admin/access?who="' in page.text
    assert '<option selected value="visitor">' in page.text
    assert '<td data-label="Visitor"><' in page.text and '"User" class="not-asked"' in page.text


OWN = ["account.appeal", "account.appeal_comment", "account.appeal_post", "account.appeal_sanction"]
OWN += ["account.download_data", "account.end_session", "main.held"]
OWN += ["account.open_notification", "account.read_notification", "account.withdraw_role_request"]
MODERATION = sorted(endpoint for endpoint in ACCESS if endpoint.startswith("moderation."))
STAFF = [endpoint for endpoint in MODERATION if ACCESS[endpoint] is not ADMIN]


FILTERS = {
    "text=MODERATION": MODERATION,
    "text=/sessions/<id>/": ["account.end_session"],
    "text=avatar&policy=open": ["main.avatar"],
    "policy=own content": OWN,
    "policy=MODERATE": MODERATION,
    "policy=visitors only": ["auth.login", "auth.register", "auth.reset_request"],
    "who=role Moderator&closed=role User": STAFF,
    "who=role Helper&closed=role Administrator": [],
    "who=role User&outcome=own only": OWN,
    "who=visitor&outcome=must confirm first": [],
    "text=index&outcome=must confirm first": ["admin.index", "main.index"],
    "who=suspended&policy=own content": OWN[:5],
    "text=index&outcome=sent to their standing": ["admin.index", "main.index"],
    "text=zzz": [],
}
WRONG = ["policy=nonsense", "who=role Nobody", "outcome=x", "closed=0", "text=" + 101 * "x"]
WRONG += ["text=a&text=b", "who=visitor&who=visitor"]


def form_of(app, query):
    with app.test_request_context(f"/admin/access?{query}"):
        form = AccessForm(kinds_of(Role.all()))
        return form, form.validate()


def test_doors_are_chosen_by_words_rule_and_outcome(app, doors):
    shown = {}
    for query in FILTERS:
        form, valid = form_of(app, query)
        assert valid, query
        shown[query] = sorted(door.endpoint for door in doors.values() if fits(door, form))

    assert shown == {query: sorted(endpoints) for query, endpoints in FILTERS.items()}


def test_a_filter_that_does_not_exist_is_no_filter(app, doors):
    assert [query for query in WRONG if form_of(app, query)[1]] == []


def test_the_page_is_filtered(client, ada, doors):
    client.sign_in(ada)

    for query in ("policy=visitors only", "text=zzz"):
        page = client.get(f"/admin/access?{query}")
        assert rows_of(page) == FILTERS[query]
        assert f"{len(FILTERS[query])} of {len(doors)} endpoints" in page.text
        assert ("No matching endpoints." in page.text) is (FILTERS[query] == [])
        assert "Show all" in page.text


def test_a_filter_that_does_not_exist_is_told_and_hides_nothing(client, ada, doors):
    client.sign_in(ada)

    page = client.get(f"/admin/access?{WRONG[0]}")

    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.text and rows_of(page) == sorted(doors)


def test_on_a_phone_each_cell_says_whose_it_is(client, ada, doors):
    client.sign_in(ada)

    page = client.get("/admin/access?text=moderation.queue")

    assert '<td data-label="Helper"><span class="door-open">opens</span></td>' in page.text
    assert '<td data-label="User"><span class="door-shut">refused (403)</span></td>' in page.text


def test_names_of_roles_are_shown_as_they_are(client, ada):
    """R-14."""
    keep(Role(name="<b>Bold</b>", permissions=0))
    client.sign_in(ada)

    page = client.get("/admin/access")

    assert "<b>Bold</b>" not in page.text and "&lt;b&gt;Bold" in page.text


def test_the_page_stands_in_the_administration(client, ada):
    client.sign_in(ada)

    assert "/admin/access" in Page("/admin/", client.get("/admin/access")).links

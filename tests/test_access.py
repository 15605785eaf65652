"""Who may open what: the table that the policies in the code must come to, and each door tried."""

import inspect
from urllib.parse import urlsplit

import pytest
from crawling import crawl
from factories import PASSWORD, everything, keep, make_user

import app.templating
from app import create_app
from app.access import WHILE_SUSPENDED
from app.decorators import permission_required
from app.extensions import db
from app.models import Page, Permission, Role, Sanction
from app.models.fields import utcnow

LOGIN, HOME, CONFIRM = "/auth/login", "/", "/auth/unconfirmed"

# who:         visitor  newcomer  alice    mona     ada      (a newcomer has not confirmed yet)
ALWAYS = ("opens", "opens", "opens", "opens", "opens")
PAGE = ("opens", CONFIRM, "opens", "opens", "opens")
VISITOR = ("opens", HOME, HOME, HOME, HOME)
ACCOUNT = (LOGIN, "opens", "opens", "opens", "opens")
MEMBER = (LOGIN, CONFIRM, "opens", "opens", "opens")
MODERATOR = (LOGIN, CONFIRM, 403, "opens", "opens")
ADMIN = (LOGIN, CONFIRM, 403, 403, "opens")

ACCESS = {
    "admin.access": ADMIN,
    "admin.act_on_user": ADMIN,
    "admin.act_on_users": ADMIN,
    "admin.audit": ADMIN,
    "admin.cancel_import": (LOGIN, CONFIRM, 403, 403, "/admin/people/import"),
    "admin.change_address": ADMIN,
    "admin.change_role": ADMIN,
    "admin.decide_on_newcomer": (LOGIN, CONFIRM, 403, 403, "/admin/requests"),
    "admin.decide_on_role_request": (LOGIN, CONFIRM, 403, 403, "/admin/requests"),
    "admin.delete_role": ADMIN,
    "admin.delete_user": ADMIN,
    "admin.doctor": ADMIN,
    "admin.drop_mail": ADMIN,
    "admin.edit_page": ADMIN,
    "admin.edit_role": ADMIN,
    "admin.export_people": ADMIN,
    "admin.import_people": ADMIN,
    "admin.index": ADMIN,
    "admin.invitations": ADMIN,
    "admin.invite": ADMIN,
    "admin.new_page": ADMIN,
    "admin.new_role": ADMIN,
    "admin.new_user": ADMIN,
    "admin.outbox": ADMIN,
    "admin.page_history": ADMIN,
    "admin.page_version": ADMIN,
    "admin.pages": ADMIN,
    "admin.preview_bulk": ADMIN,
    "admin.put_back_page": ADMIN,
    "admin.remove_page": ADMIN,
    "admin.requests": ADMIN,
    "admin.resend_invitation": ADMIN,
    "admin.restore_page": ADMIN,
    "admin.retry_all_mails": (LOGIN, CONFIRM, 403, 403, "/admin/outbox"),
    "admin.retry_mail": ADMIN,
    "admin.review_import": ADMIN,
    "admin.revoke_invitation": ADMIN,
    "admin.roles": ADMIN,
    "admin.settings": ADMIN,
    "admin.user": ADMIN,
    "admin.users": ADMIN,
    "admin.view_as": ADMIN,
    "auth.change_email": ALWAYS,
    "auth.change_email_request": ACCOUNT,
    "auth.change_password": ACCOUNT,
    "auth.confirm": ALWAYS,
    "auth.join": ALWAYS,
    "auth.join_again": (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    "auth.login": VISITOR,
    "auth.logout": (LOGIN, HOME, HOME, HOME, HOME),
    "auth.password_strength": ALWAYS,
    "auth.register": VISITOR,
    "auth.resend_confirmation": (LOGIN, CONFIRM, CONFIRM, CONFIRM, CONFIRM),
    "auth.reset": ALWAYS,
    "auth.reset_request": VISITOR,
    "auth.revert_email": ALWAYS,
    "auth.unconfirmed": (LOGIN, "opens", HOME, HOME, HOME),
    "auth.waiting": (LOGIN, HOME, HOME, HOME, HOME),
    "bootstrap.static": ALWAYS,
    "dev.mailbox": ALWAYS,
    "main.ask_for_data": (LOGIN, CONFIRM, *3 * ["/settings/data"]),
    "main.ask_for_role": MEMBER,
    "main.avatar": ALWAYS,
    "main.bookmark": MEMBER,
    "main.bookmarks": MEMBER,
    "main.choose_feed": (LOGIN, CONFIRM, HOME, HOME, HOME),
    "main.close_post": MEMBER,
    "main.comment": PAGE,
    "main.comment_history": PAGE,
    "main.data": MEMBER,
    "main.delete_account": MEMBER,
    "main.delete_comment": MEMBER,
    "main.delete_post": MEMBER,
    "main.download_data": MEMBER,
    "main.edit_comment": MEMBER,
    "main.edit_picture": MEMBER,
    "main.edit_post": MEMBER,
    "main.edit_profile": MEMBER,
    "main.end_other_sessions": (LOGIN, CONFIRM, "/settings/sessions", *2 * ["/settings/sessions"]),
    "main.end_session": MEMBER,
    "main.end_view_as": (LOGIN, HOME, HOME, HOME, "/admin/access"),
    "main.follow": (LOGIN, CONFIRM, *3 * ["/user/alice"]),
    "main.followers": PAGE,
    "main.following": PAGE,
    "main.held": MEMBER,
    "main.healthz": ALWAYS,
    "main.index": PAGE,
    "main.keep_account": (LOGIN, *4 * [HOME]),
    "main.like": MEMBER,
    "main.log": PAGE,
    "main.log_entry": PAGE,
    "main.log_feed": PAGE,
    "main.moment_js": ALWAYS,
    "main.mute": (LOGIN, CONFIRM, *3 * ["/user/alice"]),
    "main.muted": MEMBER,
    "main.notification_settings": MEMBER,
    "main.notifications": MEMBER,
    "main.open_notification": MEMBER,
    "main.open_post": MEMBER,
    "main.page": PAGE,
    "main.picture": ALWAYS,
    "main.post": PAGE,
    "main.post_history": PAGE,
    "main.read_notification": MEMBER,
    "main.read_notifications": (LOGIN, CONFIRM, *3 * ["/notifications"]),
    "main.readyz": ALWAYS,
    "main.remove_picture": (LOGIN, CONFIRM, *3 * ["/settings/picture"]),
    "main.report_comment": MEMBER,
    "main.report_post": MEMBER,
    "main.report_user": (LOGIN, CONFIRM, 403, "opens", "opens"),
    "main.reports": MEMBER,
    "main.robots": PAGE,
    "main.search": PAGE,
    "main.sessions": MEMBER,
    "main.site_feed": PAGE,
    "main.sitemap": PAGE,
    "main.sitemap_part": PAGE,
    "main.tag": PAGE,
    "main.tag_feed": PAGE,
    "main.transparency": PAGE,
    "main.transparency_month": PAGE,
    "main.unbookmark": MEMBER,
    "main.unfollow": (LOGIN, CONFIRM, *3 * ["/user/alice"]),
    "main.unlike": MEMBER,
    "main.unmute": (LOGIN, CONFIRM, *3 * ["/user/alice"]),
    "main.unsubscribe": ALWAYS,
    "main.unwatch": MEMBER,
    "main.user": PAGE,
    "main.user_comments": PAGE,
    "main.user_feed": PAGE,
    "main.watch": MEMBER,
    "main.withdraw_role_request": MEMBER,
    "moderation.act_on_text": MODERATOR,
    "moderation.add_note": MODERATOR,
    "moderation.clean_up": MODERATOR,
    "moderation.edit_text": MODERATOR,
    "moderation.people": MODERATOR,
    "moderation.person": MODERATOR,
    "moderation.queue": MODERATOR,
    "moderation.remove_note": (LOGIN, CONFIRM, 403, *2 * ["/moderation/people"]),
    "moderation.remove_text": ADMIN,
    "moderation.start_clean_up": MODERATOR,
    "moderation.text": MODERATOR,
    "moderation.undo_clean_up": MODERATOR,
    "moderation.decide_on_held": (LOGIN, CONFIRM, 403, "/moderation/held", "/moderation/held"),
    "moderation.held": MODERATOR,
    "moderation.remove_word": (LOGIN, CONFIRM, 403, "/moderation/words", "/moderation/words"),
    "moderation.try_words": MODERATOR,
    "moderation.words": MODERATOR,
    "moderation.case": MODERATOR,
    "moderation.claim_case": MODERATOR,
    "moderation.release_case": MODERATOR,
    "moderation.rule_on_case": MODERATOR,
    "moderation.log": MODERATOR,
    "moderation.log_entry": MODERATOR,
    "moderation.undo_entry": MODERATOR,
    "static": ALWAYS,
}
ACCESS |= {
    "main.appeal": MEMBER,
    "main.appeal_comment": MEMBER,
    "main.appeal_post": MEMBER,
    "main.appeal_sanction": MEMBER,
    "main.standing": MEMBER,
    "moderation.appeal": MODERATOR,
    "moderation.appeals": MODERATOR,
    "moderation.decide_on_appeal": MODERATOR,
    "moderation.lift_sanction": MODERATOR,
    "moderation.sanction": MODERATOR,
}
STANDING = "/standing"  # where a suspended member is sent from all that is not here
TO_SUSPENDED = {name: outcomes[2] for name, outcomes in ACCESS.items() if name.startswith("auth.")}
TO_SUSPENDED |= {name: "opens" for name, outcomes in ACCESS.items() if outcomes == ALWAYS}
TO_SUSPENDED |= dict.fromkeys(WHILE_SUSPENDED, "opens") | {"main.ask_for_data": "/settings/data"}
TO_SUSPENDED |= {"main.end_view_as": HOME, "main.keep_account": HOME}
PEOPLE = ["visitor", "newcomer", "alice", "mona", "ada"]
VALUES = dict(username="alice", id=0, token="x", key=32 * "a", filename="site.css")
VALUES |= dict(slug="about", number=1, act="sign-out")
VALUES |= dict(kind="posts", tag="flask", noun="post", verb="hide")
VALUES |= dict(month="2001-01")


@pytest.fixture
def cast(app, alice, mona, ada):
    newcomer = make_user("newcomer", confirmed=False)
    return dict(visitor=None, newcomer=newcomer, alice=alice, mona=mona, ada=ada)


def test_every_endpoint_is_in_the_table(app):
    """R-76."""
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ACCESS)


def knock(app, client, rule):
    values = {name: VALUES[name] for name in rule.arguments}
    url = app.url_map.bind("localhost").build(rule.endpoint, values)
    method = "GET" if "GET" in rule.methods else "POST"
    response = client.open(url, method=method, buffered=True)
    if response.location:
        return urlsplit(response.location).path
    return 403 if response.status_code == 403 else "opens"


@pytest.mark.parametrize("who", PEOPLE)
def test_each_door_opens_to_those_in_the_table_only(app, client, cast, who):
    """R-77, R-79, R-80."""
    opened, left = {}, True
    for rule in app.url_map.iter_rules():
        if cast[who] and left:
            client.sign_in(cast[who])
        opened[rule.endpoint] = knock(app, client, rule)
        left = "GET" not in rule.methods

    assert opened == {name: outcomes[PEOPLE.index(who)] for name, outcomes in ACCESS.items()}


@pytest.mark.parametrize("role", ["User", "Moderator"])
def test_each_door_is_to_a_suspended_member_what_the_table_says(app, client, ada, role):
    """Whatever their role is."""
    sue, opened = make_user("sue", role=role), {}
    Sanction.impose(sue, "suspension", by=ada, reason="Spam.")
    for rule in app.url_map.iter_rules():
        client.sign_in(sue)
        opened[rule.endpoint] = knock(app, client, rule)

    assert opened == {name: TO_SUSPENDED.get(name, STANDING) for name in ACCESS}


@pytest.mark.parametrize("path", ["/settings/profile", "/moderation/", "/admin/"])
def test_a_visitor_is_led_to_sign_in_and_from_there_to_the_page(client, ada, path):
    """D000-1: no bare 401."""
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, f"{LOGIN}?next={path}")

    form = {"login": "ada", "password": PASSWORD}
    assert client.post(answer.location, data=form).location == path


@pytest.mark.parametrize("who", ["visitor", "newcomer"])
def test_visitors_and_unconfirmed_people_write_nothing(app, client, cast, who):
    """R-79, R-80: every address that takes a POST, but for one's own account."""
    client.sign_in(cast["alice"])
    if cast[who]:
        client.sign_in(cast[who])
    else:
        client.sign_out()
    client.get("/")
    before = everything()

    for rule in app.url_map.iter_rules():
        own_proof = rule.endpoint.startswith("auth.") or "token" in rule.arguments
        if "POST" in rule.methods and not own_proof:
            values = {"id": 1, "act": "sign-out", "slug": "about", "number": 1}
            values |= dict(username="alice", noun="post", verb="hide")
            values |= {"username": "alice", "noun": "post"}
            values = {name: values[name] for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, values)
            assert client.post(path, data={"first_name": "x"}).status_code == 302
    assert everything() == before


def forgotten():
    return "Nobody said who may see this."


@pytest.mark.parametrize("endpoint", ["forgotten", "main.forgotten"])
def test_the_site_does_not_start_with_an_endpoint_without_a_policy(monkeypatch, endpoint):
    """R-76: it is named, with file and line."""
    line = inspect.getsourcelines(forgotten)[1]

    def add_one(app):
        app.add_url_rule("/forgotten", endpoint, forgotten)

    monkeypatch.setattr(app.templating, "init_app", add_one)

    with pytest.raises(RuntimeError, match=rf"{endpoint} \(.*test_access\.py:{line}\)"):
        create_app("testing")


def test_a_view_behind_a_gate_needs_no_policy_of_its_own(monkeypatch):
    """R-76, the other side of it."""
    add_one = lambda app: app.add_url_rule("/x", "admin.x", forgotten)  # noqa: E731
    init_app = app.templating.init_app
    monkeypatch.setattr(app.templating, "init_app", lambda a: (init_app(a), add_one(a)))

    policy = create_app("testing").extensions["access"]["admin.x"]

    assert policy.permission is Permission.ADMIN


@pytest.mark.parametrize(
    "path, permission, holders",
    [
        ("/moderation/", "MODERATE", "The roles Moderator and Administrator have it."),
        ("/admin/", "ADMIN", "The role Administrator has it."),
    ],
)
def test_a_refusal_names_the_permission_and_who_holds_it(client, alice, path, permission, holders):
    """D004-1: as a page with status 403."""
    client.sign_in(alice)

    page = client.get(path)

    assert page.status_code == 403
    assert f"It needs the permission {permission}. {holders}" in page.text


@pytest.mark.parametrize(
    "who, missing, words",
    [
        ("alice", ["MODERATE", "ADMIN"], "permissions MODERATE and ADMIN. The role Administrator"),
        ("mona", ["ADMIN"], "permission ADMIN. The role Administrator has it."),
    ],
)
def test_a_refusal_names_only_what_the_person_lacks(
    app, client, cast, monkeypatch, who, missing, words
):
    """D004-1: where two permissions are asked for at once."""
    both = permission_required(Permission.MODERATE | Permission.ADMIN)
    client.sign_in(cast[who])
    monkeypatch.setitem(app.view_functions, "main.index", both(lambda: "in"))

    answer = client.get("/", headers={"Accept": "application/json"})

    assert answer.json["error"]["missing"] == missing
    assert answer.json["error"]["holders"] == ["Administrator"]
    assert f"It needs the {words}" in client.get("/").text


def test_a_refusal_says_the_same_as_json(client, alice):
    """D004-1: and a custom role that holds the permission is named, too."""
    keep(Role(name="Helper", permissions=int(Permission.MODERATE)))
    client.sign_in(alice)

    answer = client.get("/moderation/", headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json["error"]["missing"] == ["MODERATE"]
    assert answer.json["error"]["holders"] == ["Helper", "Moderator", "Administrator"]


@pytest.mark.parametrize("who", PEOPLE)
def test_no_link_on_any_page_leads_to_a_closed_door(client, cast, who):
    """The navigation shows only what may be opened."""
    if cast[who]:
        client.sign_in(cast[who])
    Page.insert_pages()  # as every site has them
    pages = crawl(client)

    assert {page.status for page in pages.values()} == {200}
    assert who == "visitor" or LOGIN not in pages
    assert ("/moderation/" in pages) == (who in ("mona", "ada"))
    assert ("/admin/" in pages) == (who == "ada")


@pytest.mark.parametrize("path", ["/nowhere", "/auth/nowhere", "/static/nowhere.css"])
def test_a_page_that_is_not_there_is_a_404_for_an_unconfirmed_member_too(client, path):
    """D001-2."""
    client.sign_in(make_user("newcomer", confirmed=False))

    page = client.get(path)

    assert page.status_code == 404
    assert "Confirm your address" in page.text


def test_an_unconfirmed_member_gets_out_of_the_fence_by_confirming(client):
    newcomer = make_user("newcomer", confirmed=False)
    client.sign_in(newcomer)
    assert client.get("/settings/profile").location == CONFIRM

    client.post(f"/auth/confirm/{newcomer.generate_confirmation_token()}")

    assert client.get("/settings/profile").status_code == 200


@pytest.mark.parametrize("path", ["/", "/admin/", "/auth/change-email", "/settings/sessions"])
def test_who_must_change_their_password_does_so_before_all_else(client, ada, path):
    ada.require_new_password()
    client.sign_in(ada)

    assert client.get(path).location == "/auth/change-password"


def test_the_password_fence_falls_with_the_new_password(client, ada):
    ada.require_new_password()
    client.sign_in(ada)
    new = "copper meadow 48 flute"

    client.post(
        "/auth/change-password", data=dict(old_password=PASSWORD, password=new, password2=new)
    )

    assert client.get("/admin/").status_code == 200


def test_behind_the_password_fence_one_can_still_leave(client, ada):
    ada.require_new_password()
    client.sign_in(ada)

    assert client.get("/auth/change-password").status_code == 200
    assert client.get("/nowhere").status_code == 404
    assert client.post("/auth/logout").location == "/"


def sign_in(client, login):
    return client.post("/auth/login", data={"login": login, "password": PASSWORD})


@pytest.mark.parametrize(
    "who, page", [("alice", "/"), ("mona", "/moderation/"), ("ada", "/admin/")]
)
def test_one_lands_on_the_page_of_ones_role(client, cast, who, page):
    """D001-11."""
    assert sign_in(client, who).location == page


@pytest.mark.parametrize("index", ["admin.index", "main", "nowhere.at_all", "", "main.user"])
def test_a_role_whose_page_is_closed_or_gone_lands_at_home(client, index):
    """D001-11."""
    keep(Role(name="Odd", permissions=1, index=index))
    make_user("otto", role="Odd")

    assert sign_in(client, "otto").location == "/"


def test_somebody_without_a_role_opens_what_every_member_may(client):
    client.sign_in(make_user("nell", role=None))

    assert client.get("/").status_code == 200
    assert client.get("/settings/profile").status_code == 200
    assert client.get("/moderation/").status_code == 403


def test_a_permission_counts_from_the_next_request(client, alice):
    """R-61: given and taken away."""
    client.sign_in(alice)
    seen = []
    for role in ("User", "Moderator", "User"):
        alice.role = Role.named(role)
        seen.append(client.get("/moderation/").status_code)

    assert seen == [403, 200, 403]


def test_neither_moderators_nor_administrators_reach_into_sessions_of_others(client, alice, cast):
    """R-81, R-63: as pages go."""
    row = client.sign_in(alice)
    for staff in ("mona", "ada"):
        client.sign_in(cast[staff])
        assert client.post(f"/settings/sessions/{row.id}/end").status_code == 404

    assert row.id in {session.id for session in everything()["user_sessions"]}


def test_profiles_of_unproven_and_closed_accounts_are_for_staff(client, alice, mona):
    newcomer, closed = make_user("newcomer", confirmed=False), make_user("gone")
    closed.deactivated_at = utcnow()
    db.session.commit()

    seen = {}
    for person in (alice, mona):
        client.sign_in(person)
        paths = [f"/user/{user.username}" for user in (newcomer, closed)]
        seen[person.username] = [client.get(path).status_code for path in paths]

    assert seen == {"alice": [404, 404], "mona": [200, 200]}

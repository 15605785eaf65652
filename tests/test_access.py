"""Who may open what: the table that the policies in the code must come to, and each door tried."""

import inspect

import pytest
from crawling import crawl, token_pages
from factories import PASSWORD, everything_but_visits, keep, make_post, make_user

import app.web.templating
from app import create_app
from app.access.map import CONFIRM, STANDING, access_map, kinds_of
from app.decorators import HOME, OPENS, OWN_ONLY, REFUSED, SIGN_IN, permission_required
from app.extensions import db
from app.models import Page, Permission, Role
from app.models.fields import utcnow

LOGIN, UNCONFIRMED = "/auth/login", "/auth/unconfirmed"

# who:      visitor, unconfirmed, suspended, User, Moderator, Administrator
ALWAYS = 6 * (OPENS,)
PAGE = (OPENS, CONFIRM, STANDING, *3 * [OPENS])
TEXT = (OPENS, CONFIRM, *4 * [OPENS])
VISITOR = (OPENS, *5 * [HOME])
ACCOUNT = (SIGN_IN, *5 * [OPENS])
MEMBER = (SIGN_IN, CONFIRM, STANDING, *3 * [OPENS])
SUSPENDED = (SIGN_IN, CONFIRM, *4 * [OPENS])  # members, also while they are suspended
MODERATOR = (SIGN_IN, CONFIRM, STANDING, REFUSED, OPENS, OPENS)
ADMIN = (SIGN_IN, CONFIRM, STANDING, REFUSED, REFUSED, OPENS)

ACCESS = {
    "admin.access": ADMIN,
    "admin.act_on_user": ADMIN,
    "admin.act_on_users": ADMIN,
    "admin.audit": ADMIN,
    "admin.cancel_import": ADMIN,
    "admin.change_address": ADMIN,
    "admin.edit_user": ADMIN,
    "admin.change_role": ADMIN,
    "admin.decide_on_newcomer": ADMIN,
    "admin.decide_on_role_request": ADMIN,
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
    "admin.retry_all_mails": ADMIN,
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
    "auth.join_again": ALWAYS,
    "auth.login": VISITOR,
    "auth.logout": ACCOUNT,
    "auth.password_strength": ALWAYS,
    "auth.register": VISITOR,
    "auth.resend_confirmation": ACCOUNT,
    "auth.reset": ALWAYS,
    "auth.reset_request": VISITOR,
    "auth.revert_email": ALWAYS,
    "auth.unconfirmed": ACCOUNT,
    "auth.waiting": ACCOUNT,
    "bootstrap.static": ALWAYS,
    "dev.mailbox": ALWAYS,
    "account.ask_for_data": SUSPENDED,
    "account.ask_for_role": MEMBER,
    "main.avatar": ALWAYS,
    "main.bookmark": MEMBER,
    "main.bookmarks": MEMBER,
    "main.choose_feed": MEMBER,
    "main.close_post": MEMBER,
    "main.comment": PAGE,
    "main.comment_history": PAGE,
    "account.data": SUSPENDED,
    "account.delete_account": SUSPENDED,
    "main.delete_comment": MEMBER,
    "main.delete_post": MEMBER,
    "account.download_data": SUSPENDED,
    "main.edit_comment": MEMBER,
    "account.edit_picture": MEMBER,
    "main.edit_post": MEMBER,
    "account.edit_profile": MEMBER,
    "account.end_other_sessions": MEMBER,
    "account.end_session": MEMBER,
    "account.end_view_as": ACCOUNT,
    "main.follow": MEMBER,
    "main.followers": PAGE,
    "main.following": PAGE,
    "main.held": MEMBER,
    "main.healthz": ALWAYS,
    "main.index": PAGE,
    "account.keep_account": ACCOUNT,
    "main.like": MEMBER,
    "main.log": PAGE,
    "main.log_entry": PAGE,
    "main.log_feed": PAGE,
    "main.moment_js": ALWAYS,
    "main.mute": MEMBER,
    "main.muted": MEMBER,
    "account.notification_settings": MEMBER,
    "account.notifications": MEMBER,
    "account.open_notification": MEMBER,
    "main.open_post": MEMBER,
    "main.page": TEXT,
    "main.picture": ALWAYS,
    "main.post": PAGE,
    "main.post_history": PAGE,
    "account.read_notification": MEMBER,
    "account.read_notifications": MEMBER,
    "main.readyz": ALWAYS,
    "account.remove_picture": MEMBER,
    "main.report_comment": MEMBER,
    "main.report_post": MEMBER,
    "main.report_user": MEMBER,
    "main.reports": MEMBER,
    "main.robots": PAGE,
    "main.search": PAGE,
    "account.sessions": MEMBER,
    "main.site_feed": PAGE,
    "main.sitemap": PAGE,
    "main.sitemap_part": PAGE,
    "main.tag": PAGE,
    "main.tag_feed": PAGE,
    "main.transparency": PAGE,
    "main.transparency_month": PAGE,
    "main.unbookmark": MEMBER,
    "main.unfollow": MEMBER,
    "main.unlike": MEMBER,
    "main.unmute": MEMBER,
    "account.unsubscribe": ALWAYS,
    "main.unwatch": MEMBER,
    "main.user": PAGE,
    "main.user_comments": PAGE,
    "main.user_feed": PAGE,
    "main.watch": MEMBER,
    "account.withdraw_role_request": MEMBER,
    "moderation.act_on_text": MODERATOR,
    "moderation.add_note": MODERATOR,
    "moderation.clean_up": MODERATOR,
    "moderation.edit_text": MODERATOR,
    "moderation.people": MODERATOR,
    "moderation.person": MODERATOR,
    "moderation.queue": MODERATOR,
    "moderation.remove_note": MODERATOR,
    "moderation.remove_text": ADMIN,
    "moderation.start_clean_up": MODERATOR,
    "moderation.text": MODERATOR,
    "moderation.undo_clean_up": MODERATOR,
    "moderation.decide_on_held": MODERATOR,
    "moderation.held": MODERATOR,
    "moderation.remove_word": MODERATOR,
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
    "account.appeal": SUSPENDED,
    "account.appeal_comment": SUSPENDED,
    "account.appeal_post": SUSPENDED,
    "account.appeal_sanction": SUSPENDED,
    "account.standing": SUSPENDED,
    "moderation.appeal": MODERATOR,
    "moderation.appeals": MODERATOR,
    "moderation.decide_on_appeal": MODERATOR,
    "moderation.lift_sanction": MODERATOR,
    "moderation.sanction": MODERATOR,
}
KINDS = ["visitor", "unconfirmed", "suspended"]
KINDS += ["role User", "role Moderator", "role Administrator"]
PEOPLE = ["visitor", "newcomer", "alice", "mona", "ada"]


@pytest.fixture
def cast(app, alice, mona, ada):
    newcomer = make_user("newcomer", confirmed=False)
    return dict(visitor=None, newcomer=newcomer, alice=alice, mona=mona, ada=ada)


def test_every_endpoint_is_in_the_table(app):
    """R-76."""
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ACCESS)


def test_each_endpoint_is_to_each_kind_of_person_what_the_table_says(app):
    """R-77, R-79, R-80: as policies and fences answer; test_access_map.py tries them."""
    doors = access_map(kinds_of(Role.all()))
    said = {door.endpoint: tuple(door.outcomes.values()) for door in doors}

    assert list(doors[0].outcomes) == KINDS
    own = {OWN_ONLY: OPENS}
    assert {name: tuple(own.get(o, o) for o in row) for name, row in said.items()} == ACCESS


def test_a_visitor_is_led_to_sign_in_and_from_there_to_the_page(client, ada):
    """D000-1: no bare 401."""
    for path in ("/settings/profile", "/admin/"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (302, f"{LOGIN}?next={path}")

        form = {"login": "ada", "password": PASSWORD}
        assert client.post(answer.location, data=form).location == path
        client.sign_out()


def test_visitors_and_unconfirmed_people_write_nothing(client, alice):
    """R-79, R-80."""
    post = make_post(alice)
    newcomer = make_user("newcomer", confirmed=False)
    before = everything_but_visits()

    for path in ("/", f"/post/{post.id}", f"/post/{post.id}/like", "/user/alice/follow"):
        assert client.post(path).location.startswith(LOGIN)
        assert client.post(path, data={"body": "Hello."}).status_code == 401
    client.sign_in(newcomer)
    client.get("/")
    for path in ("/", f"/post/{post.id}", f"/post/{post.id}/like", "/user/alice/follow"):
        assert client.post(path, data={"body": "Hello."}).location == UNCONFIRMED
    after = everything_but_visits()
    del before["user_sessions"], after["user_sessions"]
    assert after == before


def forgotten():
    return "Nobody said who may see this."


@pytest.mark.parametrize("endpoint", ["forgotten", "main.forgotten"])
def test_the_site_does_not_start_with_an_endpoint_without_a_policy(monkeypatch, endpoint):
    """R-76: it is named, with file and line."""
    line = inspect.getsourcelines(forgotten)[1]

    def add_one(app):
        app.add_url_rule("/forgotten", endpoint, forgotten)

    monkeypatch.setattr(app.web.templating, "init_app", add_one)

    with pytest.raises(RuntimeError, match=rf"{endpoint} \(.*test_access\.py:{line}\)"):
        create_app("testing")


def test_a_view_behind_a_gate_needs_no_policy_of_its_own(monkeypatch):
    """R-76, the other side of it."""
    add_one = lambda app: app.add_url_rule("/x", "admin.x", forgotten)  # noqa: E731
    init_app = app.web.templating.init_app
    monkeypatch.setattr(app.web.templating, "init_app", lambda a: (init_app(a), add_one(a)))

    policy = create_app("testing").extensions["access"]["admin.x"]

    assert policy.permission is Permission.ADMIN


def test_a_refusal_names_the_permission_and_who_holds_it(client, alice):
    """D004-1: as a page with status 403."""
    client.sign_in(alice)

    page = client.get("/moderation/")

    assert page.status_code == 403
    words = "You need the permission MODERATE. The roles Moderator and Administrator have it."
    assert words in page.text


def test_a_refusal_names_only_what_the_person_lacks(app, client, alice, mona, monkeypatch):
    """D004-1: where two permissions are asked for at once."""
    both = permission_required(Permission.MODERATE | Permission.ADMIN)
    monkeypatch.setitem(app.view_functions, "main.index", both(lambda: "in"))

    for person, missing in ((alice, ["MODERATE", "ADMIN"]), (mona, ["ADMIN"])):
        client.sign_in(person)
        answer = client.get("/", headers={"Accept": "application/json"})
        assert answer.json["error"]["missing"] == missing
        assert answer.json["error"]["holders"] == ["Administrator"]
        words = f"{' and '.join(missing)}. The role Administrator"
        assert words in client.get("/").text


def test_a_refusal_says_the_same_as_json(client, alice):
    """D004-1: and a custom role that holds the permission is named, too."""
    keep(Role(name="Helper", permissions=int(Permission.MODERATE)))
    client.sign_in(alice)

    answer = client.get("/moderation/", headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json["error"]["missing"] == ["MODERATE"]
    assert answer.json["error"]["holders"] == ["Helper", "Moderator", "Administrator"]


def loads_nothing_from_elsewhere(page):
    """R-27, R-18: and no script stands in the page."""
    return (
        all(url.startswith("/") and not url.startswith("//") for url in page.loads)
        and all(script.get("src") for script in page.scripts)
        and not (" style=" in page.text or " onclick=" in page.text)
    )


def no_cache_keeps(page):
    """R-24, R-54."""
    return page.headers["Cache-Control"] == "no-store" and "Cookie" in page.headers["Vary"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "who",
    ["alice", *(pytest.param(who, marks=pytest.mark.large) for who in PEOPLE if who != "alice")],
)
def test_every_page_that_is_linked_to_opens_and_keeps_to_itself(client, cast, who):
    """The journey over every page, and over those that mails lead to."""
    person = cast[who]
    if person:
        client.sign_in(person)
    Page.insert_pages()  # as every site has them
    pages = crawl(client, *token_pages(person or cast["alice"]))

    assert {path: page.status for path, page in pages.items() if page.status != 200} == {}
    assert who == "visitor" or LOGIN not in pages
    assert ("/moderation/" in pages) == (who in ("mona", "ada"))
    assert ("/admin/" in pages) == (who == "ada")
    assert [path for path, page in pages.items() if not loads_nothing_from_elsewhere(page)] == []
    if person:
        assert [path for path, page in pages.items() if not no_cache_keeps(page)] == []


def test_a_page_that_is_not_there_is_a_404_for_an_unconfirmed_member_too(client):
    """D001-2."""
    client.sign_in(make_user("newcomer", confirmed=False))

    for path in ("/nowhere", "/static/nowhere.css"):
        page = client.get(path)
        assert page.status_code == 404
        assert "Confirm your email" in page.text


def test_an_unconfirmed_member_gets_out_of_the_fence_by_confirming(client):
    newcomer = make_user("newcomer", confirmed=False)
    client.sign_in(newcomer)
    assert client.get("/settings/profile").location == UNCONFIRMED

    client.post(f"/auth/confirm/{newcomer.generate_confirmation_token()}")

    assert client.get("/settings/profile").status_code == 200


def test_who_must_change_their_password_does_so_before_all_else(client, ada):
    ada.require_new_password()
    client.sign_in(ada)

    for path in ("/", "/admin/", "/auth/change-email"):
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


def test_one_lands_on_the_page_of_ones_role(client, alice, mona, ada):
    """D001-11: at home where that page is closed to the role, or gone."""
    landed = {}
    for name, index in (("closed", "admin.index"), ("gone", "nowhere.at_all"), ("none", "")):
        keep(Role(name=name, permissions=1, index=index))
        make_user(name, role=name)
    for login in ("alice", "mona", "ada", "closed", "gone", "none"):
        landed[login] = sign_in(client, login).location
        client.sign_out()

    staff = {"mona": "/moderation/", "ada": "/admin/"}
    assert landed == dict.fromkeys(["alice", "closed", "gone", "none"], "/") | staff


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

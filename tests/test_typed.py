"""What somebody typed is never lost: it comes back, whatever kept the form from being taken."""

import re
from html import unescape

from crawling import Page
from factories import PASSWORD, make_post, make_report, make_user

from app.extensions import db
from app.models import Comment, Setting, User, UserSession

LOGIN = {"login": "alice", "password": PASSWORD}
HERE = {"Origin": "http://localhost"}
TEXT = 'A <long> & "dear" text,\nof two lines.'


def sent_by(page, **more):
    """What a browser sends that presses the button of the page's only form of POST."""
    (form,) = (form for form in page.posting if form.action != "/auth/logout")
    return form.action, form.sends | more


def test_what_was_typed_comes_back_behind_the_sign_in(client, alice):
    """The session was ended meanwhile; every form of several fields has what it had."""
    post = make_post()
    forms = {
        f"/post/{post.id}": {"body": TEXT, "key": "k" * 32},
        "/settings/profile": {"first_name": "Ali", "about_me": TEXT},
        f"/post/{post.id}/report": {"category": "Spam", "reason": TEXT},
    }
    for path, data in forms.items():
        client.sign_in(alice)
        UserSession.end_all(alice)
        asked = client.post(path, data=data)
        assert asked.status_code == 401 and "Sign in to get back what you typed" in asked.text

        action, fields = sent_by(Page(path, asked), **LOGIN)
        assert action == "/auth/login" and "Too many" not in asked.text
        back = client.post(action, data=fields)
        assert back.status_code == 200 and "Back to the form" in back.text
        to, fields = sent_by(Page(action, back))
        form = client.post(to, data=fields)

        assert "Not sent yet." in form.text, path
        shown = Page(path, form)
        (sends,) = (f.sends for f in shown.posting if f.action.partition("#")[0] == path)
        assert {name: sends[name] for name in data} == data
        client.sign_out()
    assert db.session.scalars(db.select(Comment)).all() == [] and alice.about_me == ""


def test_a_wrong_password_on_the_way_loses_nothing(client, alice):
    asked = client.post("/", data={"body": TEXT})
    action, fields = sent_by(Page("/", asked), login="alice", password="wrong")

    again = Page(action, client.post(action, data=fields))

    assert sent_by(again)[1]["parked"] == fields["parked"]


def test_passwords_tokens_and_buttons_are_not_kept(client, alice):
    """A button leads back to its page, and only there."""
    data = {"old_password": PASSWORD, "password": "one two", "password2": "one two"}
    assert client.post("/auth/change-password", data=data).status_code == 302
    for path, leads in (("/post/7", "/post/7"), ("https://evil.example", None)):
        answer = client.post("/user/alice/follow", data={"next": path})
        assert answer.location == "/auth/login" + (f"?next={leads}" if leads else "")


def test_what_the_sign_in_form_carries_is_ours_alone(client, alice):
    asked = client.post("/", data={"body": TEXT})
    _, fields = sent_by(Page("/", asked), **LOGIN)

    answer = client.post("/auth/login", data=fields | {"parked": fields["parked"][::-1]})

    assert answer.status_code == 302


def test_no_other_site_can_plant_a_text_behind_the_sign_in(strict_client, alice):
    """Only a browser that says the form came from here is believed, where no token proves it."""
    said = {}
    for name, headers in {
        "here": HERE,
        "fetched": {"Sec-Fetch-Site": "same-origin"},
        "elsewhere": {"Origin": "https://evil.example"},
        "beside": {"Sec-Fetch-Site": "same-site", **HERE},
        "hidden": {"Origin": "null"},
        "silent": {},
    }.items():
        page = strict_client.post("/", data={"body": TEXT}, headers=headers)
        said[name] = page.status_code, "dear" in page.text or "parked" in page.text

    kept, not_kept = (401, True), (400, False)
    assert said == dict(here=kept, fetched=kept) | dict.fromkeys(
        ("elsewhere", "beside", "hidden", "silent"), not_kept
    )


def test_the_way_back_to_the_form_has_the_token_of_the_new_session(strict_client, alice):
    asked = strict_client.post("/", data={"body": TEXT}, headers=HERE)
    action, fields = sent_by(Page("/", asked), **LOGIN)

    back = strict_client.post(action, data=fields)
    to, fields = sent_by(Page(action, back))

    assert strict_client.post(to, data=fields).status_code == 200


def test_a_stale_form_of_several_fields_comes_back_too(strict_client, alice):
    strict_client.sign_in(alice)
    data = {"first_name": "Ali", "about_me": TEXT, "csrf_token": "stale"}

    page = strict_client.post("/settings/profile", data=data)
    action, fields = sent_by(Page("/settings/profile", page))
    form = strict_client.post(action, data=fields)

    assert page.status_code == 400 and action == "/settings/profile"
    assert "Not sent yet." in form.text and "dear" in form.text
    assert User.with_username("alice").about_me == ""


def test_who_is_refused_can_take_along_what_they_typed(client, alice, ada, app, monkeypatch):
    """While the site is frozen or looked at as another role, after too many tries, and so on."""
    post, data = make_post(), {"body": TEXT, "reason": TEXT, "category": "Spam"}
    client.sign_in(alice)
    seen = {}

    def kept(name, path, status):
        page = client.post(path, data=data)
        text = re.search(r"<textarea[^>]*readonly>\n?(.*?)</textarea>", page.text, re.DOTALL)
        seen[name] = page.status_code == status and text and unescape(text[1]) == TEXT

    kept("not there", "/post/999999", 404)
    Setting.change(frozen=True)
    kept("frozen", f"/post/{post.id}", 403)
    Setting.change(frozen=False)
    monkeypatch.setitem(app.config, "LIMITS", app.config["LIMITS"] | {"reports": "1 per hour"})
    for _ in range(2):
        client.post(f"/post/{make_post().id}/report", data={"category": "Spam", "reason": "Look."})
    kept("too often", f"/post/{post.id}/report", 429)
    too_much = client.post(f"/post/{post.id}", data={"body": TEXT + "x" * 300_000})
    seen["too much"] = too_much.status_code == 413 and "of two lines.xxx" in too_much.text
    client.sign_in(ada)
    client.post(f"/admin/roles/{make_user().role_id}/view")
    kept("as another role", f"/post/{post.id}", 403)

    assert seen == dict.fromkeys(seen, True)


def test_an_act_that_is_refused_on_a_second_look_keeps_its_form(client, ada, alice):
    """The address was free when the form was looked at, and is taken when it is to be given."""
    make_user("bob", email="taken@example.org")
    client.sign_in(ada)
    form = {"email": "taken@example.org", "reason": "She asked for it by phone."}

    page = client.post(f"/admin/users/{alice.id}/address", data=form)

    assert page.status_code == 200
    assert "taken@example.org" in page.text and "She asked for it by phone." in page.text


def test_a_stale_form_to_edit_keeps_the_version_that_it_started_from(strict_client, alice):
    """Else its second try would overwrite what came meanwhile."""
    post = make_post(alice, body="First.")
    strict_client.sign_in(alice)
    data = {"body": TEXT, "version": "body:0123", "csrf_token": "stale"}

    action, fields = sent_by(Page("/", strict_client.post(f"/post/{post.id}/edit", data=data)))

    assert fields["version"] == "body:0123" and fields["body"] == TEXT.replace("\r", "")


def test_a_refusal_on_a_second_look_gives_back_the_reason(client, alice, mona, ada):
    """Two moderators decide at once: the one who comes second has typed in vain, and keeps it."""
    post, reason = make_post(alice), "It tells where she lives."
    case = make_report(post).case
    note, member = f"/moderation/people/{ada.username}/notes", f"/admin/users/{ada.id}/deactivate"
    case.dismiss(by=ada, reason="It is fine.")
    sent = {
        f"/moderation/case/{case.id}/rule": {"ruling": "hide", "reason": reason},
        f"/moderation/held/post/{post.id}": {"decline": "1", "version": "1", "reason": reason},
        note: {"text": reason},
    }
    client.sign_in(mona)
    pages = {path: client.post(path, data=data) for path, data in sent.items()}
    client.sign_in(ada)
    pages[member] = client.post(member, data={"reason": reason})

    assert {path: (page.status_code, reason in page.text) for path, page in pages.items()} == (
        dict.fromkeys(pages, (409, True))
    )


def test_the_page_that_gives_a_text_back_leads_to_where_it_was_typed(client, alice):
    client.sign_in(alice)
    leads = {}
    for said in ("http://localhost/post/7?a=b", "https://evil.example/", "http://localhost//evil"):
        page = client.post("/post/999999", data={"body": TEXT}, headers={"Referer": said})
        leads[said] = re.findall(r'href="([^"]*)">Back to the page', page.text)

    assert list(leads.values()) == [["/post/7?a=b"], [], []]


def test_a_button_is_nothing_that_was_typed(client, mona, alice):
    client.sign_in(mona)
    data = {"reason": "She is right.", "confirm": "Confirm it", "body": "Text."}
    page = client.post("/moderation/appeals/99999/decide", data=data).text

    assert "She is right." in page and ">Your text<" in page and "Confirm it" not in page


def test_a_list_shows_what_was_ticked_when_its_form_comes_back(client, ada, alice, bob):
    client.sign_in(ada)
    data = dict(restored="1", people=[alice.id], act="deactivate", reason="Spam.")
    page = client.post("/admin/users/bulk", data=data).text

    assert "Not sent yet." in page and "Spam." in page
    (box,) = re.findall(rf'<input[^>]*name="people"[^>]*value="{alice.id}"[^>]*>', page)
    assert "checked" in box

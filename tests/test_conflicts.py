"""Two tabs, two people: no change is overwritten by a form that was opened before it."""

import re

import pytest
from crawling import Page, crawl
from factories import keep, make_comment, make_post, make_report

from app.extensions import db
from app.models import Post, Role
from app.models.errors import ChangedMeanwhile
from app.models.site.setting import current_settings

PROPOSALS = "/outbox", "/change-password", "/sanction", "/rule"  # what such forms begin with
CHANGED = "changed this after you opened the form"


def opened(client, path):
    """What a browser would send of the form that a page has, untouched."""
    (form,) = (f for f in Page(path, client.get(path)).posting if "version" in f.sends)
    return form.sends


def both(first, second, path, **changes):
    """Two open a form, one after the other changes it; return what the second is answered."""
    one, two = opened(first, path), opened(second, path)
    name = next(iter(changes))
    first.post(path, data=one | {name: changes[name][0], "reason": "Mine."})
    return path, second.post(path, data=two | {name: changes[name][1], "reason": "Mine."})


@pytest.fixture
def other(app):
    """A second browser."""
    return app.test_client()


@pytest.mark.parametrize("kind", ["post", "comment"])
def test_a_text_that_was_changed_meanwhile_is_shown_beside_mine(client, other, alice, kind):
    text = make_post(alice) if kind == "post" else make_comment(make_post(), author=alice)
    client.sign_in(alice), other.sign_in(alice)

    path, page = both(client, other, f"/{kind}/{text.id}/edit", body=("One.", "Two."))
    assert page.status_code == 200 and CHANGED in page.text and text.body == "One."
    assert "alice changed this" in page.text and ">One.</div>" in page.text
    (form,) = (f for f in Page(path, page).posting if "version" in f.sends)
    assert form.sends["body"] == "Two."

    other.post(path, data=form.sends)
    assert text.body == "Two."


def test_neither_the_author_nor_a_moderator_overwrites_the_other(client, other, alice, mona):
    """What a moderator took out does not come back from a tab of its author."""
    post = make_post(alice, body="Call me: 555 0100.")
    client.sign_in(alice), other.sign_in(mona)
    edit, moderate = f"/post/{post.id}/edit", f"/moderation/post/{post.id}/edit"
    mine, theirs = opened(client, edit), opened(other, moderate)

    other.post(moderate, data=theirs | {"body": "Call me.", "reason": "A number."})
    page = client.post(edit, data=mine | {"body": "Call me: 555 0100!"})
    assert "mona changed this" in page.text and post.body == "Call me."

    client.post(edit, data=opened(client, edit) | {"body": "Write to me."})
    page = other.post(moderate, data=theirs | {"body": "Call.", "reason": "A number."})
    assert "alice changed this" in page.text and "A number." in page.text
    assert post.body == "Write to me."


def test_profiles_choices_roles_and_settings_are_compared_too(client, other, alice, ada):
    role = keep(Role(name="Helper", permissions=7, description="Old."))
    db.session.commit()
    client.sign_in(alice), other.sign_in(alice)
    _, profile = both(client, other, "/settings/profile", about_me=("One.", "Two."))
    choice = "mention_mail"
    _, choices = both(client, other, "/settings/notifications", **{choice: ("daily", "never")})
    client.sign_in(ada), other.sign_in(ada)
    _, shape = both(client, other, f"/admin/roles/{role.id}", description=("One.", "Two."))
    _, named = both(client, other, "/admin/settings", site_name=("One", "Two"))

    assert [CHANGED in p.text for p in (profile, choices, shape, named)] == [True] * 4
    assert "Once a day" in choices.text and "Never" in choices.text
    assert (alice.about_me, role.description) == ("One.", "One.")
    assert current_settings().site_name == "One"


def test_two_changes_of_different_fields_are_both_kept(client, other, ada):
    client.sign_in(ada), other.sign_in(ada)
    one, two = opened(client, "/admin/settings"), opened(other, "/admin/settings")

    client.post("/admin/settings", data=one | {"site_name": "House", "posts_per_page": "10"})
    other.post("/admin/settings", data=two | {"welcome": "Hello.", "hold_links": "y"})

    after = current_settings()
    assert (after.site_name, after.posts_per_page) == ("House", 10)
    assert (after.welcome, after.hold_links) == ("Hello.", True)


def test_a_form_without_a_version_is_taken_as_it_is(client, alice):
    post = make_post(alice)
    client.sign_in(alice)

    assert client.post(f"/post/{post.id}/edit", data={"body": "New."}).status_code == 302
    assert post.body == "New."


def test_nonsense_for_a_version_overwrites_nothing(client, alice):
    post = make_post(alice, body="Old.")
    client.sign_in(alice)

    for version in ("x", "body", "body:", ":", "9" * 400, "body:\u0663", "other:0123"):
        page = client.post(f"/post/{post.id}/edit", data={"body": "New.", "version": version})
        assert CHANGED in page.text, version
    assert post.body == "Old."


def test_what_is_sent_as_it_was_or_as_others_made_it_is_no_conflict(client, other, alice):
    """Line ends, blanks around it, and the same change made twice."""
    post = make_post(alice, body="One.\n\nTwo.")
    client.sign_in(alice), other.sign_in(alice)
    path = f"/post/{post.id}/edit"
    mine = opened(client, path)

    post.edit("Three.", by=alice)
    answers = [
        client.post(path, data=mine | {"body": body})
        for body in ("One.\r\n\r\nTwo.", "  Three.\r\n")
    ]

    assert [a.status_code for a in answers] == [302, 302] and post.body == "Three."


@pytest.mark.both_databases
def test_a_change_at_the_very_same_moment_is_noticed_behind_the_lock(app, alice):
    post = make_post(alice, body="Old.")
    since = post.version
    db.session.commit()
    post.edit("Theirs.", by=alice, since=since)

    with pytest.raises(ChangedMeanwhile):
        post.edit("Mine.", by=alice, since=since)
    assert db.session.get(Post, post.id).body == "Theirs."


def test_the_page_shows_what_came_between_the_look_and_the_lock(client, alice, monkeypatch):
    post, edit = make_post(alice, body="Old."), Post.edit
    client.sign_in(alice)
    path = f"/post/{post.id}/edit"
    mine = opened(client, path)

    def late(self, text, **values):
        monkeypatch.setattr(Post, "edit", edit)
        edit(self, "Theirs.", by=values["by"])
        db.session.commit()
        return edit(self, text, **values)

    monkeypatch.setattr(Post, "edit", late)
    page = client.post(path, data=mine | {"body": "Mine."})

    assert CHANGED in page.text and ">Theirs.</div>" in page.text and post.body == "Theirs."


def test_every_form_that_begins_with_what_is_there_carries_its_version(client, alice, bob, ada):
    """Another such form needs `Versioned`, unless it is a proposal that nothing depends on."""
    alice.first_name, ada.first_name = "Alice", "Ada"
    role, theirs, own = Role.named("User"), make_post(alice), make_post(ada)
    make_report(theirs)
    client.sign_in(ada)
    starts = [f"/admin/users/{alice.id}/role", f"/admin/roles/{role.id}", f"/post/{own.id}/edit"]
    pages = crawl(client, f"/moderation/post/{theirs.id}/edit", *starts)

    found = {
        re.sub(r"\d+", "{}", form.action): "version" in form.sends
        for page in pages.values()
        for form in page.posting
        if any(form.sends.get(name, "").strip() for name in form.texts)
    }
    bare = {path for path, versioned in found.items() if not versioned}
    assert {path for path in bare if not path.endswith(PROPOSALS)} == set()
    assert len(found) - len(bare) > 4

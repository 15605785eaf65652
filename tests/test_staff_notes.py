"""Staff notes about members: for staff alone, wherever one looks."""

import pytest
from factories import everything, keep, make_user
from sqlalchemy import select

from app.data_export.sections import acts_of_staff
from app.extensions import db
from app.models import AuditEntry, Role, StaffNote
from app.models.errors import Refused
from app.models.retention.erasure import delete_account

SECRET = "Has two accounts, I think."


def notes():
    return db.session.scalars(select(StaffNote).order_by(StaffNote.id)).all()


def add(client, username="alice", text=SECRET):
    return client.post(f"/moderation/people/{username}/notes", data=dict(text=text))


def test_a_note_is_read_by_other_staff_and_the_log_holds_none_of_it(client, alice, mona, ada):
    client.sign_in(mona)
    assert add(client).location == "/moderation/people/alice"

    client.sign_in(ada)
    page = client.get("/moderation/people/alice").text

    entry = db.session.scalars(AuditEntry.about(alice)).one()
    assert SECRET in page and "mona" in page
    assert (entry.action, entry.before, entry.after, entry.reason) == ("add note", "", "", "")
    assert str(everything()).count(SECRET) == 1


def test_nobody_else_reads_a_note(client, alice, bob, mona):
    client.sign_in(mona)
    add(client)

    for person in (None, alice, bob):
        client.sign_in(person) if person else client.sign_out()
        for path in ("/user/alice", "/log", "/settings/data", "/moderation/people/alice"):
            assert SECRET not in client.get(path).text


def test_a_double_click_notes_once(client, alice, mona):
    client.sign_in(mona)
    add(client)
    add(client)
    add(client, text="Another one.")

    assert [note.text for note in notes()] == [SECRET, "Another one."]
    assert len(db.session.scalars(AuditEntry.about(alice)).all()) == 2


def test_what_is_no_note_is_said(client, alice, mona):
    client.sign_in(mona)

    assert "This field is required." in add(client, text=" ").text
    assert "at most 2000 characters" in add(client, text="x" * 2001).text
    assert notes() == []


def test_one_removes_ones_own_note_only(client, alice, mona, ada):
    for author in (mona, ada):
        StaffNote.add(alice, f"By {author.username}.", by=author)
    hers, adas = [note.id for note in notes()]
    client.sign_in(mona)

    for id in (hers, hers, adas):
        client.post(f"/moderation/notes/{id}/remove")

    assert [note.text for note in notes()] == ["By ada."]
    acts = [entry.action for entry in db.session.scalars(AuditEntry.about(alice))]
    assert acts == ["remove note", "add note", "add note"]


@pytest.mark.parametrize("who", ["mona", "ada"])
def test_staff_note_and_read_nothing_of_themselves_and_their_betters(client, mona, ada, who):
    about = dict(mona=mona, ada=ada)[who]
    keep(StaffNote(user_id=about.id, by_name="nora", text=SECRET))
    client.sign_in(mona)

    assert SECRET not in client.get(f"/moderation/people/{who}").text
    add(client, who, "Hm.")
    assert len(notes()) == 1


def test_equals_note_about_each_other(app, mona):
    other = make_user("max", role="Moderator")

    assert StaffNote.add(other, "On holiday.", by=mona)


def test_who_is_no_staff_any_longer_notes_nothing(app, alice, mona):
    mona.role = Role.named("User")

    with pytest.raises(Refused):
        StaffNote.add(alice, "Hm.", by=mona)


def test_a_note_stays_when_who_wrote_it_goes_and_goes_with_whom_it_is_about(app, alice, mona):
    StaffNote.add(alice, "Hm.", by=mona)
    delete_account(mona)
    db.session.expire_all()
    assert [(note.by_id, note.by_name) for note in notes()] == [(None, "mona")]

    delete_account(alice)
    assert notes() == []


def test_what_one_takes_along_does_not_tell_of_notes(app, alice, mona):
    StaffNote.add(alice, SECRET, by=mona)
    alice.edit(by=mona, reason="A typo.", location="Oslo")
    db.session.flush()

    acts = [row.action for row in db.session.execute(acts_of_staff(alice.id))]

    assert acts == ["edit"]

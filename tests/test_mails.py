"""What the mails about accounts say, as text and as HTML."""

import re
from datetime import timedelta

import pytest
from factories import keep, mails, make_post, make_user

from app import email
from app.email.content import MAILS as CONTENT_MAILS
from app.extensions import db
from app.models import (
    AccountDeletion,
    Appeal,
    CleanUp,
    DataExport,
    Invitation,
    Role,
    RoleRequest,
    Sanction,
)
from app.models.audit.actions import Action
from app.models.fields import utcnow
from app.web.requests import site_link

MAILS = {
    "account_made": ("Your account is ready", "7 days"),
    "address_assigned": ("Confirm your new email", "7 days"),
    "confirm": ("Confirm your email", "7 days"),
    "reset_password": ("Choose a new password", "1 hour"),
    "change_email": ("Confirm your new email", "1 hour"),
    "email_changed": ("Your email was changed", "7 days"),
    "data_ready": ("Your data is ready", None),
    "email_reverted": ("An account no longer uses your email", None),
    "leaving": ("Your account will be deleted", None),
    "left": ("Your account was deleted", None),
    "password_changed": ("Your password was changed", None),
    "already_registered": ("You already have an account", None),
    "address_taken": ("Your email is already in use", None),
    "role_changed": ("Your role is now User", None),
    "role_ended": ("Your role is User again", None),
    "role_ending": ("Your role as User ends soon", None),
    "role_kept": ("You keep the role User", None),
    "stays": ("Your account was not deleted", None),
    "invitation": ("You’re invited", "7 days"),
    "accepted": ("Your request to join was accepted", None),
    "declined": ("Your request to join was declined", None),
    "role_accepted": ("Your role request was accepted", None),
    "role_declined": ("Your role request was declined", None),
    "text_hidden": ("Your post was hidden", None),
    "text_restored": ("Your post was restored", None),
    "text_edited": ("Your post was edited", None),
    "text_removed": ("Your post was removed", None),
    "comments_closed": ("Comments on your post were closed", None),
    "cleaned_up": ("Your posts and comments were hidden", None),
    "clean_up_undone": ("Your posts and comments were restored", None),
    "text_declined": ("Your post was not approved", None),
    "sanctioned": ("You are silenced", None),
    "sanction_lifted": ("Your silence was lifted", None),
    "appeal_answered": ("New reply to your appeal", None),
    "appeal_decided": ("Decision on your appeal", None),
}
NEWS = {"digest", "notification", "staff_notice"}  # see test_digests.py, test_staff_notices.py
WORDS = "Hello from <b>here</b>.\nBe well."


def invitation_by(user):
    return keep(Invitation(email="nora@example.org", invited_by=user, greeting=WORDS))


def sanction_of(user):
    return Sanction.impose(user, "silence", by=make_user("mona", role="Moderator"), reason=WORDS)


def lifted(user):
    sanction = sanction_of(user)
    sanction.lift(by=make_user(role="Moderator"), reason=WORDS)
    return sanction


def appeal_of(user):
    return Appeal.open(sanction_of(user), by=user, body="Alicia of Nowhere")


def answered(user):
    mona, appeal = make_user(role="Moderator"), appeal_of(user)
    return appeal.say(by=mona, body="Alicia of Nowhere")


def decided(user):
    appeal = appeal_of(user)
    appeal.decide("confirmed", by=make_user(role="Moderator"), answer=WORDS)
    return appeal


def request_of(user):
    return keep(RoleRequest(user=user, role=Role.named("Moderator"), reason="Alicia of Nowhere"))


def about_content(action):
    return lambda user: email.send_content_mail(action, make_post(user), by=user, reason=WORDS)


def clean_up_of(user):
    return keep(CleanUp(user=user, by_name="mona", since=utcnow(), reason=WORDS))


def warning_of(user):
    return Sanction(user=user, kind="warning", reason=WORDS, by_name=user.username)


SENDERS = {
    "account_made": email.send_account_made,
    "address_assigned": email.send_address_assigned,
    "confirm": email.send_confirmation,
    "reset_password": email.send_reset_password,
    "change_email": lambda user: email.send_change_email(user, "new@example.org"),
    "email_changed": lambda user: email.send_email_changed(user, "old@example.org"),
    "data_ready": lambda user: email.send_data_ready(user, DataExport(ready_at=utcnow())),
    "email_reverted": lambda user: email.send_email_reverted(user, "left@example.org"),
    "leaving": lambda user: email.send_leaving(user, leaving(user)),
    "left": email.send_left,
    "password_changed": email.send_password_changed,
    "already_registered": email.send_already_registered,
    "address_taken": email.send_address_taken,
    "role_changed": email.send_role_changed,
    "role_ended": lambda user: email.send_role_ended(user, Role.named("Moderator")),
    "role_ending": lambda user: email.send_role_ending(ending(user)),
    "role_kept": lambda user: email.send_role_kept(user, user.role),
    "stays": email.send_stays,
    "invitation": lambda user: email.send_invitation(invitation_by(user)),
    "accepted": lambda user: email.send_accepted(user, user, WORDS),
    "declined": lambda user: email.send_declined(user, user, WORDS),
    "role_accepted": lambda user: email.send_role_accepted(request_of(user), user, WORDS),
    "role_declined": lambda user: email.send_role_declined(request_of(user), user, WORDS),
    "text_hidden": about_content(Action.HIDE),
    "text_restored": about_content(Action.RESTORE),
    "text_edited": about_content(Action.EDIT_CONTENT),
    "text_removed": about_content(Action.REMOVE_CONTENT),
    "comments_closed": about_content(Action.CLOSE_COMMENTS),
    "cleaned_up": lambda user: email.send_cleaned_up(clean_up_of(user), by=user),
    "clean_up_undone": lambda user: email.send_clean_up_undone(
        clean_up_of(user), by=user, reason=WORDS
    ),
    "text_declined": lambda user: email.send_text_declined(make_post(user), user, WORDS),
    "sanctioned": lambda user: email.send_sanctioned(sanction_of(user)),
    "sanction_lifted": lambda user: email.send_sanction_lifted(lifted(user), WORDS),
    "appeal_answered": lambda user: email.send_appeal_answered(answered(user)),
    "appeal_decided": lambda user: email.send_appeal_decided(decided(user)),
}
BY_STAFF = {"account_made", "address_assigned"}  # these tell no network address
BY_STAFF |= {"role_changed", "role_ended", "role_ending", "role_kept"}  # nor do those of the site
ELSEWHERE = {
    "change_email": "new@example.org",
    "email_changed": "old@example.org",
    "email_reverted": "left@example.org",
    "invitation": "nora@example.org",
}
WITH_WORDS = {"invitation", "accepted", "declined", "role_accepted", "role_declined"}
WITH_WORDS |= {"text_hidden", "text_restored", "text_edited", "text_removed", "comments_closed"}
WITH_WORDS |= {"cleaned_up", "clean_up_undone", "text_declined"}
WITH_WORDS |= {"sanctioned", "sanction_lifted", "appeal_decided"}
WITHOUT_LINK = {"declined", "left", "role_declined", "text_removed"}
BY_STAFF |= WITH_WORDS | {"data_ready", "left", "stays", "appeal_answered"}
PLACES = ("auth/", "settings/", "standing", "post/", "user/")
PLACES = tuple(f"http://localhost/{place}" for place in PLACES)


def leaving(user):
    return AccountDeletion(removes_writing=True, due_at=utcnow())


def ending(user):
    user.role_until = utcnow()
    return user


def words_of(html):
    """The text of an HTML mail as a reader sees it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


@pytest.fixture
def write(app):
    """Write a mail to Alice as if somebody at 192.0.2.7 had asked for it."""

    def write(kind):
        alice = make_user("alice", first_name="Alicia", location="Nowhere")
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": "192.0.2.7"}):
            SENDERS[kind](alice)
            db.session.flush()
            (mail,) = mails(kind)
        return mail

    return write


def both(mail):
    return mail.text.replace("\n", " "), words_of(mail.html)


def test_every_mail_of_the_site_is_looked_at_here(app):
    content = {name for name in vars(email) if name.startswith("send_")}
    content -= {"send_email", "send_news", "send_staff_notice", "send_test_mail"}
    templates = app.jinja_env.list_templates(filter_func=lambda name: name.startswith("email/"))
    kinds = {re.split(r"[/.]", name)[1] for name in templates}

    assert len(content - {"send_content_mail"}) + len(CONTENT_MAILS) == len(MAILS)
    assert set(MAILS) == {kind for kind in kinds if not kind.startswith("_")} - {"test", *NEWS}


def is_what_it_says(kind, mail):
    subject = MAILS[kind][0]
    assert mail.subject == f"[Offbrand] {subject}"
    assert "<h1 " in mail.html and subject in words_of(mail.html)
    for words in both(mail):
        assert "Offbrand" in words and "alice" in words
        assert ("Requested from 192.0.2.7" in words) == (kind not in BY_STAFF)


def shows_its_one_link_as_text_and_when_it_expires(kind, mail):
    if kind in WITHOUT_LINK:
        assert "http" not in mail.text and "href" not in mail.html
        return
    (link,) = {word for word in mail.text.split() if word.startswith("http")}
    assert link.startswith(PLACES)
    assert set(re.findall(r'href="([^"]*)"', mail.html)) == {link}
    assert f" {link} " in words_of(mail.html)
    lifetime = MAILS[kind][1]
    says = f"The link works once and expires in {lifetime}."
    assert all((says in words) == bool(lifetime) for words in both(mail))


def loads_and_runs_nothing_and_holds_nothing_that_its_writer_typed(mail):
    """R-37: but the username."""
    assert not re.search(
        r"<(img|script|link|iframe|object|video|form)\b|\ssrc=|url\(|@import", mail.html
    )
    assert not re.search("Alicia|Nowhere", mail.subject + mail.text + mail.html)


def quotes_staff_line_by_line(mail):
    """R-37: as text."""
    assert "\n\n> Hello from <b>here</b>.\n> Be well.\n\n" in mail.text
    assert "Hello from &lt;b&gt;here&lt;/b&gt;.\nBe well.</blockquote>" in mail.html


@pytest.mark.parametrize("kind", MAILS)
def test_a_mail_is_plain_and_goes_to_the_right_address(write, kind):
    """R-45, R-55."""
    mail = write(kind)

    is_what_it_says(kind, mail)
    shows_its_one_link_as_text_and_when_it_expires(kind, mail)
    loads_and_runs_nothing_and_holds_nothing_that_its_writer_typed(mail)
    if kind in WITH_WORDS:
        quotes_staff_line_by_line(mail)
    assert mail.recipient == ELSEWHERE.get(kind, "alice@example.org")


def test_where_staff_said_nothing_nothing_is_quoted(write, monkeypatch):
    monkeypatch.setattr(f"{__name__}.WORDS", "")
    for kind in sorted(WITH_WORDS):
        mail = write(kind)
        assert "wrote" not in mail.text + mail.html and "\n\n\n" not in mail.text, kind
        db.session.rollback()


def test_the_prefix_of_subjects_is_a_setting(app):
    for prefix, subject in (("[Club]", "[Club] Hello"), ("", "Hello")):
        app.config["MAIL_SUBJECT_PREFIX"] = prefix
        with app.test_request_context():
            mail = email.send_email("alice@example.org", "Hello", "test", link="http://localhost/")
        assert mail.subject == subject


def test_a_mail_from_the_shell_names_nobody_who_asked(app, alice):
    """Links lead to the configured site, whoever is asked."""
    app.config["SITE_URL"] = "https://club.example.org"
    email.send_reset_password(alice)

    (mail,) = mails()
    assert "Requested for the account alice." in mail.text
    assert "https://club.example.org/auth/reset-password/" in mail.text


def test_the_configured_site_stands_in_links_whatever_host_was_asked(app):
    app.config["SITE_URL"] = "https://club.example.org"

    with app.test_request_context("/", base_url="http://localhost:5000"):
        assert site_link("auth.login") == "https://club.example.org/auth/login"


def test_a_mail_is_written_with_its_cause_or_not_at_all(app, alice):
    db.session.commit()
    email.send_password_changed(alice)
    db.session.rollback()

    assert mails() == []


def test_a_mail_tells_how_long_its_link_works(app, alice):
    told = {1: "1 hour", 24: "1 day", 36: "1 day and 12 hours", 168: "7 days"}
    for hours, lifetime in told.items():
        app.config["RESET_LIFETIME"] = timedelta(hours=hours)
        email.send_reset_password(alice)
        assert f"expires in {lifetime}." in mails()[-1].text

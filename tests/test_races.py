"""People who do the same thing at the same moment: one has it, the others get a clear answer."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest
from factories import ANOTHER, PASSWORD, keep, mails, make_user, numbers
from limits import parse

from app.auth import registration
from app.extensions import db, limiter
from app.jobs import temporary_roles
from app.models import AuditEntry, Page, PageVersion, Permission, Role, User, UserSession
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account
from app.models.roles.landing_page import HOME
from app.models.users.rank import Refused

pytestmark = [pytest.mark.fault, pytest.mark.both_databases]
NEW = "new@example.org"
pause = Barrier(2)  # two who act on each other have both looked before either acts


@pytest.fixture(autouse=True)
def restless_threads():
    """Threads take turns fifty times as often as usual, so that races show."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 50)
    yield
    sys.setswitchinterval(usual)


def at_once(app, *acts):
    """Run each act in a thread and an app context of its own, all from the same moment."""
    start = Barrier(len(acts))
    for statement in (db.update(User).values(first_name=""), db.delete(User)):
        # SQLAlchemy makes a class for each kind at first sight, and not safely among threads
        db.session.execute(statement.where(db.false()))

    def run(act):
        with app.app_context():
            start.wait(20)
            return act()

    db.session.commit()
    with ThreadPoolExecutor(len(acts)) as pool:
        answers = [pool.submit(run, act) for act in acts]
        answers = [answer.result() for answer in answers]
    db.session.expire_all()
    return answers


@pytest.fixture
def meet(monkeypatch):
    """Let so many who call a function wait for each other there, so that nobody is early."""

    def meet(owner, name, count, seconds=1):
        door, real = Barrier(count), getattr(owner, name)

        def waiting(*args, **kwargs):
            with suppress(BrokenBarrierError):  # the others came by another way
                door.wait(seconds)
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, waiting)

    return meet


def post(app, path, cookie=None, **form):
    """Post a form from a browser of its own; return the status, never a fault, and the page."""
    browser = app.test_client()
    if cookie:
        browser.set_cookie("session", cookie)
    answer = browser.post(path, data=form)
    assert answer.status_code < 500, answer.text
    return answer.status_code, answer.text


def statuses(answers):
    return sorted(status for status, page in answers)


def cookie_of(client, user):
    client.sign_in(user)
    return client.get_cookie("session").value


def sign_up(app, username, email):
    form = dict(username=username, email=email, password=PASSWORD, password2=PASSWORD)
    return partial(post, app, "/auth/register", **form)


def test_of_eight_who_want_one_name_one_has_it(app, meet):
    """The others are told that it is taken (R-34)."""
    meet(registration, "create_account", 8)  # all have found it free
    names = ["nora", "Nora", "NORA", "nOrA"] * 2

    answers = at_once(app, *[sign_up(app, n, f"n{i}@example.org") for i, n in enumerate(names)])

    assert statuses(answers) == [200] * 7 + [302]
    assert all("That username is taken" in page for status, page in answers if status == 200)
    (nora,) = db.session.scalars(db.select(User)).all()
    assert [(mail.kind, mail.recipient) for mail in mails()] == [("confirm", nora.email)]


def test_of_eight_who_want_one_address_one_has_it(app, meet):
    """The others are answered alike, and the owner gets mail, but not eight (R-34, R-33)."""
    meet(registration, "create_account", 8)
    addresses = ["n@example.org", "N@Example.ORG"] * 4

    answers = at_once(app, *[sign_up(app, f"n{i}", email) for i, email in enumerate(addresses)])

    assert statuses(answers) == [302] * 8
    assert User.count() == 1
    kinds = [mail.kind for mail in mails()]
    assert (kinds.count("confirm"), kinds.count("already_registered")) == (1, 1)


def test_a_form_sent_eight_times_makes_one_account(app):
    """R-34."""
    answers = at_once(app, *[sign_up(app, "nora", "n@example.org")] * 8)

    assert set(statuses(answers)) <= {200, 302}
    assert all("That username is taken" in page for status, page in answers if status == 200)
    assert (User.count(), len(mails("confirm"))) == (1, 1)


def test_twenty_strangers_sign_up_at_once(app):
    """More than there are connections to the database."""
    people = [sign_up(app, f"n{i}", f"n{i}@example.org") for i in range(20)]

    assert statuses(at_once(app, *people)) == [302] * 20
    assert (User.count(), len(mails("confirm"))) == (20, 20)


def test_of_eight_uses_of_one_reset_link_one_succeeds(app, alice, meet):
    """R-97."""
    meet(User, "advance_epoch", 8)  # all have found the link good
    path = f"/auth/reset-password/{alice.generate_reset_token()}"
    passwords = [f"violet anchor {i} and a drum" for i in range(8)]

    answers = at_once(
        app, *[partial(post, app, path, password=word, password2=word) for word in passwords]
    )

    assert statuses(answers) == [302] + [400] * 7
    (winner,) = [i for i, (status, page) in enumerate(answers) if status == 302]
    assert alice.verify_password(passwords[winner])
    assert len(mails("password_changed")) == 1


def test_of_two_reset_links_used_at_once_one_succeeds(app, alice, meet):
    """R-97."""
    meet(User, "advance_epoch", 2)
    paths = [f"/auth/reset-password/{alice.generate_reset_token(life)}" for life in (60, 61)]

    answers = at_once(
        app, *[partial(post, app, path, password=ANOTHER, password2=ANOTHER) for path in paths]
    )

    assert statuses(answers) == [302, 400]


def test_of_eight_who_move_to_one_address_one_has_it(app, meet):
    """R-55."""
    meet(User, "_take_address", 8)
    people = [make_user(f"m{i}") for i in range(8)]
    paths = [f"/auth/change-email/{p.generate_email_change_token(NEW)}" for p in people]

    answers = at_once(app, *[partial(post, app, path) for path in paths])

    assert statuses(answers) == [302] + [400] * 7
    assert User.count(User.email == NEW) == 1
    assert len(mails("email_changed")) == 1


def test_of_a_newcomer_and_a_member_who_want_one_address_one_has_it(app, alice):
    """R-34, R-55."""
    path = f"/auth/change-email/{alice.generate_email_change_token(NEW)}"

    at_once(app, partial(post, app, path), sign_up(app, "nora", NEW))

    assert User.count(User.email == NEW) == 1


def test_a_change_of_address_pressed_eight_times_happens_once(app, alice, meet):
    """R-55."""
    meet(User, "_take_address", 8)
    path = f"/auth/change-email/{alice.generate_email_change_token(NEW)}"

    answers = at_once(app, *[partial(post, app, path)] * 8)

    assert statuses(answers) == [302] + [400] * 7
    assert (alice.email, len(mails("email_changed"))) == (NEW, 1)


def test_a_way_back_pressed_eight_times_works_once(app, alice, meet):
    alice.change_email(alice.generate_email_change_token(NEW))
    meet(User, "_take_address", 8)
    path = f"/auth/revert-email/{alice.generate_email_revert_token('alice@example.org')}"

    answers = at_once(app, *[partial(post, app, path)] * 8)

    assert statuses(answers) == [302] + [400] * 7
    assert alice.email == "alice@example.org"


def test_the_owners_way_back_and_the_thiefs_new_password_do_not_break_each_other(app, alice):
    alice.change_email(alice.generate_email_change_token(NEW))
    back = f"/auth/revert-email/{alice.generate_email_revert_token('alice@example.org')}"
    reset = f"/auth/reset-password/{alice.generate_reset_token()}"
    word = dict(password=ANOTHER, password2=ANOTHER)

    at_once(app, partial(post, app, back), partial(post, app, reset, **word))

    assert alice.email == "alice@example.org" or post(app, back)[0] == 302


def act_on(act, username, by):
    """Let one administrator act on another, as a request would; True where it was done."""
    person, actor = User.with_username(username), User.with_username(by)
    assert person and actor
    pause.wait(20)
    try:
        if act == "change_role":
            person.change_role(Role.get_default(), by=actor)
        else:
            verb = delete_account if act == "delete" else getattr(User, act)
            verb(person, by=actor)
        db.session.commit()
    except Refused:
        db.session.rollback()
        return False
    return True


@pytest.mark.parametrize("act", ["change_role", "deactivate", "delete"])
def test_of_two_administrators_who_remove_each_other_one_remains(app, act):
    """R-82."""
    make_user("ada", role="Administrator")
    make_user("eda", role="Administrator")

    done = at_once(app, partial(act_on, act, "ada", "eda"), partial(act_on, act, "eda", "ada"))

    assert sorted(done) == [False, True]
    assert len(db.session.scalars(User.administrators()).all()) == 1


@pytest.mark.parametrize("act", ["change_role", "delete"])
def test_whoever_was_removed_in_this_moment_removes_nobody(app, act):
    """Of two who act on each other one was faster, though a third would remain (R-81)."""
    for name in ("ada", "eda", "ida"):
        make_user(name, role="Administrator")

    done = at_once(app, partial(act_on, act, "ada", "eda"), partial(act_on, act, "eda", "ada"))

    assert sorted(done) == [False, True]
    assert len(db.session.scalars(User.administrators()).all()) == 2


def take_away(name):
    role = Role.named(name)
    assert role.has_permission(Permission.ADMIN)
    pause.wait(20)
    try:
        with User.an_administrator_remains():
            role.remove_permission(Permission.ADMIN)
        db.session.commit()
    except Refused:
        db.session.rollback()
        return False
    return True


def test_of_two_roles_that_lose_the_last_administrators_one_keeps_them(app):
    """R-82."""
    for name in ("Boss", "Chief"):
        keep(Role(name=name, permissions=Permission.ADMIN))
        make_user(name.lower(), role=name)

    done = at_once(app, partial(take_away, "Boss"), partial(take_away, "Chief"))

    assert sorted(done) == [False, True]
    assert len(db.session.scalars(User.administrators()).all()) == 1


def revoke_admin(username, by):
    """Let one administrator take ADMIN from the role of another; True where it was done."""
    role, actor = User.with_username(username).role, User.with_username(by)
    pause.wait(20)
    try:
        role.revoke(Permission.ADMIN, by=actor)
        db.session.commit()
    except Refused:
        db.session.rollback()
        return False
    return True


@pytest.mark.parametrize("others", [0, 1])
def test_of_two_who_take_admin_from_each_others_roles_one_keeps_it(app, others):
    """R-82, and R-81: whether or not a third administrator would remain."""
    for name in ("ada", "eda"):
        make_user(name, role=keep(Role(name=f"Role of {name}", permissions=31)).name)
    for _ in range(others):
        make_user(role="Administrator")

    done = at_once(app, partial(revoke_admin, "ada", "eda"), partial(revoke_admin, "eda", "ada"))

    assert sorted(done) == [False, True]
    assert len(db.session.scalars(User.administrators()).all()) == 1 + others


def test_of_eight_who_make_a_role_of_one_name_one_does(app, client, ada):
    """R-95: the others read that it is there already."""
    cookie = cookie_of(client, ada)
    names = ["Writers", "writers", "WRITERS"]
    acts = [
        partial(post, app, "/admin/roles/new", cookie, name=names[i % len(names)], index=HOME)
        for i in range(8)
    ]

    answers = at_once(app, *acts)

    assert statuses(answers) == [200] * 7 + [302]
    assert all("already." in page for status, page in answers if status == 200)
    assert Role.called("writers") and len(Role.all()) == 4
    assert db.session.scalar(db.select(db.func.count(AuditEntry.id))) == 1


def test_of_two_files_that_make_a_role_at_once_one_does(app):
    def create():
        try:
            Role.create(name="Writers")
            db.session.commit()
        except Refused:
            db.session.rollback()
            return False
        return True

    assert sorted(at_once(app, create, create, create)) == [False, False, True]


def test_a_role_that_is_given_in_the_moment_it_is_removed_stays_or_goes_in_full(app, alice):
    keep(Role(name="Writers", permissions=6))

    def give():
        try:
            User.with_username("alice").change_role(Role.named("Writers") or Role.get_default())
            db.session.commit()
        except Refused:
            db.session.rollback()

    def remove():
        try:
            Role.named("Writers").delete()
            db.session.commit()
        except Refused:
            db.session.rollback()

    at_once(app, give, remove)

    assert (alice.role.name == "Writers") == (Role.named("Writers") is not None)


def visit(app, cookie):
    browser = app.test_client()
    browser.set_cookie("session", cookie)
    return browser.get("/moderation/").status_code


def over(alice):
    """Alice was Moderator for a time; as it is now."""
    alice.role, alice.former_role = Role.named("Moderator"), Role.get_default()
    alice.role_until = utcnow()


def test_a_term_ends_once_whoever_comes_first(app, client, alice):
    """R-95: sweepers, and requests of the person: one entry, one mail."""
    over(alice)
    cookie = cookie_of(client, alice)

    answers = at_once(app, *[temporary_roles.sweep] * 4, *[partial(visit, app, cookie)] * 4)

    assert answers == [None] * 4 + [403] * 4
    assert (alice.role.name, len(mails("role_ended"))) == ("User", 1)
    assert [entry.action for entry in db.session.scalars(AuditEntry.about(alice))] == ["end role"]


def test_an_end_is_called_to_mind_once_by_many_who_look(app, alice):
    over(alice)
    alice.role_until = utcnow() + timedelta(hours=1)

    at_once(app, *[temporary_roles.sweep] * 6)

    assert len(mails("role_ending")) == 1


def test_of_two_last_administrators_whose_terms_end_at_once_one_stays(app):
    """R-82."""
    for name in ("ada", "eda"):
        over(person := make_user(name))
        person.role = Role.named("Administrator")

    at_once(app, *[temporary_roles.sweep] * 4)

    assert len(db.session.scalars(User.administrators()).all()) == 1
    assert sorted(mail.kind for mail in mails()) == ["role_ended", "role_kept"]


def test_a_term_that_is_made_longer_in_the_moment_it_ends_has_one_outcome(app, alice):
    over(alice)
    later = utcnow() + timedelta(days=9)

    def prolong():
        User.with_username("alice").change_role(Role.named("Moderator"), until=later)
        db.session.commit()

    at_once(app, prolong, temporary_roles.sweep)

    assert (alice.role.name, alice.role_until, alice.returns_to.name) == (
        "Moderator",
        later,
        "User",
    )
    assert len(mails("role_ended")) <= 1


def test_a_double_click_on_confirm_confirms_once(app):
    """R-95."""
    nora = make_user("nora", confirmed=False)
    path = f"/auth/confirm/{nora.generate_confirmation_token()}"

    answers = at_once(app, *[partial(post, app, path)] * 4)

    assert set(statuses(answers)) <= {302, 400}
    assert 302 in statuses(answers)
    assert nora.is_confirmed


def test_a_double_click_on_send_again_sends_no_flood(app, client):
    """R-95, R-73."""
    cookie = cookie_of(client, make_user("nora", confirmed=False))

    answers = at_once(app, *[partial(post, app, "/auth/confirm", cookie)] * 6)

    assert statuses(answers) == [302] * 3 + [429] * 3
    assert len(mails("confirm")) == 3


def test_a_double_click_on_save_saves(app, client, alice):
    """R-95."""
    cookie = cookie_of(client, alice)
    form = dict(first_name="Al", last_name="", location="Here", about_me="Hello.")

    answers = at_once(app, *[partial(post, app, "/settings/profile", cookie, **form)] * 4)

    assert statuses(answers) == [302] * 4
    assert (alice.first_name, alice.location, alice.about_me) == ("Al", "Here", "Hello.")


def test_a_double_click_on_a_device_ends_it(app, client, alice):
    """R-95."""
    row, token = UserSession.open(alice, remembered=False, address="192.0.2.7", agent="")
    cookie = cookie_of(client, alice)
    path = f"/settings/sessions/{row.id}/end"

    answers = at_once(app, *[partial(post, app, path, cookie)] * 4)

    assert set(statuses(answers)) <= {302, 404}
    assert 302 in statuses(answers)
    assert db.session.scalar(db.select(db.func.count(UserSession.id))) == 1


def test_a_double_click_on_sign_out_signs_out(app, client, alice):
    """R-95."""
    cookie = cookie_of(client, alice)

    answers = at_once(app, *[partial(post, app, "/auth/logout", cookie)] * 4)

    assert statuses(answers) == [302] * 4
    assert db.session.scalar(db.select(db.func.count(UserSession.id))) == 0


def test_a_double_click_on_a_new_password_changes_it_once(app, client, alice):
    """R-95."""
    cookie = cookie_of(client, alice)
    form = dict(old_password=PASSWORD, password=ANOTHER, password2=ANOTHER)

    at_once(app, *[partial(post, app, "/auth/change-password", cookie, **form)] * 4)

    assert alice.verify_password(ANOTHER)
    assert len(mails("password_changed")) == 1


def test_many_who_are_counted_in_one_moment_are_all_counted(app):
    """A limit that is kept in memory never turns into a fault (R-95)."""
    tea = parse("1 per hour")

    for _ in range(20):
        time.sleep(0.012)  # until the storage has put its last timer away
        people = [partial(limiter.limiter.hit, tea, f"{next(numbers)}") for _ in range(12)]
        assert all(at_once(app, *people))


def test_of_eight_who_make_a_page_at_one_address_one_does(app, client, ada, meet):
    """R-95: the others read at the field that it is taken, and what they wrote is still there."""
    cookie = cookie_of(client, ada)
    meet(Page, "create", 8)
    form = dict(title="House", slug="house", save="Publish")

    texts = [partial(post, app, "/admin/pages/new", cookie, body=f"{i}!", **form) for i in range(8)]
    answers = at_once(app, *texts)

    assert statuses(answers) == [200] * 7 + [302]
    said = "A page with this URL already exists."
    assert all(said in page and "!</textarea>" in page for status, page in answers if status == 200)
    assert db.session.scalar(db.select(db.func.count(PageVersion.id))) == 1


def test_of_eight_who_change_a_page_one_does_and_the_others_see_both_texts(app, client, ada, meet):
    cookie = cookie_of(client, ada)
    page = Page.create("house", "House", "Text.")
    meet(Page, "_lock", 8)
    path, form = f"/admin/pages/{page.id}", dict(title="House", version=page.current.id)

    texts = [partial(post, app, path, cookie, body=f"{i}!", **form) for i in range(8)]
    answers = at_once(app, *texts)

    assert statuses(answers) == [200] * 7 + [302]
    others = [text for status, text in answers if status == 200]
    assert all("changed" in text and "while you were editing" in text for text in others)
    assert db.session.scalar(db.select(db.func.count(PageVersion.id))) == 2


def test_a_double_click_on_publish_publishes_once(app, client, ada):
    """R-95, R-96."""
    cookie = cookie_of(client, ada)
    page = Page.create("house", "House", "Text.")
    form = dict(title="House", body="Another.", version=page.current.id)

    answers = at_once(app, *[partial(post, app, f"/admin/pages/{page.id}", cookie, **form)] * 8)

    assert statuses(answers) == [302] * 8
    assert db.session.scalar(db.select(db.func.count(PageVersion.id))) == 2


def test_a_double_click_on_remove_restore_and_put_back_acts_once(app, client, ada):
    """R-95."""
    cookie = cookie_of(client, ada)
    page = Page.create("house", "House", "Text.")
    first = page.current.id
    page.revise(body="Another.")

    for end in ("remove", "put-back", f"history/{first}/restore"):
        acts = [partial(post, app, f"/admin/pages/{page.id}/{end}", cookie)] * 4
        assert statuses(at_once(app, *acts)) == [302] * 4
    actions = db.session.scalars(db.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["create", "revise", "remove", "put back", "restore"]
    assert AuditEntry.verify() is None


def insert_pages():
    Page.insert_pages()
    db.session.commit()


def test_of_four_deploys_at_once_one_makes_the_pages(app, meet):
    meet(Page, "create", 4, seconds=0.3)

    at_once(app, *[insert_pages] * 4)

    assert db.session.scalar(db.select(db.func.count(PageVersion.id))) == 3

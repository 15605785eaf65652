"""How often a page asks the database: exact numbers, so that none grows unseen."""

from contextlib import contextmanager

import pytest
from factories import PASSWORD, keep, make_comment, make_mail, make_post, make_report, make_user
from importing import upload
from sqlalchemy import event

from app.extensions import db
from app.models import (
    Appeal,
    Bookmark,
    Case,
    DayCount,
    Invitation,
    Role,
    RoleRequest,
    Sanction,
    Setting,
    StaffNote,
    UserSession,
    WatchedWord,
)
from app.models.fields import utcnow


@contextmanager
def statements():
    """Collect what is sent to the database."""
    sent = []

    def note(connection, cursor, statement, *rest):
        if not statement.startswith("BEGIN"):  # SQLite's lock, not a question
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def count(client, path, method="GET", **options):
    client.get(path, buffered=True)  # a visit is noted at most once a minute
    return costs(client, path, method, **options)


def costs(client, path, method="GET", **options):
    with statements() as sent:
        client.open(path, method=method, buffered=True, **options)
    return len(sent)


def costs_of(client, paths):
    client.get("/")
    return {path: costs(client, path) for path in paths}


@pytest.fixture
def crowd(app):
    for _ in range(5):
        make_user()
        make_mail()


FOR_VISITORS = {
    "/": 2,
    "/user/bob": 3,
    "/user/bob/comments": 3,
    "/user/bob/followers": 3,
    "/user/bob/following": 3,
    "/user/nobody": 2,
    "/feed.atom": 4,
    "/robots.txt": 1,
    "/search": 1,
    "/search?q=bread": 4,
    "/search?q=bread&kind=posts": 2,
    "/sitemap.xml": 3,
    "/sitemap/people-1.xml": 3,
    "/tag/bread": 3,
    "/tag/bread/feed.atom": 3,
    "/user/bob/feed.atom": 5,
    "/auth/login": 1,
    "/auth/register": 1,
    "/auth/reset-password": 1,
    "/settings/profile": 0,
    "/moderation/": 0,
    "/nowhere": 1,
    "/auth/confirm/mangled": 1,
    "/avatar/" + 32 * "a" + ".svg": 0,
    "/picture/" + 32 * "a" + ".webp": 2,
    "/static/site.css": 0,
    "/moment.js": 0,
    "/healthz": 0,
    "/readyz": 3,
}


@pytest.mark.both_databases
def test_a_visitor_costs(client, crowd, bob):
    assert costs_of(client, FOR_VISITORS) == FOR_VISITORS


FOR_MEMBERS = {
    "/": 2,
    "/user/bob": 3,
    "/user/alice": 3,
    "/auth/login": 1,
    "/auth/change-password": 1,
    "/notifications": 2,
    "/settings/notifications": 2,
    "/settings/profile": 1,
    "/bookmarks": 2,
    "/reports": 2,
    "/settings/muted": 2,
    "/settings/picture": 1,
    "/settings/sessions": 2,
    "/standing": 5,
    "/user/bob/comments": 3,
    "/user/bob/followers": 3,
    "/user/bob/following": 3,
    "/settings/data": 3,
    "/settings/delete-account": 2,
    "/moderation/": 2,
    "/admin/": 2,
    "/nowhere": 1,
    "/static/site.css": 0,
    "/avatar/" + 32 * "a" + ".svg": 0,
    "/moment.js": 0,
    "/healthz": 0,
}


@pytest.fixture
def sociable(alice, bob):
    """Bob follows some, who follow him; he wrote, and Alice marked and muted, as many."""
    for _ in range(4):
        person = make_user()
        bob.follow(person)
        person.follow(bob)
        alice.mute(person)
        alice.follow(make_user())
        post = make_post(bob)
        make_comment(post, bob)
        Bookmark.add(post, by=alice)


def test_a_member_costs_one_query_more_whatever_there_is(client, crowd, sociable, alice):
    """Session, user and role come in one; a refusal asks for the roles that hold the permission."""
    client.sign_in(alice)

    assert costs_of(client, FOR_MEMBERS) == FOR_MEMBERS


FOR_STAFF = {
    "/moderation/": 3,
    "/moderation/appeals": 2,
    "/admin/": 9,
    "/admin/access": 2,
    "/admin/audit": 3,
    "/admin/people/import": 2,
    "/admin/roles": 4,
    "/admin/roles/new": 1,
    "/admin/roles/{role}": 5,
    "/admin/roles/{role}/delete": 7,
    "/admin/outbox": 3,
    "/admin/outbox?state=waiting&recipient=bob": 3,
    "/admin/settings": 1,
    "/admin/users": 3,
    "/admin/users?q=example": 4,
    "/log": 4,
    "/log?moderator=ada&kind=ban": 3,
    "/log/feed.atom": 5,
    "/log/transparency": 3,
    "/moderation/log": 7,
    "/admin/pages": 2,
    "/admin/invitations": 2,
    "/admin/invitations/new": 2,
    "/admin/requests": 5,
    "/held": 3,
    "/moderation/held": 4,
    "/moderation/words": 2,
    "/moderation/people": 2,
    "/moderation/people?q=alice": 3,
    "/moderation/people/alice": 13,
    "/moderation/people/alice/clean-up": 2,
    "/moderation/people/alice/clean-up?since=2020-01-01": 6,
    "/moderation/post/{post}": 3,
    "/moderation/post/{post}/edit": 2,
    "/moderation/post/{post}/remove": 3,
}


@pytest.fixture
def busy(crowd, ada):
    """What waits for staff: some of each."""
    for number in range(4):
        Invitation.send(f"n{number}@example.org", Role.get_default(), by=ada)
        make_user().ask_for_approval("Please.")
        Setting.change(hold_first=1)
        make_post()
        make_comment(make_post(ada))
        WatchedWord.add("word", f"word {number}", "hold", by=ada)
        keep(RoleRequest(user=make_user(), role=Role.named("Moderator"), reason="Please."))


@pytest.fixture
def past(alice, mona):
    """A member of whom there is much to say."""
    post = make_post(alice)
    for number in range(4):
        StaffNote.add(alice, f"Note {number}.", by=mona)
        Sanction.impose(alice, "notice", by=mona, reason="Be calm.")
        make_comment(post, alice).hide(by=mona, reason="Spam.")
        UserSession.open(make_user(), remembered=False, address="192.0.2.7", agent="")
    UserSession.open(alice, remembered=False, address="192.0.2.7", agent="")
    return post


@pytest.fixture
def writers(app):
    role = keep(Role(name="Writers", permissions=6))
    for _ in range(4):
        make_user(role="Writers")
    return role


def test_staff_pages_cost_as_few_however_much_there_is(client, past, writers, busy, ada):
    client.sign_in(ada)
    ids = dict(post=past.id, role=writers.id)
    expected = {path.format(**ids): number for path, number in FOR_STAFF.items()}

    assert costs_of(client, expected) == expected


def report_many(people, authors):
    """Posts, comments and members, each by somebody else and reported by all."""
    for author in authors:
        post = make_post(author)
        for thing in (post, make_comment(post, author), author):
            for person in people:
                make_report(thing, by=person)


def test_the_queue_and_a_case_cost_the_same_however_much_is_reported(client, alice, mona):
    numbers = []
    for many in (1, 2):
        report_many([make_user() for _ in range(many)], [make_user() for _ in range(many)])
        report_many([alice], [make_user() for _ in range(many)])
        case = db.session.scalar(db.select(Case).order_by(Case.id.desc()))
        Sanction.impose(case.person, "warning", by=mona, reason="Spam.")
        make_report(make_post(case.person)).case.dismiss(by=mona, reason="It is fine.")
        paths = "/moderation/", "/moderation/?person=alice", f"/moderation/case/{case.id}"
        client.sign_in(mona)
        numbers.append(list(costs_of(client, paths).values()))
        client.sign_in(alice)
        numbers[-1] += costs_of(client, ["/reports"]).values()

    assert numbers == [[7, 4, 8, 2]] * 2


def test_lists_of_rulings_appeals_and_held_texts_cost_the_same_with_few_and_with_many(
    client, alice, mona
):
    paths = ["/moderation/?state=settled", "/moderation/appeals"]
    paths += ["/moderation/appeals?state=decided", "/moderation/held"]
    numbers, post = [], make_post(alice)
    for many in (1, 3):
        Setting.change(hold_first=0)
        for _ in range(many):
            make_report(make_comment(post, make_user())).case.dismiss(by=mona, reason="It is fine.")
            for outcome in ("", "confirmed"):
                against = Sanction.impose(alice, "warning", by=mona, reason="Rude.")
                decided = dict(decided_at=utcnow(), outcome=outcome) if outcome else {}
                keep(Appeal(user=alice, sanction=against, **decided))
        Setting.change(hold_first=1)
        for _ in range(many):
            make_post()
        client.sign_in(mona)
        numbers.append(list(costs_of(client, paths).values()))
        client.sign_in(alice)
        numbers[-1] += costs_of(client, ["/standing", "/held"]).values()

    assert numbers[0] == numbers[1]
    assert max(numbers[0]) <= 7


def test_the_review_of_an_import_costs_the_same_however_long_the_file_is(client, ada):
    client.sign_in(ada)
    for count_of_lines in (1, 50):
        lines = "".join(f"n{number}@example.org\n" for number in range(count_of_lines))
        assert count(client, upload(client, f"email\n{lines}").location) == 2


@pytest.mark.both_databases
def test_any_number_of_filters_costs_two_queries_at_most(client, crowd, ada):
    """SQLite is asked which of them is the rarest; PostgreSQL knows."""
    client.sign_in(ada)
    sqlite = db.engine.dialect.name == "sqlite"

    path = "/admin/users?q=example&confirmed=no&active=no&never=y&awaiting=y"

    assert count(client, path) == (5 if sqlite else 4)


@pytest.mark.both_databases
def test_health_asks_as_much_whatever_there_is(client, ada):
    """But for the log, of which a thousand entries come at once."""
    make_user().deactivate(by=ada)
    client.sign_in(ada)
    first = count(client, "/admin/health")
    for _ in range(4):
        make_user().deactivate(by=ada)
        make_mail(dead_at=utcnow())

    assert count(client, "/admin/health") == first <= 20


def test_session_user_and_role_are_loaded_by_one_statement(client, alice):
    client.sign_in(alice)
    client.get("/settings/profile")

    with statements() as sent:
        client.get("/settings/profile")

    (statement,) = sent
    assert all(table in statement for table in ("user_sessions", "users", "roles"))


def test_a_wrong_password_costs_one_query_whoever_it_is_for(client, crowd, bob):
    """R-68: the number tells nothing. The other one is for the settings."""
    numbers = {}
    for login in ("bob", "bob@example.org", "nobody", "nobody@example.org"):
        data = {"login": login, "password": "not " + PASSWORD}
        numbers[login] = costs(client, "/auth/login", "POST", data=data)

    assert set(numbers.values()) == {2}, numbers


def test_signing_in_costs_as_few_as_it_does(client, bob):
    DayCount.add("sign-in")  # the first one of a day costs two more
    data = {"login": "bob", "password": PASSWORD}

    assert count(client, "/auth/login", "POST", data=data) == 5  # one counts it, for a chart


def test_posting_without_a_right_costs_the_settings_alone(strict_client, bob):
    assert count(strict_client, "/auth/login", "POST", data={"login": "bob"}) == 1


def test_the_public_log_costs_one_more_for_the_names_in_it(client, ada):
    for i in range(4):
        make_user(f"loud{i}x").deactivate(by=ada)

    assert count(client, "/log") == 3


def test_a_page_of_the_log_costs_the_same_with_few_and_with_many_acts(client, crowd, mona, ada):
    """One for each kind of thing in it; for staff another, to see what can be undone."""
    seen = []
    for many in (1, 2):
        for _ in range(many):
            person = make_user()
            make_post(person).hide(by=mona, reason="Spam.")
            make_comment(author=person).hide(by=mona, reason="Spam.")
            Sanction.impose(person, "warning", by=mona, reason="Rude.")
            person.change_role(Role.named("Moderator"), by=ada)
            person.deactivate(by=ada)
        client.sign_in(ada)
        paths = ("/log", "/log/feed.atom", "/moderation/log", f"/log/transparency/{utcnow():%Y-%m}")
        seen.append(list(costs_of(client, paths).values()))
        client.sign_out()

    assert seen[0] == seen[1] == [5, 6, 12, 9]


@pytest.fixture
def thread(app, bob, mona):
    """A post with a full page of comments, each by somebody else; some hidden, some deleted."""
    app.config["POSTS_PER_PAGE"] = 5
    post = make_post(bob)
    for number in range(10):
        comment = make_comment(post, text="With @bob and #tags, at https://example.org.")
        if number % 5 == 1:
            comment.hide(by=mona, reason="Spam.")
        elif number % 5 == 2:
            comment.delete()
        elif number % 5 == 3:
            comment.edit("Another.", by=comment.author)
    return post


def test_a_post_costs_three_whatever_is_on_it(client, thread, alice, bob, mona):
    """Session and person (for a visitor, the settings), the post, its comments."""
    paths = [f"/post/{thread.id}", f"/post/{make_post(alice).id}"]
    numbers = {"visitor": list(costs_of(client, paths).values())}
    for person in (alice, bob, mona):
        client.sign_in(person)
        numbers[person.username] = list(costs_of(client, paths).values())

    assert numbers == dict.fromkeys(("visitor", "alice", "bob", "mona"), [3, 3])


def test_a_history_costs_the_same_however_long_it_is(client, bob):
    post, other = make_post(bob), make_post(bob)
    for number in range(5):
        post.edit(f"Text {number}.", by=bob)

    assert count(client, f"/post/{post.id}/history") == 5
    assert count(client, f"/post/{other.id}/history") == 4


def test_a_link_to_a_comment_costs_the_same_however_long_the_thread_is(client, thread, bob):
    last = make_comment(thread, bob).id
    alone = make_comment(make_post(bob), bob).id

    assert count(client, f"/comment/{last}") == count(client, f"/comment/{alone}") == 4


def test_writing_costs_as_few_as_it_does(client, alice, bob):
    post = make_post(bob)
    client.sign_in(alice)
    client.get("/")

    data = {"body": "Hello.", "key": "a"}
    assert count(client, f"/post/{post.id}", "POST", data=data) <= 11
    assert count(client, "/", "POST", data=data) <= 7


@pytest.mark.both_databases
def test_what_moderators_do_locks_and_reads_each_row_once(app, alice, mona):
    """An act: lock the text, read both people, write, log, notify, and count."""
    post, other = make_post(alice), make_post(alice)
    case = make_report(other).case
    db.session.commit()
    costs = {}
    for name, act in {
        "hide": lambda: post.hide(by=mona, reason="Spam."),
        "restore": lambda: post.restore(by=mona),
        "uphold": lambda: case.uphold(by=mona, reason="Spam.", hides=True),
    }.items():
        with statements() as sent:
            act()
            db.session.commit()
        costs[name] = len(sent)
        assert len(set(sent)) == len(sent), [s for s in sent if sent.count(s) > 1]

    assert costs == {"hide": 10, "restore": 10, "uphold": 15}

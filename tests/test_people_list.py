"""The list of people: what it shows, every filter, every order, and pages that miss nobody."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from factories import everything, make_user, numbers
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.admin import users as users_view
from app.extensions import db
from app.models import Role, User
from app.models.fields import utcnow
from app.models.users import listing
from app.models.users.listing import ORDERS, PeopleList

both_databases = pytest.mark.both_databases

FILTERS = {
    "": lambda p: True,
    "q=exam": lambda p: True,
    "q=me": lambda p: p.username.startswith("me"),
    "q=member 5": lambda p: p.username.startswith("5"),
    "role=Moderator": lambda p: p.role.name == "Moderator",
    "confirmed=yes": lambda p: p.is_confirmed,
    "confirmed=no": lambda p: not p.is_confirmed,
    "active=yes": lambda p: p.is_active,
    "active=no": lambda p: not p.is_active,
    "awaiting=y": lambda p: p.awaits_approval,
    "never=y": lambda p: p.last_seen is None,
    "since=2026-03-10": lambda p: p.last_seen and p.last_seen >= datetime(2026, 3, 10, tzinfo=UTC),
    "q=member&confirmed=no&role=User": lambda p: not p.is_confirmed and p.role.name == "User",
}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def crowd(app):
    """Twenty-four people in all states, several of whom joined and were seen in one moment."""
    for n in range(24):
        person = make_user(f"member{n}", role="Moderator" if n % 5 == 0 else "User")
        person.member_since = START + timedelta(days=n // 3)
        person.last_seen = None if n % 4 == 0 else START + timedelta(days=n % 15)
        person.confirmed_at = None if n % 3 == 0 else START
        person.deactivated_at = START if n % 7 == 0 else None
        person.approval_asked_at = START if n % 11 == 0 else None
    db.session.commit()


@pytest.fixture
def page(client, ada):
    """Ada reads the list in pages of five."""
    client.sign_in(ada)
    return lambda query="": client.get(f"/admin/users?{with_role_id(query)}")


def with_role_id(query):
    return re.sub("role=(Moderator|User)", lambda m: f"role={Role.named(m[1]).id}", query)


def names_in(text):
    return re.findall(r'<a href="/admin/users/\d+">(\w+)</a>', text)


def all_pages(page, query, meanwhile=lambda: None):
    """The usernames on all pages, one after the other."""
    text, names = page(query).text, []
    while len(names) < 200:  # a page that came twice would come for ever
        names += names_in(text)
        further = re.search(r'rel="next" href="/admin/users\?([^"]+)"', text)
        if not further:
            return names
        meanwhile()
        text = page(further[1].replace("&amp;", "&")).text
    raise AssertionError("the pages have no end")


def key_of(order):
    columns, largest_first = ORDERS[order]
    return lambda person: tuple(getattr(person, name) for name in columns)


def names_on(page, query, order):
    """All pages, while others join; those who do are left out."""
    names = all_pages(page, f"{query}&sort={order}", lambda: make_user(f"zoe{next(numbers)}"))
    return [name for name in names if name != "ada" and not name.startswith("zoe")]


@both_databases
def test_every_order_shows_each_one_once(page, crowd, monkeypatch):
    """Few people are sorted, many are walked through; while others join."""
    monkeypatch.setattr(users_view, "PER_PAGE", 8)
    people = db.session.scalars(db.select(User).where(User.username != "ada")).all()

    found, expected = {}, {}
    for order, few in {"newest": 1000, "oldest": 0, "username": 0, "seen": 1000}.items():
        monkeypatch.setattr(listing, "FEW", few)
        for query in ("", "confirmed=no"):
            wanted = [person for person in people if FILTERS[query](person)]
            found[order, query] = names_on(page, query, order)
            expected[order, query] = in_order(wanted, order)

    assert found == expected


def test_every_filter_shows_whom_it_says(page, crowd):
    people = db.session.scalars(db.select(User).where(User.username != "ada")).all()

    found = {query: names_on(page, query, "newest") for query in FILTERS}

    assert found == {
        query: in_order([person for person in people if wanted(person)], "newest")
        for query, wanted in FILTERS.items()
    }


def in_order(people, order):
    if order == "seen":
        seen = [person for person in people if person.last_seen]
        people, order = (seen, order) if seen else (people, "newest")
    people = sorted(people, key=key_of(order), reverse=ORDERS[order][1])
    return [person.username for person in people]


@both_databases
def test_one_can_go_back_the_way_one_came(page, crowd, monkeypatch):
    monkeypatch.setattr(users_view, "PER_PAGE", 5)
    for order in ("newest", "username"):
        first = page(f"q=member&sort={order}").text
        further = re.search(r'rel="next" href="/admin/users\?([^"]+)"', first)[1]

        second = page(further.replace("&amp;", "&")).text
        back = re.search(r'rel="prev" href="/admin/users\?([^"]+)"', second)[1]

        assert names_in(page(back.replace("&amp;", "&")).text) == names_in(first), order


@both_databases
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    words=st.sampled_from(["", "mem", "1", "member2", "nobody"]),
    role=st.sampled_from([None, "User", "Moderator"]),
    confirmed=st.sampled_from([None, True, False]),
    active=st.sampled_from([None, True, False]),
    awaiting=st.booleans(),
    never_seen=st.booleans(),
    since=st.none() | st.integers(0, 20),
    order=st.sampled_from(list(ORDERS)),
    few=st.sampled_from([0, 3, 1000]),
    some=st.sampled_from([0, 4, 1000]),
)
@example("", None, None, None, False, False, 3, "newest", 1000, 1000)  # seen just then
@example("", None, None, None, False, True, None, "seen", 1000, 1000)  # in no such order
def test_all_filters_together_find_what_a_plain_filter_finds(
    crowd, words, role, confirmed, active, awaiting, never_seen, since, order, few, some
):
    """Whichever way they are found."""
    role = role and Role.named(role)
    since = None if since is None else START + timedelta(days=since)
    wanted = PeopleList(words, role, confirmed, active, awaiting, never_seen, since, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "FEW", few)
        patch.setattr(listing, "SOME", some)
        found = wanted.find()
        people = db.session.scalars(found.in_order).all()

    parts = [word if len(word) > 2 else f"  {word}" for word in words.split()]
    expected = [
        person
        for person in db.session.scalars(db.select(User))
        if all(part in person.search_text for part in parts)
        and (role is None or person.role == role)
        and (confirmed is None or person.is_confirmed == confirmed)
        and (active is None or person.is_active == active)
        and (not awaiting or person.awaits_approval)
        and (not never_seen or person.last_seen is None)
        and (since is None or (person.last_seen is not None and person.last_seen >= since))
        and (order != "seen" or never_seen or person.last_seen is not None)
    ]
    expected.sort(key=key_of(wanted.sorted_by), reverse=ORDERS[wanted.sorted_by][1])
    assert [person.username for person in people] == [person.username for person in expected]
    assert found.total in (None, len(expected))
    assert found.more_than == 0 or len(expected) > found.more_than


@both_databases
def test_a_role_that_is_over_counts_no_more(page, ada, alice, bob):
    moderator = Role.named("Moderator")
    for person in (alice, bob):
        person.change_role(moderator, until=utcnow() + timedelta(days=9), by=ada)
    db.session.flush()
    past = update(User).where(User.id == alice.id).values(role_until=utcnow() - timedelta(days=1))
    db.session.execute(past)

    assert names_in(page("role=Moderator").text) == ["bob"]
    assert names_in(page("role=User").text) == ["alice"]
    assert page("role=Moderator").text.count("Moderator until") == 1


def test_a_row_tells_what_staff_should_know(page, ada):
    make_user(
        "zoe", confirmed=False, first_name="Zoë", deactivated_at=utcnow(), approval_asked_at=START
    )

    text = page("q=zoe").text

    words = ["Zoë", "zoe@example.org", "Not confirmed", "Deactivated", "Awaiting approval", "Never"]
    assert [word for word in words if word not in text] == []
    assert "1 person" in text


def test_how_many_were_found_is_said_as_far_as_it_is_known(page, crowd, monkeypatch):
    assert "24 people" in page("q=member").text
    assert "person</p>" not in page().text and "people</p>" not in page().text

    monkeypatch.setattr(listing, "FEW", 10)

    assert "More than 10 people" in page("q=member").text


def test_who_finds_nobody_can_clear_the_search(page):
    text = page("q=nobody&role=User").text

    assert "No members found." in text
    assert '<a href="/admin/users">Clear the search</a>' in text


SENSELESS = {
    "role=99": "Choose one of the options",
    "role=x": "Choose one of the options",
    "confirmed=perhaps": "Choose one of the options",
    "sort=age": "Choose one of the options",
    "since=yesterday": "Enter a date",
    "since=0000-00-00": "Enter a date",
    "since=2026-01-01&never=y": "Choose either a date",
    f"q={'x' * 101}": "Use at most 100 characters",
    "q=a%E2%80%AEb": "invisible characters",
    "q=a&q=b": "more than once",
}


def test_a_search_that_makes_no_sense_shows_nobody_and_says_why(page, alice):
    for query, words in SENSELESS.items():
        answer = page(query)
        seen = (answer.status_code, words in answer.text, names_in(answer.text))
        assert seen == (200, True, []), query


def test_nonsense_in_the_address_is_harmless(page):
    """R-90."""
    nonsense = ("after=x", "after=WzFd", f"before=&after={'9' * 4000}", "since=9999-12-31")
    nonsense += (
        "since=0001-01-01",
        "endpoint=x&_external=1&_anchor=a&self=1&values=1&_method=POST",
    )

    for query in nonsense:
        assert page(query).status_code == 200, query


def test_a_cursor_of_another_order_starts_at_the_start(page, crowd, monkeypatch):
    """R-90."""
    monkeypatch.setattr(users_view, "PER_PAGE", 5)
    cursor = re.search(r"after=([\w-]+)", page("sort=username").text)[1]

    assert names_in(page(f"after={cursor}").text) == names_in(page().text)


def test_reading_the_list_changes_nothing(client, page, crowd):
    """R-09."""
    page()
    before = everything()

    page("q=member")
    client.head("/admin/users")

    assert everything() == before


def test_whom_one_may_not_act_on_has_no_box(client, ada, alice):
    role = Role(name="Bare", permissions=16)
    db.session.add(role)
    client.sign_in(make_user("boss", role="Bare"))

    text = client.get("/admin/users").text

    assert re.findall(r">Choose (\w+)</label>", text) == []
    client.sign_in(ada)
    assert re.findall(r">Choose (\w+)</label>", client.get("/admin/users").text) == [
        "boss",
        "alice",
    ]


def test_so_many_are_on_a_page_as_was_chosen_and_the_address_keeps_it(client, ada):
    for _ in range(12):
        make_user()
    client.sign_in(ada)

    seen = {}
    for size in ("10", "20", "50", "100"):
        page = client.get(f"/admin/users?size={size}").text
        seen[size] = page.count('name="people"') + page.count('href="/admin/users/1"')
        assert f'<option selected value="{size}">' in page
    following = re.findall(r'rel="next" href="([^"]+)"', client.get("/admin/users?size=10").text)

    assert seen["10"] < seen["20"] == seen["50"] == seen["100"]
    assert len(following) == 1 and "size=10" in following[0]
    for wrong in ("0", "-1", "1000", "x"):
        assert "Choose one of the options" in client.get(f"/admin/users?size={wrong}").text


THREE_KEYS = {
    "sort=role&then=last_name&last=newest": lambda p: (p.role.name, p.last_name, -p.id),
    "sort=last_name&then=oldest": lambda p: (p.last_name, p.id),
    "sort=seen&then=role&last=username": lambda p: (-seen(p), p.role.name, p.username_key),
    "sort=email": lambda p: p.email,
    "sort=role&then=role&last=role": lambda p: (p.role.name, p.id),
}


def seen(person):
    return person.last_seen.timestamp() if person.last_seen else 0


@both_databases
def test_people_are_sorted_by_up_to_three_keys(page, monkeypatch):
    monkeypatch.setattr(users_view, "PER_PAGE", 3)
    day = timedelta(days=1)
    for n in range(11):
        role = ("User", "Moderator")[n % 2]
        values = dict(last_name="ABC"[n % 3], last_seen=n % 4 and utcnow() - day * (n % 4) or None)
        make_user(f"p{n}", role=role, member_since=utcnow() - day * (20 - n), **values)
    db.session.commit()
    found = {query: all_pages(page, query) for query in THREE_KEYS}
    people = db.session.scalars(db.select(User)).all()

    for query, key in THREE_KEYS.items():
        expected = [person.username for person in sorted(people, key=key)]
        assert [name for name in found[query] if name != "ada"] == [
            name for name in expected if name != "ada"
        ], query
    assert "Then by" in page("sort=role&then=email").text


@both_databases
def test_one_goes_back_through_pages_of_three_keys(page, crowd, monkeypatch):
    monkeypatch.setattr(users_view, "PER_PAGE", 4)
    query = "sort=role&then=newest&last=username"
    first = page(query).text
    link = r'rel="{}" href="/admin/users\?([^"]+)"'
    second = page(unescape(re.search(link.format("next"), first)[1])).text
    back = page(unescape(re.search(link.format("prev"), second)[1])).text

    assert names_in(back) == names_in(first) and 'rel="prev"' not in back
    assert names_in(page(f"{query}&after=999999").text) == names_in(first)

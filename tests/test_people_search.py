"""Search for people: beginnings and middles of names, in any script."""

import pytest
from factories import make_user
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from app.extensions import db
from app.models import Role, User
from app.models.retention.erasure import delete_account
from app.models.users.listing import PeopleList
from app.models.users.name_search import LONGEST, holding, matching

pytestmark = pytest.mark.both_databases

NAMES = {
    "bjorn": ("Björn", "Lindqvist"),
    "maria": ("María José", "O'Brien"),
    "strasse": ("Groß", "STRASSE"),
    "turkish": ("İpek", "Işık"),
    "greek": ("Σωκράτης", "ΟΔΥΣΣΕΥΣ"),
    "wang": ("王", "小明"),
    "smile": ("😀", "🎉🎉🎉"),
    "percent": ("100%", "50_50 [x] *"),
    "quote": ('"Q"', "it's \\ /"),
    "words": ("NEAR(a b)", "AND OR NOT"),
    "plain": ("", ""),
}
ODD = ['"', '""', "'", "%", "%%%", "_", "___", "*", "a*", "AND", "OR", "NOT", "NEAR(", "NEAR(a b)"]
ODD += [
    '" OR 1',
    "search_text:a",
    "^a",
    "-a",
    "+a",
    "{a b}",
    "(",
    ")",
    "\\",
    "/%",
    "😀",
    "🎉🎉",
    "\x00",
]
ODD += [
    "a\x00b",
    "\t",
    " ",
    "",
    "x" * 5000,
    "a " * 3000,
    "'; DROP TABLE users; --",
    "\u200b",
    "é" * 99,
]
# Letters that fold in odd ways, and what means something to a database
ALPHABET = "aAbBßſKıİiσςΣöÖéǅﬁ王😀 .@-_%*\"'()/\\"


@pytest.fixture
def crowd(app):
    """People with names of many kinds."""
    for username, (first, last) in NAMES.items():
        make_user(username, first_name=first, last_name=last)
    db.session.commit()


def found(words):
    people = db.session.scalars(PeopleList(words=words, order="username").find().in_order)
    return [person.username for person in people]


def by_hand(words):
    """What the search promises, in plain Python."""
    parts = words[:LONGEST].casefold().split()
    parts = [part if len(part) > 2 else f"  {part}" for part in parts]
    people = db.session.scalars(db.select(User).order_by(User.username_key)).all()
    return [p.username for p in people if all(part in p.search_text for part in parts)]


ANYWHERE = {
    "BJÖRN": ["bjorn"],
    "björn": ["bjorn"],
    "indqv": ["bjorn"],
    "lindqvist bjö": ["bjorn"],  # each word somewhere
    "lindqvist maria": [],
    "josé": ["maria"],
    "jose": [],  # accents count
    "o'brien": ["maria"],
    "gross": ["strasse"],  # ß is ss in small letters
    "straße": ["strasse"],
    "σωκράτησ": ["greek"],
    "οδυσσευς": ["greek"],
    "bjorn@example": ["bjorn"],
    "@EXAMPLE.ORG quo": ["quote"],
}
SHORT = {
    "b": ["bjorn"],
    "bj": ["bjorn"],
    "jo": [],  # in the middle of bjorn; too short for that
    "王": ["wang"],
    "小": ["wang"],
    "明": [],
    "😀": ["smile"],
    "🎉🎉": ["smile"],
    "w": ["wang", "words"],
}
SIGNS = {
    "100%": ["percent"],
    "50_50": ["percent"],
    "50x50": [],
    "[x]": ["percent"],
    '"q"': ["quote"],
    "NEAR(a": ["words"],
    "and not": ["words"],
    "%": [],
    "\\ /": [],
    "*": [],
}


def test_people_are_found_by_names_and_address_in_any_case(crowd):
    assert {words: found(words) for words in ANYWHERE} == ANYWHERE


def test_short_words_are_looked_for_at_beginnings_only(crowd):
    assert {words: found(words) for words in SHORT} == SHORT


def test_signs_with_a_meaning_for_databases_have_none_here(crowd):
    """R-92."""
    assert {words: found(words) for words in SIGNS} == SIGNS


def test_odd_input_is_searched_for_letter_by_letter(crowd):
    """R-92."""
    expected = {words: [] if "\x00" in words else by_hand(words) for words in ODD}

    assert {words: found(words) for words in ODD} == expected


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=6),
    words=st.text(ALPHABET, max_size=8),
    cut=st.tuples(st.integers(0, 11), st.integers(1, 6)),
)
@example(names=["ǅﬁKK"], words="ǆfik", cut=(0, 3))
def test_both_databases_find_what_a_plain_filter_finds(app, names, words, cut):
    """Whatever the letters; also for words that are cut from the middle of a name."""
    db.session.execute(delete(User))
    for number, name in enumerate(names):
        make_user(f"user{number}", first_name=name, password_hash="x")
    db.session.commit()

    for wanted in (words, names[0][cut[0] : cut[0] + cut[1]]):
        expected = by_hand(wanted)
        assert found(wanted) == expected
        asked_row_by_row = db.select(User.username).where(holding(wanted))
        assert sorted(db.session.scalars(asked_row_by_row)) == expected


def test_a_search_follows_every_change_of_name_and_address(alice, ada):
    alice.first_name = "Alicia"
    db.session.commit()
    assert found("alicia") == ["alice"]

    alice.first_name, alice.last_name = "", "Zylinder"
    db.session.commit()
    assert (found("alicia"), found("zyl")) == ([], ["alice"])

    alice.assign_address("wonder@land.example", by=ada)
    db.session.commit()
    assert (found("alice@example"), found("wonder@land")) == ([], ["alice"])

    delete_account(alice, by=ada)
    db.session.commit()
    assert found("wonder@land") == found("alice") == []


def test_the_profile_page_keeps_the_search_in_step(client, alice):
    client.sign_in(alice)

    form = {"first_name": "Lis", "last_name": "Quokka", "location": "", "about_me": ""}
    client.post("/settings/profile", data=form)

    assert found("quokka") == ["alice"]


def test_a_change_of_something_else_leaves_the_search_alone(alice):
    alice.about_me = "Quokka"
    db.session.commit()

    assert (found("quokka"), found("alice")) == ([], ["alice"])


def test_what_a_rolled_back_change_said_is_not_found(alice):
    db.session.commit()
    alice.first_name = "Quokka"
    db.session.flush()
    assert found("quokka") == ["alice"]

    db.session.rollback()

    assert (found("quokka"), found("alice")) == ([], ["alice"])


def test_the_index_is_used_for_words_in_the_middle(app):
    """Both databases find them by trigrams, not by reading everybody."""
    role_id = Role.get_default().id
    fields = dict(password_hash="x", auth_epoch=1, role_id=role_id, avatar_key="a" * 32)
    fields |= dict(first_name="", last_name="", location="", about_me="", sign_up_reason="")
    rows = [
        dict(username=f"u{n}", username_key=f"u{n}", email=f"u{n}@example.org")
        | dict(search_text=f"  u{n}  u{n}@example.org", **fields)
        for n in range(300)
    ]
    db.session.execute(insert(User), rows)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(db.text("SET LOCAL enable_seqscan = off"))  # so few are read at once

    plan = explain(matching("123@exa"))

    assert "users_search" in plan
    assert "SCAN users\n" not in plan and "Seq Scan" not in plan


def explain(statement):
    bound = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    prefix = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    rows = db.session.connection().exec_driver_sql(prefix + str(bound))
    return "".join(f"{row[-1]}\n" for row in rows)

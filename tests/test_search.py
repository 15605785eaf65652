"""Searching posts, comments and people: what is found, by whom, whatever is typed."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from factories import make_comment, make_post, make_user
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from test_queries import count

from app.extensions import db
from app.models import Comment, Post, Setting, User, Watch
from app.models.fields import utcnow
from app.models.reading.search import NEAR, Search
from app.models.reading.search_index import INDEXED
from app.text.search_words import MOST_WORDS, question_of, words_of

ODD = ['"', '""', "'", "AND", "a AND", "OR NOT", "NEAR(", "NEAR(a b, 3)", "*", "a*", "*a", ":"]
ODD += ["words : bread", "author_id:1", "^a", "-bread", "+bread", "%", "_", "\\", "(", ")", "{a b}"]
ODD += ["& | !", "a & ! b", "<->", "'bread':*", "'; DROP TABLE posts; --", "\u200b", "½", "a:b"]
ODD += ["bread" * 2000, "a " * 5000, "é" * 500, "東" * 400, "ß" * 70, "\ud7ff", "\ufdfa", "ŉ"]
ODD += ["a\u0301" * 99, "😀", "❤️🎉"]
SIGNS = "aAbBNERDOT()*:^-+\"'{}\\%_&|!<>東京é½ "


def find(app, what, viewer, question, size=20, cursor="", *, best=False, **narrowed):
    with app.test_request_context(f"/search?{cursor}"):
        search = Search(question_of(question), viewer, **narrowed)
        return search.best(Post, size) if best else getattr(search, what)(size)


@pytest.fixture
def posts(app, alice):
    def posts(question, viewer=alice, **narrowed):
        return [post.id for post in find(app, "posts", viewer, question, **narrowed)]

    return posts


@pytest.fixture
def comments(app, alice):
    def comments(question, viewer=alice, **narrowed):
        return [comment.id for comment in find(app, "comments", viewer, question, **narrowed)]

    return comments


@pytest.fixture
def people(app, alice):
    def people(question, viewer=alice):
        return [person.username for person in find(app, "people", viewer, question)]

    return people


@pytest.mark.both_databases
def test_all_words_must_be_there_and_the_newest_comes_first(posts, bob):
    first = make_post(bob, "Fresh **bread** and butter")
    second = make_post(bob, "Bread without anything. #Lunch")

    assert posts("bread") == [second.id, first.id]
    assert posts("butter BREAD") == [first.id]
    assert posts("bread cheese") == []
    assert posts("lun") == [second.id]


WRITTEN = dict(  # and what is asked
    [
        ("Crème brûlée", "creme brulee"),
        ("creme", "Crème"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("İstanbul", "istanbul"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσεύς"),
        ("cafe\u0301", "café"),
        ("東京大学で", "京大"),
        ("हिन्दी में", "हिन्दी"),
        ("@snake_case", "snake case"),
        ("semi-detached", "semi-detached"),
        ("version 2.5.1", "2.5.1"),
        ("see https://example.org/some/path", "example.org path"),
        ("ﬁne", "fine"),
    ],
)


@pytest.mark.both_databases
def test_phrases_exclusions_and_words_with_signs(posts):
    texts = ["A red green fox", "Red, then green", "We don't use C++", "Learn C# and C", "C is old"]
    red, then, cpp, sharp, old = (make_post(text=text).id for text in texts)

    asked = {
        '"red green"': [red],
        "red green": [then, red],
        'red -"red green"': [then],
        "green -fox": [then],
        "C++": [cpp],
        "c#": [sharp],
        "c": [old, sharp],
        "dont": [cpp],
        "don’t": [cpp],
        "do": [cpp],
        "-red": [],
    }
    assert {question: posts(question) for question in asked} == asked


@pytest.mark.both_databases
def test_the_best_match_comes_first_where_that_is_asked_for(app, alice, client):
    texts = ["bread " * 3, "bread and " + "milk " * 40, "Fresh bread", "bread fresh " + "x " * 9]
    ids = [make_post(text=text).id for text in texts]
    best = lambda question: [  # noqa: E731
        post.id for post in find(app, "posts", alice, question, best=True)
    ]

    assert best("bread")[0] == ids[0] and best("bread")[-1] == ids[1]
    assert best("fresh bread")[0] == ids[2]
    db.session.commit()
    first = client.get("/search?q=bread&sort=best&kind=posts").text
    assert first.index("bread</mark> <mark>bread") < first.index("and milk")
    assert 'aria-current="true">Best match' in first


@pytest.mark.both_databases
def test_pages_of_best_matches_follow_each_other(app, alice):
    for n in range(7):
        make_post(text="bread " * (n + 1) + "milk " * (7 - n))
    pages = [
        [
            post.in_brief(99).count("bread")
            for post in find(app, "posts", alice, "bread", 3, f"after={at}", best=True)
        ]
        for at in ("", "3", "6", "99", "x", "-1")
    ]
    assert pages == [[7, 6, 5], [4, 3, 2], [1], [], [7, 6, 5], [7, 6, 5]]


def test_the_page_says_what_it_did_not_look_for(client, alice):
    client.sign_in(alice)
    page = client.get("/search?q=bread+%26+" + "+".join(f"w{n}" for n in range(12))).text

    assert 'Ignored: <q dir="auto">&amp;</q>' in page and ">w11</q>" in page
    assert "Ignored" not in client.get("/search?q=bread").text
    assert "only listed words to exclude" in client.get("/search?q=-bread").text


@pytest.mark.both_databases
def test_case_accents_and_scripts_make_no_difference(posts, bob):
    ids = {asked: make_post(bob, f"Before {words} after").id for words, asked in WRITTEN.items()}

    assert {asked: id for asked, id in ids.items() if id not in posts(asked)} == {}
    assert len({tuple(posts(asked)) for asked in ids}) > 10  # each finds its own


@pytest.mark.both_databases
def test_the_address_of_a_link_is_not_read_and_so_not_found(posts):
    make_post(text="[here](https://example.org/hidden)")

    assert posts("hidden") == []


@pytest.mark.both_databases
def test_whatever_is_typed_is_a_question(posts, comments, people, alice):
    post = make_post(alice, "bread")

    for question in ODD:
        assert posts(question) in ([], [post.id])
        assert comments(question) == people(question) == []


def test_a_page_answers_odd_questions_and_refuses_what_nobody_can_type(client):
    asked = {'"': 200, "NEAR(a b, 3)": 200, "bread" * 2000: 200, "\ud7ff": 200, "a\x00b": 400}

    seen = {words: client.get(f"/search?q={quote(words)}").status_code for words in asked}
    assert seen == asked


@pytest.fixture
def content(app, alice):
    """Texts of all kinds, for the fuzzer."""
    texts = [
        "NEAR AND OR NOT",
        "a:b *c* -d",
        "Crème 東京大学",
        "100% x_y 'z'",
        "ß ﬁ ½ İ",
        "plain words",
    ]
    return [(make_post(alice, text).id, words_of(text).split()) for text in texts]


@given(
    st.text(max_size=50) | st.text(alphabet="aAbBNERDOT()*:^-+\"'{}\\%_&|!<>東京é½ ", max_size=30)
)
@example("NEAR(")
@example('"a" OR b*')
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@pytest.mark.both_databases
def test_a_question_finds_what_has_its_words_and_nothing_else(app, alice, content, question):
    asked = question_of(question)
    expected = [id for id, words in reversed(content) if asked.phrases and asked.is_met_by(words)]

    assert [post.id for post in find(app, "posts", alice, question)] == expected


@pytest.mark.both_databases
def test_both_ends_of_a_question_are_looked_at_alike(posts):
    post = make_post(text=" ".join(f"word{number}" for number in range(MOST_WORDS + 5)))

    assert posts(" ".join(f"word{number}" for number in range(MOST_WORDS + 5))) == [post.id]


# Who finds what


@pytest.mark.both_databases
def test_what_is_hidden_or_deleted_is_not_found_not_even_by_staff(posts, comments, mona, bob):
    """R-85."""
    post, another = make_post(bob, "Bread one"), make_post(bob, "Bread two")
    comment = make_comment(another, bob, "bread too")
    post.hide(by=mona, reason="spam")
    another.delete()

    for viewer in (bob, mona):
        assert posts("bread", viewer) == comments("bread", viewer) == []
    post.restore(by=mona)
    assert posts("bread") == [post.id]
    assert comment.is_shown  # but its post is not


def test_a_hidden_or_deleted_comment_is_not_found(comments, mona, bob):
    post = make_post(bob)
    hidden, deleted, shown = (make_comment(post, bob, "bread") for _ in range(3))
    hidden.hide(by=mona, reason="spam")
    deleted.delete()

    assert comments("bread") == [shown.id]


@pytest.mark.both_databases
def test_nothing_of_a_muted_member_is_found_nor_they_themselves(
    posts, comments, people, alice, bob
):
    post = make_post(bob, "bread")
    make_comment(post, bob, "bread")
    alice.mute(bob)

    assert posts("bread") == comments("bread") == people("bob") == []
    assert posts("bread", viewer=bob) == [post.id]


@pytest.mark.both_databases
def test_what_was_edited_is_found_by_its_new_words_only(posts, bob):
    post = make_post(bob, "bread")
    post.edit("cheese", by=bob)

    assert (posts("bread"), posts("cheese")) == ([], [post.id])


@pytest.mark.both_databases
def test_by_an_author(posts, comments, alice, bob):
    mine, theirs = make_post(alice, "bread"), make_post(bob, "bread")
    comment = make_comment(mine, bob, "bread")
    make_comment(theirs, alice, "bread")

    assert posts("bread", author=bob) == [theirs.id]
    assert comments("bread", author=bob) == [comment.id]


@pytest.mark.both_databases
def test_of_a_time(posts, comments, bob):
    days = [datetime(2025, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
    made = [make_post(bob, "bread", created_at=day) for day in days]
    ids = [post.id for post in made]
    answers = [make_comment(made[0], bob, "bread", created_at=day).id for day in days]
    since, until = datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 2, 15, tzinfo=UTC)

    assert posts("bread", since=since) == [ids[2], ids[1]]
    assert posts("bread", until=until) == [ids[1], ids[0]]
    assert posts("bread", since=since, until=until) == [ids[1]]
    assert comments("bread", since=since, until=until) == [answers[1]]
    assert posts("bread", since=days[2] + timedelta(1)) == posts("bread", until=days[0]) == []


# People


@pytest.mark.both_databases
def test_people_are_found_by_username_and_names_never_by_their_address(people, bob):
    make_user("zoe", first_name="Zoë", last_name="O'Brien", email="secret@hidden.example")
    make_user("anna.smith_9")

    assert people("zoe") == people("zoë obrien".replace("ob", "o b")) == people("brien") == ["zoe"]
    assert people("smith") == people("anna.smith_9") == ["anna.smith_9"]
    assert (
        people("secret") == people("hidden") == people("example") == people("secret@hidden") == []
    )


def test_who_is_not_seen_by_all_is_not_found(people):
    make_user("zoe1", first_name="Zoe", confirmed=False)
    make_user("zoe2", first_name="Zoe", deactivated_at=utcnow())
    make_user("zoe3", first_name="Zoe", approval_asked_at=utcnow())
    make_user("zoe4", first_name="Zoe")

    assert people("zoe") == ["zoe4"]


@pytest.mark.both_databases
def test_who_takes_another_name_is_found_by_it(people, bob):
    bob.first_name = "Robert"
    db.session.flush()
    assert people("robert") == ["bob"]
    bob.first_name = ""
    db.session.flush()
    assert people("robert") == []


# The index


def in_index(cls):
    """How many rows have a word, by the index alone; it must be sound."""
    if db.engine.dialect.name == "postgresql":
        has = cls.words.op("@@")(text("'bread'::tsquery"))
        return db.session.scalar(select(func.count()).where(has))
    index = f"{cls.__tablename__}_words"
    check = f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"
    db.session.execute(text(check))
    return db.session.scalar(text(f"SELECT count(*) FROM {index} WHERE {index} MATCH 'bread'"))


@pytest.mark.both_databases
def test_the_index_follows_whatever_happens_to_the_rows(app, alice, bob):
    """Purged posts take their comments along, deleted members leave their texts."""
    post, another = make_post(alice, "bread"), make_post(bob, "bread")
    make_comment(post, bob, "bread")
    make_comment(another, alice, "bread")
    make_user("bread")
    assert [in_index(cls) for cls in INDEXED] == [2, 2, 1]

    db.session.execute(delete(Post).where(Post.id == post.id))
    assert [in_index(cls) for cls in INDEXED] == [1, 1, 1]
    db.session.execute(delete(User).where(User.id.in_([alice.id, bob.id])))
    assert [in_index(cls) for cls in INDEXED] == [1, 1, 1]
    assert db.session.scalar(select(Post.author_id)) is None
    db.session.execute(update(Comment).values(words="cheese"))
    db.session.execute(delete(User))
    assert [in_index(cls) for cls in INDEXED] == [1, 0, 0]


@pytest.mark.both_databases
def test_the_texts_of_a_deleted_member_are_found_but_not_as_theirs(posts, app, bob):
    post = make_post(bob, "bread")
    db.session.execute(delete(User).where(User.id == bob.id))

    assert posts("bread") == [post.id]
    assert posts("bread", author=bob) == []


@pytest.mark.both_databases
def test_no_other_change_writes_the_index(app, alice):
    """One row changes at a like, one at a choice; on SQLite, a write to the index would be more."""
    post, sqlite = make_post(alice, "bread"), db.engine.dialect.name == "sqlite"
    db.session.commit()
    changes = text("SELECT total_changes()" if sqlite else "SELECT 0")
    before = db.session.scalar(changes)

    Post.count_up(post.id, like_count=1)
    alice.home_feed = "followed"
    db.session.flush()

    assert db.session.scalar(changes) - before == (2 if sqlite else 0)
    assert in_index(Post) == 1


# Pages


def walk(client, path):
    """The ids of each page, from the first to the last."""
    for _ in range(100):  # a page that came twice would come for ever
        if not path:
            return
        page = client.get(path).text
        yield [int(id) for id in re.findall(r'class="excerpt" href="/post/(\d+)', page)]
        link = re.search(r'rel="next" href="([^"]+)"', page)
        path = link and link[1].replace("&amp;", "&")


@pytest.mark.both_databases
def test_pages_follow_each_other_without_gaps(client, alice):
    Setting.change(posts_per_page=5)
    ids = [make_post(alice, "bread" if number % 3 else "cheese").id for number in range(20)]
    wanted = [id for number, id in enumerate(ids) if number % 3][::-1]

    pages = list(walk(client, "/search?q=bread&kind=posts"))

    assert [len(page) for page in pages] == [5, 5, 3]
    assert sum(pages, []) == wanted


@pytest.mark.both_databases
def test_a_page_far_from_the_words_is_found_too_and_so_is_the_way_back(app, alice):
    """PostgreSQL looks nearby first, then everywhere."""
    first, far = 1_000_000, 1_000_000 + 2 * NEAR
    wanted = [far + 2 * NEAR + number for number in (2, 1, 0)]
    for id in (*wanted, far, first):
        post = make_post(alice, "bread")
        db.session.execute(delete(Watch))
        db.session.execute(update(Post).where(Post.id == post.id).values(id=id))
        db.session.expunge(post)

    def page(cursor=""):
        return find(app, "posts", alice, "bread", size=3, cursor=cursor)

    newest = page()
    older = page(f"after={newest.after}")
    assert [p.id for p in newest] == wanted
    assert [p.id for p in older] == [far, first] and older.after is None
    assert [p.id for p in page(f"before={older.before}")] == [p.id for p in newest]


def test_the_page_shows_all_kinds_and_marks_the_words(client, alice, bob):
    post = make_post(bob, "Fresh <b>bread</b> & butter")
    make_comment(post, alice, "I like Bread")
    make_user("bread.maker")

    page = client.get("/search?q=bread").text

    assert "Fresh &lt;b&gt;<mark>bread</mark>&lt;/b&gt; &amp; butter" in page
    assert "I like <mark>Bread</mark>" in page and "<mark>bread</mark>.maker" in page
    assert '<meta name="robots" content="noindex">' in page


def test_filters_stand_in_the_address_and_in_the_way_to_more(client, alice, bob):
    Setting.change(posts_per_page=5)
    for _ in range(7):
        make_post(bob, "bread")
        make_post(alice, "bread")

    page = client.get("/search?q=bread&kind=posts&author=@Bob&since=2020-01-01").text

    assert page.count('class="author" href="/user/bob"') == 5
    assert re.search(
        r'rel="next" href="/search\?after=[^"]*author=@?%?4?0?Bob[^"]*since=2020-01-01', page
    )


SAID = dict(
    [
        ("q=", "Find posts and comments by their words"),
        ("q=%3F!", "Enter at least one word"),
        ("author=alice", "Enter a word to search for"),
        ("since=2026-01-01&q=", "In UTC."),
        ("q=nowhere", "No results."),
        ("q=nowhere+ever", "No results."),
        ("q=bread&author=nobody", "No member has this username."),
        ("q=bread&author=ulla", "No member has this username."),  # whom nobody sees
        ("q=bread&since=yesterday", "Enter a date"),
        ("q=bread&since=2026-02-02&until=2026-01-01", "Choose a day after"),
        ("q=bread&until=9999-12-31", "<mark>bread</mark>"),
        ("q=bread&kind=nonsense&after=nonsense", "<mark>bread</mark>"),
        ("q=bread&q=cheese", "sent more than once"),
    ],
)


def test_the_page_says_what_is_the_matter(client, alice):
    make_user("ulla", confirmed=False)
    make_post(alice, "bread")

    pages = {query: client.get(f"/search?{query}").text for query in SAID}

    assert [query for query, words in SAID.items() if words not in pages[query]] == []


def test_where_only_members_read_only_members_search(client, alice):
    make_post(alice, "bread")
    Setting.change(readers="members")

    assert client.get("/search?q=bread").location.startswith("/auth/login")
    client.sign_in(alice)
    assert "<mark>bread</mark>" in client.get("/search?q=bread").text


def test_the_search_box_stands_on_every_page(client, alice):
    assert 'action="/search" role="search"' in client.get("/").text


@pytest.mark.both_databases
def test_a_search_asks_the_database_as_often_whatever_it_finds(client, alice):
    client.sign_in(alice)
    numbers = []
    for _ in range(2):
        for number in range(3):
            author = make_user(first_name="Bread")
            make_comment(make_post(author, f"bread {number}"), author, "bread")
        numbers.append([count(client, f"/search?q=bread{kind}") for kind in ("", "&kind=people")])

    assert numbers == [[4, 2], [4, 2]]

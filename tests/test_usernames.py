"""Whatever name sign-up takes can be mentioned, linked, found, exported and invited."""

import csv
import io
import re

from factories import PASSWORD, make_post, make_user
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from app.extensions import db
from app.imports.csv_format import decoded
from app.models import Notification, User
from app.text.markdown import Text
from app.text.names import USERNAME, is_reserved, problem_with_username, username_from, username_key

ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
names = st.from_regex(re.compile(rf"\A{USERNAME.pattern.removesuffix('+')}\Z", re.ASCII))
AROUND = ["@{}", "Ask @{}.", "(@{}), *@{}* and **@{}**!", "@{}'s", "@{}, @{}: @{}; @{}?", "@{}…"]
AROUND += ["# @{}", "- @{}\n- x", "|@{}|\n|-|\n|x|", "a\n@{}\nb", "[x](/y) @{}", "“@{}”"]
AROUND += ["@{}-like", "_x_ @{}"]


@settings(ANY, max_examples=100)
@given(names)
@example("a")
@example("a" * 64)
@example("a_")
@example("a__b._c_")
@example("www.example.org")
@example("https")
def test_a_name_is_mentioned_wherever_it_stands(name):
    for text in AROUND:
        draft = Text(text.format(*[name] * 4))
        assert draft.called == [username_key(name)], text
        link = f'<a href="/user/{name}">@{name}</a>'
        html = draft.html({username_key(name): name})
        assert html.count(link) == text.count("{}"), text
    if name[-1] != "_":
        assert Text(f"_Dear @{name}_").called == [username_key(name)]


@settings(ANY, max_examples=20)
@given(names)
@example("a")
@example("a_b.c")
@example("O.o")
@example("x" * 64)
@example("followers")
@example("www.example.org")
def test_a_name_works_everywhere(app, client, ada, name):
    assume(not is_reserved(name) and User.with_username(name) is None)
    person = make_user(name)
    post = make_post(ada, f"Ask @{name}.")
    db.session.commit()

    assert db.session.query(Notification).filter_by(user_id=person.id).count() == 1
    client.sign_in(ada)
    assert f'href="/user/{name}">@{name}</a>' in client.get(f"/post/{post.id}").text
    for path in ("/user/{}", "/user/{}/comments", "/user/{}/followers", "/user/{}/feed.atom"):
        assert client.get(path.format(name)).status_code == 200, path
    assert client.post(f"/user/{name}/follow").status_code == 302
    for path in ("/search?in=people&q={}", "/search?in=people&q=@{}", "/admin/users?q={}"):
        assert re.search(rf'/user/{re.escape(name)}"', client.get(path.format(name)).text) or (
            f"/admin/users/{person.id}" in client.get(path.format(name)).text
        ), path
    assert client.get(f"/moderation/people/{name}").status_code == 200
    file = client.post("/admin/users/export").data
    rows = csv.DictReader(io.StringIO(decoded(file), newline=""))
    assert name in [row["username"] for row in rows]
    client.sign_out()
    answer = client.post("/auth/login", data={"login": name.upper(), "password": PASSWORD})
    assert answer.status_code == 302
    client.sign_out()
    db.session.delete(db.session.get(User, person.id))
    db.session.commit()


REFUSED = [
    "ann.",
    "a..b",
    ".ann",
    "_ann",
    "9ann",
    "ann-b",
    "änn",
    "a b",
    "a@b",
    "",
    "a" * 65,
    "ann\n",
]


def test_no_other_name_is_taken():
    assert [name for name in REFUSED if problem_with_username(name) is None] == []


@given(st.text(st.characters(codec="ascii"), max_size=80))
@example("ann.")
@example("a..b")
@example("a" * 55 + "..b")
def test_whatever_the_address_is_a_name_can_be_made_of_it(local):
    assert problem_with_username(username_from(f"{local}@example.org")) is None

"""What a file would do: judged line by line, by the rank of whoever imports it."""

import pytest
from factories import keep, make_user
from importing import file_of, planned
from test_queries import statements

from app.extensions import db
from app.imports import Plan, make_plan, planner
from app.imports.plan import Line
from app.models import Role, User

LONG = 65 * "x"


def only(lines):
    (line,) = lines
    return line


def new(email="nora@example.org", username="", **values):
    fields = dict(first_name="", last_name="", location="", role="", confirmed="", active="")
    return ",".join([email, username, *(fields | values).values()])


WRONG = [
    (new("", location="Oslo"), "It is empty."),
    (new("nora"), "Enter a valid email"),
    (new("nora@localhost"), "Email: "),
    (new("n\u202eora@example.org"), "cannot be seen"),
    (new(f"{250 * 'n'}@example.org"), "too long"),
    (new(username="1nora"), "Username: Start with a letter"),
    (new(username="nora nilsen"), "Username: Start with a letter"),
    (new(username=LONG), "Username: Start with a letter"),
    (new(username="nоra"), "Username: Start with a letter"),  # a Cyrillic о
    (new(username="Administrator1"), "The username Administrator1 is reserved."),
    (new(first_name=LONG), "The first name is too long. The limit is 64 characters."),
    (new(last_name=LONG), "The last name is too long. The limit is 64 characters."),
    (new(location=LONG), "The location is too long. The limit is 64 characters."),
    (new(first_name="a\u202eb"), "The first name contains characters that cannot be seen."),
    (new(location='"a\nb"'), "The location contains a line break."),
    (new(last_name='"a\tb"'), "The last name contains a tab."),
    (new('"nora\n@example.org"'), "It contains a line break."),
    (new(role="Emperor"), "no role “Emperor”. Choose from: User, Moderator, Administrator."),
    (new(confirmed="perhaps"), "confirmed: use yes or no, not “perhaps”."),
    (new(active="2"), "active: use yes or no, not “2”."),
    ("nora@example.org", "number of cells"),
    (new() + ",x", "number of cells"),
    (new("ada@example.org", "alice"), "The username alice is taken."),
    (new("alice@example.org", "root"), "The username root is reserved."),
    (new("alice@example.org", confirmed="no"), "can’t undo that"),
    (new("alice@example.org", first_name=LONG), "too long"),
    (new("ada@example.org", first_name="Ada"), "You can’t do this to yourself"),
    (new("ada@example.org", role="User"), "You can’t do this to yourself"),
    (new("ada@example.org", active="no"), "You can’t do this to yourself"),
]


def test_a_line_that_cannot_be_is_left_out_and_says_why(ada, alice):
    for line, words in WRONG:
        planned_line = only(planned(ada, line))
        seen = (planned_line.kind, words in " ".join(planned_line.errors))
        assert seen == ("error", True), (line, planned_line.errors)


def test_a_line_says_all_that_is_wrong_with_it(ada):
    assert len(only(planned(ada, "nora,1,,,,Emperor,2,3")).errors) == 5


def test_what_stands_there_twice_counts_once(ada):
    doubles = {
        new("NORA@example.org"): "Line 2 already has the same email.",
        new("mia@example.org", "Nora"): "Line 2 already has the same username.",
    }
    for line, words in doubles.items():
        first, second = planned(ada, new(username="nora"), line)
        assert (first.kind, second.kind, second.errors) == ("new", "error", [words])


def test_one_account_is_changed_once(ada, alice):
    """Found by its address on one line, by its username on the other."""
    lines = planned(ada, new("alice@example.org", location="Oslo"), new("new@example.org", "alice"))

    assert [line.kind for line in lines] == ["changes", "error"]
    assert lines[1].errors == ["Line 2 already has the same account."]


def test_a_change_is_told_from_and_to(ada, alice):
    line = "alice@example.org,Alicia,,Ås,Oslo,Moderator,yes,no"

    assert only(planned(ada, line)).values == {
        "username": ["alice", "Alicia"],
        "last_name": ["", "Ås"],
        "location": ["", "Oslo"],
        "role": ["User", "Moderator"],
        "active": [True, False],
    }


def test_an_empty_cell_clears_a_name_but_nothing_else(ada, alice):
    alice.first_name = "Alice"
    db.session.commit()

    assert only(planned(ada, new("alice@example.org"))).values == {"first_name": ["Alice", ""]}


def test_a_column_that_is_not_there_changes_nothing(ada, alice):
    alice.first_name = "Alice"
    db.session.commit()

    assert only(planned(ada, "alice@example.org", header="email")).kind == "same"


def test_an_account_that_would_move_is_warned_of(ada, alice):
    """Somebody else may have the same username elsewhere."""
    line = only(planned(ada, new("new@example.org", "Alice")))

    assert line.values["email"] == ["alice@example.org", "new@example.org"]
    assert line.warnings == ["Found by username only: the email of alice would change."]


LIKE_ZOE = {
    new(first_name="Zoe", last_name="Angstrom"): ["zoe has the same name."],
    new(first_name=" ZOË", last_name="ångström "): ["zoe has the same name."],
    new("z.o.e+news@example.org"): ["zoe has almost the same email."],
    new("ZO.E@example.org"): ["zoe has almost the same email."],
    new(first_name="Zoë"): [],
    new(last_name="Ångström"): [],
    new("zoe@example.net"): [],
    new("zoe.@example.net", first_name="Zoë", last_name="Angstrem"): [],
    new("zoe@example.org", first_name="Zoë", last_name="Ångström", location="Oslo"): [],
}


@pytest.mark.both_databases
def test_who_is_much_like_somebody_gets_a_warning_and_others_get_none(ada):
    make_user("zoe", first_name="Zoë", last_name="Ångström")

    assert {line: only(planned(ada, line)).warnings for line in LIKE_ZOE} == LIKE_ZOE


def test_two_lines_that_are_much_alike_are_warned_of(ada):
    lines = planned(
        ada,
        new("nora@example.org", first_name="Nora", last_name="Nilsen"),
        new("mia@example.org", first_name="nora", last_name="NILSEN"),
        new("no.ra@example.org", "nora2"),
    )

    warnings = [line.warnings for line in lines]
    assert warnings == [[], ["Line 2 has the same name."], ["Line 2 has almost the same email."]]


def names_for(ada, *emails):
    return [line.username for line in planned(ada, *emails, header="email")]


@pytest.mark.both_databases
def test_usernames_are_made_from_addresses_and_nobody_has_them(ada):
    for name in ("nora", "Nora1", "nora2"):
        make_user(name, email=f"{name}@example.net")

    assert names_for(ada, "nora@example.org", "nora@example.edu", "no.ra+x@example.org") == [
        "nora3",
        "nora4",
        "no.rax",
    ]


def test_a_username_that_the_file_asks_for_is_given_to_nobody_else(ada):
    lines = planned(ada, "nora@example.org,", "mia@example.org,nora", header="email,username")

    assert [line.username for line in lines] == ["nora1", "nora"]


def test_a_username_is_made_even_from_odd_addresses(ada):
    made = {
        "info@acme.example.org": "info_acme",
        "12345@acme.example.org": "member_acme",
        f"{64 * 'n'}@example.org": 56 * "n",
    }
    assert {email: only(names_for(ada, email)) for email in made} == made


def test_numbers_do_not_meet(ada):
    """The first john is john, the second john1, so he of john1@ is another one."""
    names = names_for(ada, "john@a.org", "john@b.org", "john1@a.org", "john1@b.org")

    assert len(set(names)) == 4


def test_two_hundred_of_one_name_are_told_apart(ada):
    names = names_for(ada, *(f"john@example{i}.org" for i in range(200)))

    assert names == ["john", *(f"john{i}" for i in range(1, 200))]


@pytest.fixture
def older(app):
    """An administrator whose mask has no more than the permissions of today."""
    keep(Role(name="Elder", permissions=31))
    return make_user("elder", role="Elder")


def test_nobody_is_lifted_above_who_imports(older, alice):
    """R-81."""
    refused = ["You can’t give the role Administrator: it allows more than yours."]
    for email in ("nora@example.org", "alice@example.org"):
        line = only(planned(older, new(email, role="Administrator")))
        assert (line.kind, line.errors) == ("error", refused)


def test_not_even_to_the_usual_role(app):
    """R-81: who may do nothing but administer."""
    keep(Role(name="Bare", permissions=16))

    line = only(planned(make_user(role="Bare"), new()))

    assert line.errors == ["You can’t give the role User: it allows more than yours."]


def test_nobody_above_is_touched(older, ada):
    """R-81: neither demoted, nor closed, nor renamed."""
    for what in (dict(role="User"), dict(active="no"), dict(first_name="X")):
        line = only(planned(older, new("ada@example.org", **what)))
        assert (line.kind, "ada has a higher rank" in line.errors[-1]) == ("error", True), what


def test_who_returns_to_a_higher_role_is_above(older, ada):
    """R-81."""
    ada.former_role, ada.role = ada.role, Role.get_default()
    db.session.commit()

    assert only(planned(older, new("ada@example.org", active="no"))).kind == "error"


def test_a_file_changes_a_thousand_people_at_most(ada, alice, bob, monkeypatch):
    """One by one they go through the rules, while others wait to write."""
    monkeypatch.setattr(planner, "MOST_CHANGES", 1)

    lines = planned(
        ada, *(new(f"{name}@example.org", location="Oslo") for name in ("alice", "bob"))
    )

    assert [line.kind for line in lines] == ["changes", "error"]
    assert "at most" in lines[1].errors[0]


def test_a_file_gives_five_thousand_newcomers_another_role_at_most(ada, monkeypatch):
    monkeypatch.setattr(planner, "MOST_ROLES", 1)

    lines = planned(ada, *(new(f"n{i}@example.org", role="Moderator") for i in range(2)), new())

    assert [line.kind for line in lines] == ["new", "error", "new"]


@pytest.mark.both_databases
def test_planning_asks_a_few_questions_for_each_five_hundred_lines(ada):
    def questions(count):
        text = file_of(*(f"n{i}@example.org,,N{i},N,,,," for i in range(count)))
        with statements() as sent:
            make_plan(text, by=ada)
        return len(sent)

    few = questions(500)
    assert few <= 8
    assert questions(1001) - few <= 2 * 7


def plan_of(kinds):
    lines = [Line(number, kind) for number, kind in enumerate(kinds, start=2)]
    return Plan("\n".join(line.content() for line in lines))


def test_a_plan_is_paged_both_ways():
    plan = plan_of(["new"] * 7)
    first = plan.page(None, size=3)
    second = plan.page(None, after=int(first.after), size=3)
    third = plan.page(None, after=int(second.after), size=3)
    back = plan.page(None, before=int(third.before), size=3)

    numbers = [[line.number for line in page] for page in (first, second, third, back)]
    assert numbers == [[2, 3, 4], [5, 6, 7], [8], [5, 6, 7]]
    assert (first.before, third.after, back.before, back.after) == (None, None, "5", "7")


def test_a_plan_shows_one_kind_of_lines():
    plan = plan_of(["new", "error", "same", "error"])

    assert [line.number for line in plan.page("error")] == [3, 5]
    assert plan.page("changes").items == []
    assert plan.counts == dict(new=1, changes=0, same=1, error=2, warning=0)


def test_two_plans_that_differ_have_different_hashes(ada, alice):
    text = file_of(new("alice@example.org", location="Oslo"))
    first = make_plan(text, by=ada)
    assert first.hash == make_plan(text, by=ada).hash

    User.with_username("alice").location = "Bergen"
    db.session.commit()

    assert make_plan(text, by=ada).hash != first.hash

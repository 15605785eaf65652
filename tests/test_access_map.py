"""The access map: each endpoint is opened by each kind of person and compared with the map."""

import inspect
from itertools import product
from urllib.parse import urlsplit

import pytest
from factories import everything, keep, make_user
from flask import Blueprint

import app.web.templating
from app import create_app
from app.access.map import CONFIRM, LET_IN, STANDING, Kind, access_map, kinds_of, short
from app.decorators import (
    HOME,
    OPENS,
    OWN_ONLY,
    REFUSED,
    SIGN_IN,
    Contradiction,
    admin_required,
    gate,
    login_required,
    own_things,
    permission_required,
    public,
    readable,
    visitors_only,
)
from app.extensions import limiter
from app.models import Permission, Role, Sanction, Setting

KINDS = ["visitor", "unconfirmed", "role User", "role Moderator", "role Administrator"]
KINDS += ["role Helper", "role Office"]
VALUES = dict(username="nobody", id=0, token="x", key=32 * "a", filename="site.css")
VALUES |= dict(slug="about", number=1, act="sign-out")
VALUES |= dict(kind="posts", tag="flask", noun="post", verb="hide")
VALUES |= dict(month="2001-01")
ANSWERS = {"/": HOME, "/auth/unconfirmed": CONFIRM, "/auth/login": SIGN_IN}
ANSWERS |= {"/standing": STANDING}
ONE_OF_EACH = {
    "main.healthz",
    "main.picture",
    "main.page",
    "main.index",
    "main.user",
    "main.bookmarks",
}
ONE_OF_EACH |= {"account.data", "main.held", "account.appeal", "main.follow", "auth.login"}
ONE_OF_EACH |= {"auth.register", "auth.change_password", "moderation.queue"}
ONE_OF_EACH |= {"moderation.remove_text", "admin.index"}


@pytest.fixture
def roles(app):
    """Helpers may do no more than moderate, the office no more than administer."""
    keep(Role(name="Helper", permissions=int(Permission.MODERATE)))
    keep(Role(name="Office", permissions=int(Permission.ADMIN)))
    return Role.all()


@pytest.fixture
def doors(roles):
    return {door.endpoint: door for door in access_map(kinds_of(roles))}


def outcomes(door):
    return [door.outcomes[key] for key in KINDS]


def person_of(kind):
    if kind == "visitor":
        return None
    if kind == "unconfirmed":
        return make_user(confirmed=False)
    if kind == "suspended":
        person = make_user()
        Sanction.impose(person, "suspension", by=None, reason="Spam.")
        return person
    return make_user(role=kind.removeprefix("role "))


class Door:
    """Stands in for a view behind all its guards, and sees whether it would have run."""

    def __init__(self, app, endpoint):
        self.views, self.endpoint, self.ran = app.view_functions, endpoint, False
        self.view = inspect.unwrap(self.views[endpoint])

    def __enter__(self):
        self.replace(self.view, self.note)
        return self

    def note(self, **values):
        self.ran = True
        return "in"

    def replace(self, old, new):
        """Where the innermost guard has it, or, of a view without one, where the site has it."""
        if self.views[self.endpoint] == old:
            self.views[self.endpoint] = new
            return
        guard = self.views[self.endpoint]
        while guard.__wrapped__ is not self.view:
            guard = guard.__wrapped__
        (cell,) = [cell for cell in guard.__closure__ if cell.cell_contents == old]
        cell.cell_contents = new

    def __exit__(self, *error):
        self.replace(self.note, self.view)


def tries(app):
    """Every endpoint with every method that it takes, and an address that leads to it."""
    for rule in app.url_map.iter_rules():
        url = app.url_map.bind("localhost").build(
            rule.endpoint, {name: VALUES[name] for name in rule.arguments}
        )
        for method in sorted({"GET", "POST"} & rule.methods):
            yield rule.endpoint, method, url


def knock(app, client, endpoint, method, url):
    """What happened, in the words of the map."""
    limiter.reset()
    with Door(app, endpoint) as door:
        response = client.open(url, method=method, buffered=True)
    assert response.status_code < 500
    if door.ran:
        return OPENS
    if response.location:
        return ANSWERS[urlsplit(response.location).path]
    return REFUSED if "You need the permission" in response.text else response.status


def meets_what_the_map_says(app, client, doors, kind, endpoints):
    person, met, said = person_of(kind), {}, {}
    client.sign_in(person) if person else client.sign_out()
    for endpoint, method, url in tries(app):
        if endpoint in endpoints:
            met[endpoint, method] = knock(app, client, endpoint, method, url)
            words = doors[endpoint].outcomes[kind]
            said[endpoint, method] = OPENS if words in LET_IN else words

    assert met == said, kind
    assert {endpoint for endpoint, _ in met} == set(endpoints)


def test_one_door_of_each_policy_is_to_each_kind_of_person_what_the_map_says(app, client, doors):
    """R-76, R-77, R-79, R-80: for real."""
    policies = {(door.policy, *door.outcomes.values()) for door in doors.values()}
    tried = {(doors[name].policy, *doors[name].outcomes.values()) for name in ONE_OF_EACH}
    assert tried == policies

    for kind in [*KINDS, "suspended"]:
        meets_what_the_map_says(app, client, doors, kind, ONE_OF_EACH)


@pytest.mark.large
@pytest.mark.parametrize("kind", [*KINDS, "suspended"])
def test_each_door_is_to_each_kind_of_person_what_the_map_says(app, client, doors, kind):
    """R-76, R-77, R-79, R-80: every endpoint, every method."""
    meets_what_the_map_says(app, client, doors, kind, doors)


@pytest.mark.large
@pytest.mark.both_databases
def test_behind_no_door_anything_breaks(app, client, ada):
    """What the views themselves answer, about things that are not there."""
    for _, method, url in tries(app):
        limiter.reset()
        client.sign_in(ada)
        assert client.open(url, method=method, buffered=True).status_code < 500, (method, url)


def test_where_only_members_read_the_map_says_so_and_it_is_so(app, client, roles):
    Setting.change(readers="members")
    door = next(d for d in access_map(kinds_of(roles)) if d.endpoint == "main.user")

    assert (door.policy, door.outcomes["visitor"]) == ("readers", SIGN_IN)
    assert knock(app, client, "main.user", "GET", "/user/nobody") == SIGN_IN


def test_what_is_own_only_is_closed_to_all_others(client, doors, bob, mona, ada):
    """R-78, R-81, R-63: sessions of Bob's stay his, whoever knocks."""
    row = client.sign_in(bob)
    assert OWN_ONLY in doors["account.end_session"].outcomes.values()

    for person in (mona, ada):
        client.sign_in(person)
        assert client.post(f"/settings/sessions/{row.id}/end").status_code == 404
    assert row.id in {session.id for session in everything()["user_sessions"]}


def test_a_door_says_how_it_is_reached_and_what_guards_it(doors):
    door = doors["account.end_session"]

    assert (door.methods, door.policy) == (("POST",), "own content")
    assert door.urls == ("/settings/sessions/<id:id>/end",)
    assert short(door.urls[0]) == "/settings/sessions/<id>/end"


def test_the_map_tells_custom_roles_from_the_built_in_ones(doors):
    assert outcomes(doors["moderation.queue"])[2:] == [REFUSED, OPENS, OPENS, OPENS, REFUSED]
    assert outcomes(doors["admin.index"])[2:] == [REFUSED, REFUSED, OPENS, REFUSED, OPENS]


def test_a_newcomer_of_a_mighty_default_role_still_has_to_confirm(app):
    role = Role(name="Open house", permissions=0xFF, default=True)
    doors = {door.endpoint: door for door in access_map(kinds_of([role]))}

    assert doors["admin.index"].outcomes == {
        "visitor": SIGN_IN,
        "unconfirmed": CONFIRM,
        "suspended": STANDING,
        "role Open house": OPENS,
    }


# Two guards on one view: both count.

GUARDS = {
    "public": public,
    "readable": readable,
    "login_required": login_required,
    "own_things": own_things,
    "MODERATE": permission_required(Permission.MODERATE),
    "ADMIN": admin_required,
}


def test_a_policy_of_two_guards_admits_whom_both_admit(app):
    policies = {name: guard(lambda: "in").policy for name, guard in GUARDS.items()}
    people = [Kind("", "", is_authenticated=False)]
    people += [Kind("", "", Role(name="x", permissions=mask)) for mask in (0, 7, 8, 16, 255)]

    for outer, inner in product(GUARDS, repeat=2):
        policy = GUARDS[outer](GUARDS[inner](lambda: "in")).policy
        both = [policies[outer].admits(p) and policies[inner].admits(p) for p in people]
        assert [policy.admits(person) for person in people] == both, (outer, inner)


def test_a_view_that_nobody_could_enter_is_refused_at_once():
    for guard in ("readable", "login_required", "own_things", "ADMIN"):
        with pytest.raises(Contradiction):
            GUARDS[guard](visitors_only(lambda: "in"))


def planted(monkeypatch, view, endpoint="admin.planted"):
    """A site with one more view, behind the gate of the administration."""
    init_app = app.web.templating.init_app
    add_one = lambda site: site.add_url_rule("/admin/planted", endpoint, view)  # noqa: E731
    monkeypatch.setattr(
        app.web.templating, "init_app", lambda site: (init_app(site), add_one(site))
    )


def test_a_gate_and_a_decorator_both_guard(monkeypatch, site_with, roles):
    planted(monkeypatch, permission_required(Permission.MODERATE)(lambda: "in"))
    site = site_with()
    with site.app_context():
        door = next(d for d in access_map(kinds_of(roles)) if d.endpoint == "admin.planted")

    assert door.policy == "MODERATE and ADMIN"
    assert outcomes(door)[2:] == [REFUSED, REFUSED, OPENS, REFUSED, REFUSED]


def test_behind_two_guards_one_learns_of_all_that_is_missing(monkeypatch, site_with, roles):
    planted(monkeypatch, permission_required(Permission.MODERATE)(lambda: "in"))
    client = site_with().test_client()

    for role, missing in (("Office", ["MODERATE"]), ("Helper", ["ADMIN"])):
        client.sign_in(make_user(role=role))
        answer = client.get("/admin/planted", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json["error"]["missing"]) == (403, missing)
        assert answer.json["error"]["holders"] == ["Administrator"]


def test_own_content_behind_a_gate_asks_for_the_permission_too(monkeypatch, site_with, roles):
    planted(monkeypatch, own_things(lambda: "in"))
    with site_with().app_context():
        door = next(d for d in access_map(kinds_of(roles)) if d.endpoint == "admin.planted")

    assert door.policy == "own content with ADMIN"
    assert outcomes(door)[3:] == [REFUSED, OWN_ONLY, REFUSED, OWN_ONLY]


def test_the_site_does_not_start_with_a_view_that_nobody_can_enter(monkeypatch):
    planted(monkeypatch, visitors_only(lambda: "in"))

    with pytest.raises(RuntimeError, match=r"Nobody may enter admin.planted \(.*test_access_map"):
        create_app("testing")


def test_the_gate_around_a_gate_counts(monkeypatch, site_with, roles):
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    gate(outer, Permission.ADMIN)
    gate(inner, Permission.MODERATE)
    inner.add_url_rule("/inner", "view", lambda: "in")
    outer.register_blueprint(inner)
    init_app = app.web.templating.init_app
    add_both = lambda site: site.register_blueprint(outer)  # noqa: E731
    monkeypatch.setattr(
        app.web.templating, "init_app", lambda site: (init_app(site), add_both(site))
    )

    with site_with().app_context():
        door = next(d for d in access_map(kinds_of(roles)) if d.endpoint == "outer.inner.view")

    assert outcomes(door)[2:] == [REFUSED, REFUSED, OPENS, REFUSED, REFUSED]

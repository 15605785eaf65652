"""Making, changing and removing roles: the rank, the log, the last administrator."""

import json

import pytest
from factories import everything, keep, make_user

from app.extensions import db
from app.models import AuditEntry, Invitation, Permission, Role, RoleRequest, User
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.roles import management as changes
from app.models.roles.landing_page import landing_pages

F, C, W, M, A = (int(permission) for permission in Permission)


@pytest.fixture
def writers(app):
    return Role.create(name="Writers", permissions=C | W, description="Write.")


@pytest.fixture
def lesser(app):
    """An administrator who may do all there is, but not what there will be."""
    return make_user("lesser", role=keep(Role(name="Keepers", permissions=31)).name)


def newest():
    return db.session.scalars(AuditEntry.latest()).first()


def said(entry):
    return entry.action, entry.actor_name, entry.target_type, entry.target_name


def refused(words, act, *values, **named):
    """The act is refused in these words, and leaves everything as it was."""
    db.session.commit()
    before = everything()
    with pytest.raises(Refused, match=words):
        act(*values, **named)
    db.session.rollback()
    assert everything() == before


# Making


def test_an_administrator_makes_a_role_and_the_log_has_it(ada):
    role = Role.create(by=ada, name=" Writers ", permissions=C | W, description="Write.")

    assert (role.name, role.permissions, role.index) == ("Writers", 6, "main.index")
    entry = newest()
    assert said(entry) == ("create", "ada", "role", "Writers")
    assert json.loads(entry.after)["permissions"] == ["COMMENT", "WRITE"]  # names, not numbers


@pytest.mark.parametrize("who", ["alice", "mona"])
def test_only_administrators_make_roles(app, request, who):
    """R-81."""
    person = request.getfixturevalue(who)

    refused("Only administrators", Role.create, by=person, name="Nothing", permissions=0)


def test_nobody_makes_a_role_that_allows_more_than_they_may(app):
    """R-81."""
    boss = make_user("boss", role=keep(Role(name="Bare", permissions=A | W)).name)

    refused("don’t have: COMMENT, MODERATE", Role.create, by=boss, name="X", permissions=C | W | M)


def test_masks_beyond_the_flags_are_refused(ada):
    for mask in (32, 0xFF, 2**40, -1, True, "7", None):
        refused("no such permission", Role.create, by=ada, name="Odd", permissions=mask)
    refused("no such permission", Role.create, name="Odd", permissions=64)


def test_a_name_is_there_once_whatever_its_case(writers):
    for name in ("Writers", " WRITERS ", "Ｗriters", "user"):
        refused("There is a role (Writers|User) already", Role.create, name=name)


def test_a_name_has_1_to_64_characters_that_can_be_seen(app):
    for name in ("", "  ", "x" * 65, "a\nb", "a\u202eb", "a\x00b"):
        refused("1 to 64 characters", Role.create, name=name)


def test_a_description_is_one_line_of_200(app):
    for text in ("x" * 201, "a\nb", "a\u202eb"):
        refused("at most 200", Role.create, name="Writers", description=text)


CLOSED = ["", "no.such", "main.user", "auth.login", "auth.logout", "main.moment_js", "static"]
CLOSED += ["main.healthz", "moderation.queue", "admin.index", "auth.register", "dev.mailbox"]


def test_a_landing_page_is_one_that_its_holders_can_open(app):
    mask = F | C | W
    assert not set(CLOSED) & set(landing_pages(mask))

    for index in CLOSED[:3]:
        refused("no page", Role.create, name="Writers", permissions=mask, index=index)


LANDING = {
    (0, "main.index"): True,
    (0, "account.edit_profile"): True,
    (0, "account.delete_account"): False,
    (7, "moderation.queue"): False,
    (8, "moderation.queue"): True,
    (8, "admin.index"): False,
    (16, "admin.index"): True,
}


def test_landing_pages_open_by_the_mask(app):
    assert {(mask, page): page in landing_pages(mask) for mask, page in LANDING} == LANDING


def test_there_is_an_end_to_the_number_of_roles(app, monkeypatch):
    monkeypatch.setattr(changes, "MOST", 3)

    refused("at most 3 roles", Role.create, name="One more")


# Changing


def test_a_change_is_in_the_log_before_and_after(ada, writers):
    differs = writers.change(by=ada, permissions=W, description=" Only write. ", name="Writers")

    assert differs == ["permissions", "description"]
    entry = newest()
    assert said(entry) == ("change", "ada", "role", "Writers")
    assert json.loads(entry.before) == {
        "permissions": ["COMMENT", "WRITE"],
        "description": "Write.",
    }
    assert json.loads(entry.after) == {"permissions": ["WRITE"], "description": "Only write."}


def test_a_change_of_nothing_leaves_no_entry(ada, writers):
    before = newest()

    assert writers.change(by=ada, name="Writers", permissions=6, requestable=False) == []
    assert newest() is before


def test_a_role_is_granted_and_revoked_permissions(ada, writers):
    writers.grant(Permission.FOLLOW | Permission.WRITE, by=ada)
    writers.revoke(Permission.COMMENT, by=ada)

    assert writers.permissions == F | W


def test_a_role_may_be_spelt_anew(ada, writers):
    writers.change(by=ada, name="WRITERS")

    assert Role.called("writers").name == "WRITERS"


def test_a_role_does_not_take_the_name_of_another(ada, writers):
    refused("There is a role User already", writers.change, by=ada, name="user")


def test_whoever_may_do_less_does_not_touch_a_role(lesser):
    """R-81: neither its permissions nor what it is called."""
    role = keep(Role(name="Future", permissions=0xFF))

    for values in (dict(permissions=7), dict(description="Mine."), dict(requestable=True)):
        refused("allows more than your own", role.change, by=lesser, **values)
    refused("allows more than your own", role.delete, by=lesser)


def test_nobody_raises_a_role_above_themselves(app):
    """R-81."""
    boss = make_user("boss", role=keep(Role(name="Bare", permissions=A | W)).name)
    role = keep(Role(name="Small", permissions=W))

    refused("don’t have: MODERATE", role.grant, M, by=boss)


@pytest.mark.parametrize("values", [dict(permissions=31 - M), dict(permissions=0)])
def test_nobody_changes_what_their_own_role_allows(ada, lesser, values):
    """R-81."""
    refused("You have this role yourself", lesser.role.change, by=lesser, **values)


def test_nobody_changes_the_role_that_returns_to_them(ada, lesser):
    """R-81: while they hold another one for a time."""
    former = lesser.role
    lesser.role, lesser.role_until, lesser.former_role = (
        ada.role,
        utcnow().replace(year=2999),
        former,
    )

    refused("You have this role yourself", former.revoke, M, by=lesser)


def test_what_ones_own_role_is_called_may_be_changed(lesser):
    lesser.role.change(by=lesser, description="Keep it.")

    assert lesser.role.description == "Keep it."


def test_built_in_roles_stay_as_they_are(ada):
    others = [dict(name="Other"), dict(permissions=1), dict(index="main.log")]
    for values in [*others, dict(description="Other.")]:
        refused("built in", Role.named("Moderator").change, by=ada, **values)
    for name in ("User", "Moderator", "Administrator"):
        refused("built in", Role.named(name).change, permissions=1)
        refused("built in", Role.named(name).delete, by=ada, move_to=Role.get_default())


def test_built_in_roles_stay_as_they_are_also_where_nothing_would_change(ada):
    for verb in ("grant", "revoke"):
        refused("built in", getattr(Role.named("User"), verb), 0, by=ada)


def test_built_in_roles_may_be_asked_for(ada):
    Role.named("Moderator").change(by=ada, requestable=True)
    Role.insert_roles()

    assert Role.named("Moderator").requestable


def test_a_landing_page_that_closes_gives_way_to_the_front_page(ada):
    role = Role.create(name="Guard", permissions=M, index="moderation.queue")

    role.revoke(M, by=ada)

    assert role.index == "main.index"
    assert json.loads(newest().after) == {"permissions": [], "index": "main.index"}


def test_the_last_administrators_keep_the_permission_of_their_role(app):
    """R-82: also where an operator changes or removes it."""
    role = keep(Role(name="Boss", permissions=A))
    make_user("boss", role="Boss")

    refused("without an administrator", role.revoke, A)
    refused("without an administrator", role.change, permissions=F)
    refused("without an administrator", role.delete, move_to=Role.get_default())


def test_a_role_that_is_gone_cannot_be_changed(ada, writers):
    db.session.execute(Role.__table__.delete().where(Role.id == writers.id))

    refused("was deleted", writers.change, by=ada, name="Others")


def test_whoever_was_demoted_meanwhile_changes_nothing(ada, lesser, writers):
    """R-81."""
    db.session.commit()
    db.session.execute(
        User.__table__.update().where(User.id == lesser.id).values(role_id=writers.id)
    )
    assert lesser.is_administrator()  # so they believe

    with pytest.raises(Refused, match="Only administrators"):
        writers.change(by=lesser, permissions=0)


# The default


def test_another_role_becomes_the_default(ada, writers):
    writers.make_default(by=ada)

    assert [role.name for role in Role.all() if role.default] == ["Writers"]
    entry = newest()
    assert said(entry) == ("make default", "ada", "role", "Writers")
    assert (entry.before, entry.after) == ("User", "Writers")


def test_making_the_default_again_leaves_no_entry(ada, writers):
    writers.make_default(by=ada)
    entry = newest()

    writers.make_default(by=ada)

    assert newest() is entry


def test_newcomers_are_no_staff(ada, writers):
    for mask in (M, A, 31):
        role = keep(Role(name=f"Staff {mask}", permissions=mask))
        refused("role of staff", role.make_default, by=ada)

    writers.make_default(by=ada)
    for mask in (M, A):
        refused("can’t include staff", writers.grant, mask, by=ada)


# Removing


def test_a_role_that_nobody_holds_goes(ada, writers):
    assert writers.delete(by=ada) == []

    assert Role.named("Writers") is None
    assert said(newest()) == ("delete", "ada", "role", "Writers")


def test_its_holders_get_another_role_each_with_an_entry(ada, alice, bob, writers):
    for person in (alice, bob):
        person.change_role(writers)

    moved = writers.delete(by=ada, move_to=Role.get_default())

    assert moved == [alice, bob]
    assert {person.role.name for person in moved} == {"User"}
    assert newest().after == "2 moved to User"
    entry = db.session.scalars(AuditEntry.about(alice)).first()
    assert (entry.actor_name, entry.before, entry.after) == ("ada", "Writers", "User")
    assert entry.reason == "The role Writers was removed."


def test_the_default_role_stays(ada, writers):
    writers.make_default()

    refused("Make another role the default", writers.delete, by=ada)


def test_holders_are_not_left_without_a_role(ada, alice, writers):
    alice.role = writers

    refused("Choose another role for them", writers.delete, by=ada)
    refused("Choose another role", writers.delete, by=ada, move_to=writers)


def test_holders_get_nothing_that_the_actor_may_not_give(lesser, alice, writers):
    """R-81."""
    alice.role = writers

    refused("allows more", writers.delete, by=lesser, move_to=Role.named("Administrator"))


def test_holders_who_return_to_a_mightier_role_are_not_moved(ada, lesser, alice, writers):
    """R-81."""
    alice.role, alice.former_role = writers, ada.role
    alice.role_until = utcnow().replace(year=2999)

    refused("alice has a higher rank", writers.delete, by=lesser, move_to=Role.get_default())


def test_nobody_removes_the_role_they_hold(lesser):
    refused("You have this role", lesser.role.delete, by=lesser, move_to=Role.get_default())


def test_a_role_that_returns_to_somebody_counts_as_held(ada, alice, writers):
    alice.role, alice.former_role = Role.named("Moderator"), writers
    alice.role_until = utcnow().replace(year=2999)
    refused("return to it", writers.delete, by=ada)

    writers.delete(by=ada, move_to=Role.get_default())

    assert (alice.role.name, alice.former_role.name) == ("Moderator", "User")


def test_a_term_in_the_role_that_would_return_anyway_is_no_term(ada, alice, writers):
    alice.role, alice.former_role = writers, Role.get_default()
    alice.role_until = utcnow().replace(year=2999)

    writers.delete(by=ada, move_to=Role.get_default())

    assert (alice.role.name, alice.role_until, alice.former_role) == ("User", None, None)


@pytest.mark.parametrize("state, blocks", [("open", True), ("revoked", False), ("joined", False)])
def test_an_open_invitation_holds_a_role_and_a_settled_one_does_not(ada, writers, state, blocks):
    moments = {} if state == "open" else {f"{state}_at": utcnow()}
    keep(Invitation(email="new@example.org", role=writers, **moments))

    if blocks:
        refused("open invitation", writers.delete, by=ada)
    else:
        writers.delete(by=ada)
        assert Role.named("Writers") is None


@pytest.mark.parametrize("decided", [False, True])
def test_an_open_request_holds_a_role_and_a_settled_one_does_not(ada, alice, writers, decided):
    moment = utcnow() if decided else None
    keep(RoleRequest(user=alice, role=writers, reason="Please.", decided_at=moment))

    if decided:
        writers.delete(by=ada)
        assert Role.named("Writers") is None
    else:
        refused("requested Writers", writers.delete, by=ada)


def test_only_so_many_are_moved_at_once(ada, alice, bob, writers, monkeypatch):
    monkeypatch.setattr(changes, "MOVED_AT_ONCE", 1)
    alice.role = bob.role = writers

    refused("More than 1 people", writers.delete, by=ada, move_to=Role.get_default())


def test_operators_stand_above_all_ranks(alice):
    role = Role.create(name="Mighty", permissions=31)
    role.change(permissions=15)
    alice.change_role(role)

    role.delete(move_to=Role.get_default())

    assert newest().actor_name == "an operator"

"""Roles and permissions: masks, the built-in roles, the default role."""

import pytest
from factories import PASSWORD, keep, make_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import Permission, Role, User
from app.permissions import EVERYTHING, MEMBER

F, C, W, M, A = Permission
HIGHER = [32, 64, 128]


def test_permissions_have_the_bits_that_everybody_relies_on():
    assert {p.name: p.value for p in Permission} == {
        "FOLLOW": 1,
        "COMMENT": 2,
        "WRITE": 4,
        "MODERATE": 8,
        "ADMIN": 16,
    }


GRANTED = {
    (7, W): True,
    (7, C | W): True,
    (7, W | M): False,  # one of two is not enough
    (8, M): True,
    (8, C): False,
    (0, F): False,
    (16, A): True,
    (16, M): False,
    (0xFF, F | C | W | M | A): True,
    (15, A): False,
}


def test_a_mask_grants_what_it_holds_in_full():
    roles = {row: Role(name="any", permissions=row[0]) for row in GRANTED}

    assert {row: role.has_permission(row[1]) for row, role in roles.items()} == GRANTED
    people = {row: User(email="x@example.org", username="x", role=r) for row, r in roles.items()}
    assert {row: person.can(row[1]) for row, person in people.items()} == GRANTED


def test_administrators_hold_all_there_is_or_will_be_and_members_nothing_of_staff(ada, alice):
    assert all(ada.can(permission) for permission in [*Permission, *HIGHER])
    assert not any(alice.can(permission) for permission in [M, A, *HIGHER])


def test_a_new_role_allows_nothing():
    assert Role(name="new").permissions == 0
    assert Role().permissions == 0


def test_permissions_are_added_removed_and_reset():
    role = Role(name="new")
    steps = []
    for act, permission in [
        (role.add_permission, C),
        (role.add_permission, W),
        (role.add_permission, W),  # twice is once
        (role.remove_permission, C | M),  # what is not there stays away
        (role.add_permission, F | M),
    ]:
        act(permission)
        steps.append(role.permissions)

    assert steps == [2, 6, 6, 4, 13]
    role.reset_permissions()
    assert role.permissions == 0


def test_a_role_is_kept_with_the_mask_it_was_given(app):
    role = keep(Role(name="writer", permissions=C | W))
    role.add_permission(M)
    db.session.commit()
    db.session.expire_all()

    assert (role.permissions, role.permission_names) == (14, ["COMMENT", "WRITE", "MODERATE"])


@pytest.mark.parametrize("typed", ["write,comment", " Comment , WRITE,", "comment,write,write"])
def test_permissions_are_read_from_a_list_with_commas(typed):
    assert Permission.parse(typed) == C | W


def test_an_unknown_permission_is_named():
    with pytest.raises(ValueError, match="'fly'.*follow, comment, write, moderate, admin"):
        Permission.parse("write,fly")


@pytest.mark.parametrize(
    "name, mask, index, default",
    [
        ("User", MEMBER, "main.index", True),
        ("Moderator", MEMBER | M, "moderation.queue", False),
        ("Administrator", EVERYTHING, "admin.index", False),
    ],
)
def test_the_built_in_roles_are_as_they_are_described(app, name, mask, index, default):
    Role.insert_roles()
    role = Role.named(name)

    assert (role.permissions, role.index, role.default) == (mask, index, default)
    assert role.description


def test_roles_are_inserted_where_there_are_none(app):
    for role in Role.all():
        db.session.delete(role)
    db.session.flush()

    Role.insert_roles()

    assert [role.name for role in Role.all()] == ["User", "Moderator", "Administrator"]
    assert Role.get_default().name == "User"


def test_inserting_roles_again_changes_nothing(app):
    def rows():
        return db.session.execute(select(Role.__table__).order_by(Role.id)).all()

    before = rows()
    Role.insert_roles()
    Role.insert_roles()

    assert rows() == before


def test_inserting_roles_mends_the_built_in_ones_in_place(mona):
    moderators = mona.role
    moderators.permissions, moderators.index = 0, "nowhere"

    Role.insert_roles()

    assert (moderators.permissions, moderators.index) == (15, "moderation.queue")
    assert mona.role is moderators


def test_inserting_roles_leaves_custom_ones_alone(app):
    values = dict(name="Gardener", permissions=5, index="main.user", description="Waters.")
    role = keep(Role(**values))

    Role.insert_roles()
    db.session.expire_all()

    assert {name: getattr(role, name) for name in values} == values


def test_inserting_roles_keeps_a_default_that_was_chosen(app):
    Role.get_default().default = False
    db.session.flush()
    keep(Role(name="Newcomer", permissions=1, default=True))

    Role.insert_roles()

    assert Role.get_default().name == "Newcomer"
    assert make_user_like_sign_up().role.name == "Newcomer"


def make_user_like_sign_up():
    return keep(User(email="new@example.org", username="new", password=PASSWORD))


def test_inserting_roles_gives_a_default_where_there_is_none(app):
    Role.get_default().default = False

    Role.insert_roles()

    assert Role.get_default().name == "User"


@pytest.mark.both_databases
def test_the_database_refuses_a_second_default_role(app):
    with pytest.raises(IntegrityError):
        keep(Role(name="Other", default=True))


@pytest.mark.both_databases
def test_the_database_refuses_to_make_a_second_role_the_default(app):
    Role.named("Moderator").default = True
    with pytest.raises(IntegrityError):
        db.session.flush()


@pytest.mark.both_databases
@pytest.mark.parametrize("values", [dict(name="User"), dict(name="Minus", permissions=-1)])
def test_the_database_refuses_a_second_name_and_a_negative_mask(app, values):
    with pytest.raises(IntegrityError):
        keep(Role(**values))


def test_a_role_shows_its_name_in_a_shell(app):
    assert repr(Role.named("User")) == "<Role 'User'>"


def test_holders_are_counted(alice, bob, mona):
    assert Role.named("User").count_holders() == 2
    assert Role.named("Moderator").count_holders() == 1
    assert Role.named("Administrator").count_holders() == 0


@pytest.mark.parametrize(
    "permission, names",
    [
        (W, ["User", "Moderator", "Administrator"]),
        (W | M, ["Moderator", "Administrator"]),
        (A, ["Administrator"]),
    ],
)
def test_the_roles_that_grant_a_permission_are_told_the_least_mighty_first(app, permission, names):
    assert [role.name for role in db.session.scalars(Role.granting(permission))] == names


def test_a_permission_taken_away_is_gone_with_the_next_request(client):
    role = keep(Role(name="Helper", permissions=M))
    client.sign_in(make_user("hal", role="Helper"))
    assert client.get("/moderation/").status_code == 200

    role.remove_permission(M)

    assert client.get("/moderation/").status_code == 403


def test_a_permission_given_holds_with_the_next_request(client, alice):
    client.sign_in(alice)
    assert client.get("/moderation/").status_code == 403

    alice.role = Role.named("Moderator")

    assert client.get("/moderation/").status_code == 200

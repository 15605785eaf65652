"""Rank: who may act on whom, who may grant what, and that an administrator always remains."""

import pytest
from factories import keep, make_user, numbers

from app.extensions import db
from app.models import Permission, Role, User
from app.models.retention.erasure import delete_account
from app.models.users.rank import Refused

ROLES = {
    "none": None,
    "nothing": 0,
    "member": 7,
    "writer": 4,
    "moderator": 15,
    "bare moderator": 8,
    "bare administrator": 16,
    "administrator": 0xFF,
    "older administrator": 31,
}
ACTS = {
    "change_role": lambda person, by: person.change_role(Role.get_default(), by=by),
    "deactivate": lambda person, by: person.deactivate(by=by),
    "reactivate": lambda person, by: person.reactivate(by=by),
    "delete": lambda person, by: delete_account(person, by=by),
}
LOSSES = ["change_role", "deactivate", "delete"]
each_act = pytest.mark.parametrize("act", ACTS)
each_loss = pytest.mark.parametrize("act", LOSSES)


def in_memory(rank):
    """Somebody of that rank who is kept nowhere."""
    mask, number = ROLES[rank], next(numbers)
    role = None if mask is None else Role(name=rank, permissions=mask)
    name = f"somebody{number}"
    return User(id=number, username=name, email=f"{name}@example.org", role=role)


def holder(rank):
    """A person whose role has the mask of that rank."""
    mask = ROLES[rank]
    role = None if mask is None else keep(Role(name=f"{rank} {mask}", permissions=mask))
    person = make_user(role=None)
    person.role = role
    return person


MAY_ACT = {
    ("moderator", "member"): True,
    ("moderator", "none"): True,
    ("moderator", "nothing"): True,
    ("moderator", "moderator"): True,
    ("moderator", "administrator"): False,
    ("moderator", "bare administrator"): False,
    ("bare moderator", "member"): False,  # who may do what they may not
    ("bare moderator", "nothing"): True,
    ("bare administrator", "member"): False,
    ("bare administrator", "none"): True,
    ("administrator", "administrator"): True,
    ("administrator", "older administrator"): True,
    ("older administrator", "administrator"): False,
    ("older administrator", "moderator"): True,
    ("member", "member"): False,  # members are no staff
    ("member", "none"): False,
    ("nothing", "none"): False,
    ("none", "none"): False,
    ("none", "member"): False,
}
MAY_GRANT = {
    ("administrator", "moderator"): True,
    ("administrator", "administrator"): True,
    ("older administrator", "administrator"): False,
    ("older administrator", "moderator"): True,
    ("bare administrator", "member"): False,
    ("bare administrator", "nothing"): True,
    ("moderator", "member"): False,  # granting is for administrators
    ("member", "nothing"): False,
    ("none", "nothing"): False,
}


def test_staff_act_on_people_who_may_do_nothing_that_they_may_not():
    """R-81: and nobody on themselves."""
    people = {pair: (in_memory(pair[0]), in_memory(pair[1])) for pair in MAY_ACT}

    assert {pair: who.may_act_on(whom) for pair, (who, whom) in people.items()} == MAY_ACT
    assert not any(person.may_act_on(person) for person, _ in people.values())


def test_nobody_grants_more_than_they_have():
    """R-81."""
    may = {(who, what): in_memory(who).may_grant(in_memory(what).role) for who, what in MAY_GRANT}

    assert may == MAY_GRANT


@each_act
@pytest.mark.parametrize("who, whom", [("alice", "bob"), ("mona", "ada")])
def test_an_act_above_ones_rank_is_refused_and_changes_nothing(request, app, act, who, whom):
    """R-81."""
    actor, person = request.getfixturevalue(who), request.getfixturevalue(whom)
    make_user(role="Administrator")
    before = state(person)

    with pytest.raises(Refused, match="higher rank"):
        ACTS[act](person, actor)

    assert state(person) == before


def state(person):
    db.session.flush()
    return db.session.execute(db.select(User.__table__).where(User.id == person.id)).one()


@each_act
def test_an_act_on_oneself_is_refused(ada, act):
    """R-81."""
    make_user(role="Administrator")

    with pytest.raises(Refused, match="to yourself"):
        ACTS[act](ada, ada)

    assert ada.is_administrator() and ada.is_active


def test_a_moderator_gives_no_roles(mona, alice):
    """R-81."""
    with pytest.raises(Refused, match="can’t give the role User"):
        alice.change_role(Role.get_default(), by=mona)


def test_an_administrator_gives_no_more_than_they_have(app, alice):
    """R-81."""
    older = holder("older administrator")

    with pytest.raises(Refused, match="can’t give the role Administrator"):
        alice.change_role(Role.named("Administrator"), by=older)
    assert alice.role.name == "User"


def test_an_administrator_gives_and_takes_roles(ada, alice):
    alice.change_role(Role.named("Moderator"), by=ada)
    assert alice.is_moderator()

    alice.change_role(Role.get_default(), by=ada)
    assert not alice.is_moderator()


def test_a_moderator_closes_and_opens_the_account_of_a_member(client, mona, alice):
    client.sign_in(alice)
    alice.deactivate(by=mona)
    assert client.get("/settings/profile").status_code == 302  # out at once

    alice.reactivate(by=mona)

    assert alice.is_active


def test_closing_twice_keeps_the_first_moment(ada, alice):
    alice.deactivate(by=ada)
    first = alice.deactivated_at

    alice.deactivate(by=ada)

    assert alice.deactivated_at == first


def test_a_deactivated_administrator_acts_no_more(ada, alice):
    """R-81."""
    other = make_user(role="Administrator")
    ada.deactivate(by=other)

    with pytest.raises(Refused):
        delete_account(alice, by=ada)


def test_a_deleted_person_is_gone_with_what_is_theirs(client, ada, alice):
    client.sign_in(alice)

    delete_account(alice, by=ada)
    db.session.commit()

    assert User.with_username("alice") is None
    assert client.get("/settings/profile").location.startswith("/auth/login")


@each_act
def test_operators_stand_above_all_ranks(ada, act):
    make_user(role="Administrator")

    ACTS[act](ada, None)
    db.session.flush()

    assert User.count(User.id.in_(User.administrators())) == (2 if act == "reactivate" else 1)


@each_loss
def test_the_last_administrator_stays(ada, act):
    """Even an operator cannot remove them, and others do not count (R-82)."""
    make_user(role="Administrator", confirmed=False)
    make_user(role="Administrator").deactivate()
    make_user(role="Moderator")
    db.session.commit()

    with pytest.raises(Refused, match="without an administrator"):
        ACTS[act](ada, None)

    db.session.rollback()
    assert (ada.role.name, ada.is_active) == ("Administrator", True)


@each_loss
def test_an_administrator_of_a_custom_role_counts(app, ada, act):
    """R-82."""
    holder("bare administrator")

    ACTS[act](ada, None)
    db.session.flush()

    assert ada.id not in db.session.scalars(User.administrators()).all()


@pytest.mark.parametrize("take", [lambda r: r.remove_permission(16), Role.reset_permissions])
def test_a_role_keeps_the_permission_that_the_last_administrator_has_by_it(app, take):
    """R-82."""
    boss = holder("bare administrator")

    with pytest.raises(Refused, match="without an administrator"), User.an_administrator_remains():
        take(boss.role)

    db.session.expire_all()
    assert boss.can(Permission.ADMIN)


def test_a_site_without_an_administrator_can_still_be_tended(app, alice):
    """R-82 keeps the last one; it does not demand one where there is none."""
    alice.change_role(Role.named("Moderator"))
    alice.deactivate()

    assert not alice.is_active

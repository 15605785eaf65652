"""Permission masks: grant, revoke, add, remove, rank."""

from contextlib import contextmanager

from factories import keep, make_user, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.cli.role_files import Wanted
from app.extensions import db
from app.models import Permission, Role, User
from app.models.errors import Refused
from app.models.roles.landing_page import Holder
from app.permissions import EVERYTHING, KNOWN

bytes_ = st.integers(0, 0xFF)
known = st.integers(0, KNOWN)
wild = st.one_of(bytes_, st.integers(-(2**63), 2**63))
parts = st.sets(st.sampled_from(list(Permission))).map(lambda chosen: Permission(sum(chosen)))
in_memory = settings(max_examples=50)
in_a_database = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # `undone` cleans up after each
)


@contextmanager
def undone():
    """What an example did is taken back, however it ends."""
    try:
        yield
    finally:
        db.session.rollback()


def role_of(mask):
    return Role(name=f"{mask}", permissions=mask)


def holder_of(mask):
    """A person with an id, kept nowhere."""
    number = next(numbers)
    values = dict(email=f"p{number}@example.org", username=f"p{number}", role=role_of(mask))
    return User(id=number, **values)


@in_memory
@given(bytes_, parts)
def test_what_is_added_is_there_and_what_was_there_stays(mask, part):
    role = role_of(mask)
    role.add_permission(part)

    assert role.has_permission(part) and role.covers(role_of(mask))
    assert role.permissions & ~mask & ~int(part) == 0  # and nothing else came


@in_memory
@given(bytes_, parts)
def test_what_is_removed_is_gone_and_the_rest_stays(mask, part):
    role = role_of(mask)
    role.remove_permission(part)

    assert role.permissions & int(part) == 0
    assert role.permissions | (mask & int(part)) == mask


@in_memory
@given(bytes_, parts)
def test_adding_and_removing_twice_is_once(mask, part):
    once, twice = role_of(mask), role_of(mask)
    for act in ("add_permission", "remove_permission"):
        getattr(once, act)(part)
        getattr(twice, act)(part)
        getattr(twice, act)(part)
        assert once.permissions == twice.permissions


@in_memory
@given(bytes_, parts, parts)
def test_a_composite_is_granted_where_each_of_its_parts_is(mask, one, other):
    role = role_of(mask)

    assert role.has_permission(one | other) == (
        role.has_permission(one) and role.has_permission(other)
    )
    assert Holder(mask).can(one) == role.has_permission(one)


@in_memory
@given(bytes_)
def test_everything_holds_what_there_is_and_will_be(mask):
    assert role_of(EVERYTHING).covers(role_of(mask))
    assert role_of(mask).covers(role_of(mask)) and role_of(mask).covers(role_of(0))


@in_memory
@given(bytes_, bytes_, bytes_)
def test_covering_is_an_order(one, two, three):
    a, b, c = map(role_of, (one, two, three))

    assert not (a.covers(b) and b.covers(c)) or a.covers(c)
    assert not (a.covers(b) and b.covers(a)) or one == two


@in_memory
@given(bytes_)
def test_names_tell_the_known_part_of_a_mask(mask):
    assert Permission.parse(",".join(Permission.names(mask))) == mask & KNOWN


@in_memory
@given(bytes_, bytes_)
def test_nobody_grants_more_than_they_have(mine, given_away):
    """R-81."""
    may = holder_of(mine).may_grant(role_of(given_away))

    assert may == (bool(mine & Permission.ADMIN) and given_away & ~mine == 0)


@in_memory
@given(bytes_, bytes_, bytes_)
def test_nobody_acts_on_whom_may_do_more_now_or_again_later(mine, theirs, later):
    """R-81."""
    me, other = holder_of(mine), holder_of(theirs)
    other.former_role = role_of(later)

    staff = bool(mine & (Permission.MODERATE | Permission.ADMIN))
    assert me.may_act_on(other) == (staff and (theirs | later) & ~mine == 0)
    assert not me.may_act_on(me)


@in_memory
@given(known, known)
def test_a_file_says_a_mask_differs_exactly_where_it_does(held, wanted):
    on_the_site = type("OnTheSite", (Wanted,), {"role": role_of(held)})
    one = on_the_site("Writers", {"permissions": wanted}, None)

    assert bool(one.changes()) == (held != wanted)


def done(act, *values, **named):
    """Whether the rules allow it."""
    try:
        act(*values, **named)
    except Refused:
        return False
    return True


@in_a_database
@given(bytes_, bytes_, wild)
def test_a_role_is_changed_by_whom_has_both_what_it_was_and_what_it_will_be(app, mine, was, will):
    """R-81: and masks beyond the flags are nobody's to give."""
    with undone():
        make_user(role="Administrator")
        keep(Role(name="mine", permissions=mine))
        actor, role = make_user(role="mine"), keep(Role(name="role", permissions=was))
        may = mine & Permission.ADMIN and was & ~mine == 0
        gives = will == was or (0 <= will <= KNOWN and will & ~mine == 0)

        assert done(role.change, by=actor, permissions=will) == bool(may and gives)
        assert role.permissions == (will if may and gives else was)


@in_a_database
@given(bytes_, known, parts)
def test_granting_and_revoking_never_pass_on_more_than_the_actor_has(app, mine, was, part):
    """R-81."""
    with undone():
        make_user(role="Administrator")
        keep(Role(name="mine", permissions=mine))
        actor, role = make_user(role="mine"), keep(Role(name="role", permissions=was))
        may = mine & Permission.ADMIN and was & ~mine == 0

        granted = done(role.grant, part, by=actor)
        assert granted == bool(may and int(part) & ~was & ~mine == 0)
        assert role.permissions == (was | int(part) if granted else was)

        assert done(role.revoke, part, by=actor) == bool(may)
        assert role.permissions == (was & ~int(part) if may else was)


@in_a_database
@given(bytes_, wild)
def test_a_role_is_made_with_no_more_than_its_maker_has(app, mine, mask):
    """R-81."""
    with undone():
        keep(Role(name="mine", permissions=mine))
        may = mine & Permission.ADMIN and 0 <= mask <= KNOWN and mask & ~mine == 0

        assert done(Role.create, by=make_user(role="mine"), name="new", permissions=mask) == bool(
            may
        )


@in_a_database
@given(st.lists(st.tuples(known, known), min_size=1, max_size=4), st.randoms())
def test_whatever_roles_lose_somebody_administers(app, masks, chance):
    """R-82: in any order, by an operator whom no rank holds back."""
    with undone():
        changes = []
        for number, (was, will) in enumerate(masks):
            changes.append((keep(Role(name=f"r{number}", permissions=was)), will))
            make_user(role=f"r{number}")
        chance.shuffle(changes)
        for role, will in changes:
            done(role.change, permissions=will)

        had_one = any(was & Permission.ADMIN for was, will in masks)
        assert (db.session.scalar(User.administrators().limit(1)) is not None) or not had_one

"""People: names, addresses, what they may do."""

from datetime import timedelta
from hashlib import md5, sha1, sha256

import pytest
from argon2 import PasswordHasher
from factories import PASSWORD, keep, make_post, make_user
from flask_login import current_user
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.security import generate_password_hash

from app.extensions import db
from app.images.identicon import identicon
from app.models import AnonymousUser, Permission, Role, User
from app.models.fields import utcnow
from app.text.names import canonical_address

OLD_KINDS = ["scrypt:1024:8:1", "pbkdf2:sha256:1000"]


def stored(column, user):
    """What another connection reads: only what was committed."""
    with db.engine.connect() as connection:
        return connection.scalar(select(column).where(User.id == user.id))


def test_a_new_person_gets_the_default_role(app):
    person = User(email="x@example.org", username="x", password="cat")

    assert person.role.name == "User"
    assert person.can(Permission.COMMENT | Permission.WRITE)
    assert not person.can(Permission.MODERATE)


def test_a_person_without_a_role_may_do_nothing(app):
    nobody = make_user("norole", role=None)

    assert not any(nobody.can(permission) for permission in Permission)
    assert not nobody.is_administrator()
    assert not nobody.is_moderator()


def test_a_person_without_a_role_can_sign_in_and_read(client):
    client.sign_in(make_user("norole", role=None))

    assert client.get("/").status_code == 200
    assert client.get("/admin/").status_code == 403


def test_everybody_answers_what_they_may_do(alice, mona, ada):
    answers = [(person.is_moderator(), person.is_administrator()) for person in (alice, mona, ada)]

    assert answers == [(False, False), (True, False), (True, True)]


def test_a_visitor_may_do_nothing_and_may_be_asked(app):
    assert not AnonymousUser().can(Permission.FOLLOW)
    assert not AnonymousUser().is_administrator()
    assert not AnonymousUser().is_moderator()


def test_whoever_is_not_signed_in_is_such_a_visitor(app):
    with app.test_request_context("/"):
        assert isinstance(current_user._get_current_object(), AnonymousUser)
        assert current_user.is_anonymous


def test_a_member_keeps_the_login_contract(alice):
    assert alice.is_authenticated
    assert alice.is_active
    assert not alice.is_anonymous
    assert alice.get_id() == str(alice.id)


def test_a_newcomer_is_not_confirmed(app):
    assert not make_user(confirmed=False).is_confirmed
    assert make_user().is_confirmed


def test_a_full_name_is_made_of_what_was_given(app):
    full = {
        ("Ada", "Lovelace"): "Ada Lovelace",
        ("Ada", ""): "Ada",
        ("", "Lovelace"): "Lovelace",
        ("", ""): "al",
    }
    people = {names: User(username="al", first_name=names[0], last_name=names[1]) for names in full}
    assert {names: person.full_name() for names, person in people.items()} == full


def test_a_person_shows_the_username_in_a_shell_and_no_address(alice):
    assert repr(alice) == "<User 'alice'>"


def test_a_password_can_be_verified_but_not_read(alice):
    with pytest.raises(AttributeError):
        alice.password  # noqa: B018
    assert alice.verify_password("violet anchor 71 drum")
    assert not alice.verify_password("Violet anchor 71 drum")


def test_a_password_is_kept_as_argon2id_only(alice):
    """R-42."""
    assert alice.password_hash.startswith("$argon2id$")
    assert PASSWORD not in alice.password_hash


def test_the_same_password_never_has_the_same_hash_twice(alice, bob):
    assert alice.password_hash != bob.password_hash
    before = alice.password_hash
    alice.password = PASSWORD
    assert alice.password_hash != before


def test_a_person_without_a_password_cannot_be_verified(app):
    person = keep(User(email="x@example.org", username="x"))

    assert not person.verify_password("")
    assert not person.verify_password("nobody has this password")


@pytest.mark.parametrize("kind", OLD_KINDS)
def test_an_old_hash_verifies_and_is_made_anew_when_its_owner_signs_in(client, alice, kind):
    """R-42."""
    alice.password_hash = generate_password_hash(PASSWORD, method=kind)
    assert alice.verify_password(PASSWORD) and not alice.verify_password(PASSWORD.upper())

    client.post("/auth/login", data=dict(login="alice", password=PASSWORD))

    assert stored(User.password_hash, alice).startswith("$argon2id$")
    assert alice.verify_password(PASSWORD)


def test_an_old_hash_stays_when_somebody_guesses_wrong(client, alice):
    """R-42."""
    alice.password_hash = old = generate_password_hash(PASSWORD, method=OLD_KINDS[1])

    client.post("/auth/login", data=dict(login="alice", password="a wrong guess"))

    assert stored(User.password_hash, alice) == old


@pytest.mark.parametrize("memory, renewed", [(8, False), (16, True)])
def test_a_hash_of_other_costs_than_todays_is_made_anew(client, alice, memory, renewed):
    """R-42."""
    hasher = PasswordHasher(time_cost=1, memory_cost=memory, parallelism=1)
    alice.password_hash = old = hasher.hash(PASSWORD)

    client.post("/auth/login", data=dict(login="alice", password=PASSWORD))

    assert (stored(User.password_hash, alice) != old) is renewed
    assert alice.verify_password(PASSWORD)


def test_a_hash_that_nobody_understands_opens_nothing(alice):
    for rubbish in ("plain", "md5$x$y", "$argon2id$broken", "scrypt:x:y:z$a$b"):
        alice.password_hash = rubbish
        assert not alice.verify_password(PASSWORD) and not alice.verify_password(rubbish)


def test_a_visit_is_noted_for_good(client, alice):
    """The note is saved, not only made (D000-3)."""
    client.sign_in(alice)
    assert stored(User.last_seen, alice) is None

    client.get("/")

    assert utcnow() - alice.last_seen < timedelta(minutes=1)
    assert stored(User.last_seen, alice) == alice.last_seen


def test_visits_are_noted_once_a_minute_at_most(client, alice, time_machine):
    """D000-3."""
    client.sign_in(alice)
    start = utcnow().replace(microsecond=0)
    noted = []
    for second in (0, 1, 59, 60, 61, 120):
        time_machine.move_to(start + timedelta(seconds=second), tick=False)
        client.get("/")
        noted.append((alice.last_seen - start).seconds)

    assert noted == [0, 0, 0, 60, 60, 120]


def test_a_visitor_is_noted_nowhere(client, alice):
    client.get("/user/alice")

    assert stored(User.last_seen, alice) is None


def test_people_are_found_by_their_address_or_name_however_it_is_typed(alice):
    """R-28, R-31."""
    for typed in ("alice@example.org", " Alice@EXAMPLE.org\n"):
        assert User.with_email(typed) is User.with_login(typed) is alice
    for typed in ("alice", "ALICE", " alice ", "\uff21lice"):
        assert User.with_username(typed) is User.with_login(typed) is alice
    for typed in ("", "@", "a@", "nobody", "nobody@example.org", "alice@", "a b"):
        assert User.with_login(typed) is None


@pytest.mark.both_databases
def test_the_database_refuses_a_second_person_of_that_name_or_address(alice):
    """R-28, R-31."""
    db.session.commit()
    for values in (dict(email="ALICE@Example.Org"), dict(username="alice"), dict(username="Alice")):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            keep(User(**{"email": "new@example.org", "username": "new", **values}))


def test_every_program_stores_an_address_in_its_one_form(app):
    """R-31."""
    assert User(email=" New@Example.ORG\n", username="new").email == "new@example.org"
    with pytest.raises(ValueError, match="Enter a valid email"):
        User(email="nowhere", username="new")


@pytest.mark.both_databases
def test_the_database_refuses_keys_that_are_not_canonical(alice):
    """Even of a program that goes round the models (R-28, R-31)."""
    db.session.commit()
    for values in (dict(email="Bob@example.org"), dict(username_key="BOB"), dict(username="bob")):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(update(User).values(**values))


@pytest.mark.both_databases
def test_a_name_or_address_of_full_length_fits(app):
    values = {
        "email": f"{'a' * 60}@{'.'.join(['b' * 61] * 3)}.{'c' * 6}e",
        "username": "u" * 64,
        "first_name": "ü" * 64,
        "last_name": "名" * 64,
    }
    person = make_user(**values)
    db.session.commit()

    assert {name: stored(getattr(User, name), person) for name in values} == values
    assert len(values["email"]) == 254


@pytest.mark.both_databases
def test_a_person_belongs_to_a_role_that_is_there(app):
    make_user()

    with pytest.raises(IntegrityError):
        db.session.execute(update(User).values(role_id=999999))


def test_the_role_of_a_member_is_on_the_member_and_the_member_on_the_role(alice, mona):
    moderators = db.session.scalars(Role.named("Moderator").users.select()).all()

    assert moderators == [mona]
    assert mona.role is Role.named("Moderator")


def test_the_first_administrator_is_made_by_confirming_only(app):
    """R-36, D000-12."""
    app.config["OFFBRAND_ADMIN"] = " ALICE@Example.ORG "
    alice = make_user("alice", confirmed=False)
    assert alice.role.name == "User"

    assert alice.confirm(alice.generate_confirmation_token())

    assert alice.role.name == "Administrator"


def test_a_squatter_of_the_first_administrators_address_gets_nothing(app, client):
    """R-36, D000-12."""
    app.config["OFFBRAND_ADMIN"] = "Boss@Example.org"
    form = dict(email="boss@example.org", username="eve", password=PASSWORD, password2=PASSWORD)

    client.post("/auth/register", data=form)
    client.post("/auth/login", data=dict(login="eve", password=PASSWORD))

    assert client.get("/admin/").location == "/auth/unconfirmed"
    assert User.with_username("eve").role.name == "User"


def test_whoever_proves_another_address_is_no_administrator(app):
    """R-36."""
    app.config["OFFBRAND_ADMIN"] = "alice@example.org"
    bob = make_user("bob", confirmed=False)

    bob.confirm(bob.generate_confirmation_token())

    assert bob.role.name == "User"


def test_whoever_moves_to_the_first_administrators_address_has_proven_it(app, alice):
    """R-36."""
    app.config["OFFBRAND_ADMIN"] = "boss@example.org"

    alice.change_email(alice.generate_email_change_token("Boss@example.org"))

    assert alice.is_administrator()


def test_without_a_first_administrator_in_the_settings_nobody_becomes_one(app):
    """R-36."""
    app.config["OFFBRAND_ADMIN"] = None
    alice = make_user("alice", confirmed=False)

    alice.confirm(alice.generate_confirmation_token())

    assert alice.role.name == "User"


def test_people_without_a_role_get_the_one_they_are_due(app):
    app.config["OFFBRAND_ADMIN"] = "boss@example.org"
    boss = make_user("boss", role=None)
    claimant = make_user("claimant", role=None, confirmed=False)
    mona = make_user("mona", role="Moderator")

    assert User.give_missing_roles() == 2
    assert [p.role.name for p in (boss, claimant, mona)] == ["Administrator", "User", "Moderator"]


def test_an_avatar_is_drawn_here_from_a_key_of_its_own(client, alice, bob):
    """R-84."""
    picture = client.get(f"/avatar/{alice.avatar_key}.svg")

    assert picture.mimetype == "image/svg+xml"
    assert picture.text == identicon(alice.avatar_key) != identicon(bob.avatar_key)
    assert "http" not in picture.text.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_an_avatar_keeps_through_a_change_of_address(alice):
    """The key says nothing about the address (R-84)."""
    before = alice.avatar_key
    alice.email = "elsewhere@example.org"
    db.session.flush()

    assert alice.avatar_key == before
    assert alice.avatar_key not in digests("alice@example.org")


def test_there_is_no_avatar_of_a_key_that_nobody_can_have(client):
    for key in ("x", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 31 + "\n"):
        assert client.get(f"/avatar/{key}.svg").status_code == 404, key


def test_no_page_shows_the_address_of_another_nor_a_hash_of_it(client, alice, bob, mona):
    """R-84."""
    make_post(alice)
    pages = {None: ["/", "/user/alice"], bob: ["/", "/user/alice"]}
    pages[mona] = ["/user/alice", "/moderation/"]
    for reader, paths in pages.items():
        if reader:
            client.sign_in(reader)
        for path in paths:
            seen = client.get(path).text.lower()
            assert alice.username in seen
            assert not [word for word in ["alice@", *digests(alice.email)] if word in seen]


def digests(address):
    return [kind(address.encode()).hexdigest() for kind in (md5, sha1, sha256)]


def test_who_is_not_confirmed_or_deactivated_is_seen_by_staff_only(client, bob, mona):
    make_user("fresh", confirmed=False)
    make_user("ghost", deactivated_at=utcnow())
    seen = []
    for reader in (None, bob, mona):
        if reader:
            client.sign_in(reader)
        seen.append([client.get(f"/user/{name}").status_code for name in ("fresh", "ghost")])

    assert seen == [[404, 404], [404, 404], [200, 200]]


def test_home_welcomes_visitors(client):
    make_user("zoe")

    page = client.get("/")

    assert page.status_code == 200
    assert "Welcome to Offbrand!" in page.text


def test_an_address_that_other_servers_would_decode_is_refused():
    """R-37: an encoded word, which some take for another address."""
    with pytest.raises(ValueError):
        canonical_address("=?utf-8?q?victim=40bank.com?=@example.org")

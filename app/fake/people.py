"""Made-up people, who share one password."""

import random
from datetime import timedelta
from unicodedata import normalize

from sqlalchemy import select

from ..extensions import db
from ..models import User
from ..models.fields import utcnow
from ..text.names import username_key

PASSWORD = "paper lantern over quiet harbour"
FIRST = (
    "Ada Amara Björn Carmen Chidi Dilek Elif Farid Grace Hana Ines Jonas Kemal Lea Mateo Mina Noor"
)
FIRST = f"{FIRST} Oskar Priya Quentin Rosa Sami Tuva Uma Viktor Wanjiru Ximena Yuki Zofia".split()
LAST = (
    "Abara Berg Castillo Demir Eriksen Fischer Garcia Haddad Ito Jansen Kowalska Lindqvist Mensah"
)
LAST = f"{LAST} Novak Okafor Petrov Quispe Rossi Silva Tanaka Ueda Varga Weber Yilmaz Zhang".split()
PLACES = ["Bergen", "Accra", "Lima", "Kyoto", "Izmir", "Porto", "Leeds", "Pune", "", ""]
ABOUT = [
    "Writes small web applications and large shopping lists.",
    "Teacher by day, maintainer of two tiny libraries by night.",
    "Here to learn how other people lay out their blueprints.",
    "Runs the website of a choir. It has outlived three frameworks.",
    "",
]


def make_people(count):
    """Add confirmed members; return them and their password."""
    taken = set(db.session.scalars(select(User.username_key)))
    password_hash, made, number = None, [], 0
    while len(made) < count:
        first, last = random.choice(FIRST), random.choice(LAST)
        ascii_first = normalize("NFKD", first).encode("ascii", "ignore").decode()
        number += 1
        username = f"{ascii_first}_{last}{random.randrange(10, 99 + number)}"
        if username_key(username) in taken:
            continue
        taken.add(username_key(username))
        person = _person(username, first, last)
        if password_hash is None:
            person.password = PASSWORD
            password_hash = person.password_hash
        person.password_hash = password_hash
        made.append(person)
    db.session.add_all(made)
    return made, PASSWORD


def _person(username, first, last):
    since = utcnow() - timedelta(days=random.randrange(400), minutes=random.randrange(1440))
    return User(
        email=f"{username}@example.org",
        username=username,
        first_name=first,
        last_name=last,
        location=random.choice(PLACES),
        about_me=random.choice(ABOUT),
        member_since=since,
        confirmed_at=since + timedelta(minutes=7),
        last_seen=min(utcnow(), since + timedelta(days=random.randrange(1, 90))),
    )

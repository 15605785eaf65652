"""What the database knows about a batch of lines, read at once."""

from itertools import islice

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import joinedload, load_only

from ..extensions import db
from ..models import User
from ..text.names import username_key

BATCH_SIZE = 500
NUMBERED = (1, 8, 64, 512)  # how many numbered names are looked up for one address, at each try
NEEDED = load_only(
    User.email,
    User.username,
    User.username_key,
    User.first_name,
    User.last_name,
    User.location,
    User.confirmed_at,
    User.deactivated_at,
    User.role_id,
    User.role_until,
    User.former_role_id,
)


def in_chunks(things, size=BATCH_SIZE):
    things = iter(things)
    while chunk := list(islice(things, size)):
        yield chunk


def look_at_values():
    """Have PostgreSQL plan each query of this transaction for the values that it comes with.

    A plan that it keeps for all values compares some hundred of them with each row, one by one.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


class Known:
    """The people who have the emails and usernames of a batch of lines."""

    def __init__(self, emails, keys):
        there = or_(User.email.in_(emails), User.username_key.in_(keys))
        people = select(User).where(there).options(NEEDED, joinedload(User.former_role))
        found = db.session.scalars(people).unique().all()
        self.by_email = {person.email: person for person in found}
        self.by_key = {person.username_key: person for person in found}


class Alike:
    """Usernames of people with the same key; each key is looked up once for a plan."""

    def __init__(self, column):
        self.column, self.found = column, {}

    def look_up(self, keys):
        keys = {key for key in keys if key} - set(self.found)
        first = select(self.column, func.min(User.id)).where(self.column.in_(keys))
        ids = dict(db.session.execute(first.group_by(self.column)).all()) if keys else {}
        named = select(User.id, User.username).where(User.id.in_(ids.values()))
        names = dict(db.session.execute(named).all()) if ids else {}
        self.found |= {key: names.get(ids.get(key)) for key in keys}

    def __getitem__(self, key):
        return self.found.get(key)


class FreeNames:
    """Free usernames; taken ones get a number."""

    def __init__(self, taken):
        self.taken = taken  # keys that the file itself asks for
        self.tried, self.free = {}, {}  # by base: the next number, and names found free

    def prepare(self, bases):
        """Find names for all of these at once. The same base may occur several times."""
        wanted = {base: bases.count(base) for base in set(bases)}
        for size in (*NUMBERED, *[NUMBERED[-1]] * 100):
            short = [base for base, n in wanted.items() if len(self.free.get(base, ())) < n]
            if not short:
                return
            self._look_up(short, size)

    def take(self, base):
        while True:
            if not self.free.get(base):
                self.prepare([base])
            name = self.free[base].pop(0)
            if username_key(name) not in self.taken:  # as john1 is, once a base of its own asked
                self.taken.add(username_key(name))
                return name

    def _look_up(self, bases, size):
        names = []
        for base in bases:
            start = self.tried.get(base, 0)
            self.tried[base] = start + size
            names += [(base, f"{base}{number or ''}") for number in range(start, start + size)]
        for chunk in in_chunks(names):
            held = User.username_key.in_({username_key(name) for _, name in chunk})
            held = set(db.session.scalars(select(User.username_key).where(held)))
            for base, name in chunk:
                if username_key(name) not in held and username_key(name) not in self.taken:
                    self.free.setdefault(base, []).append(name)

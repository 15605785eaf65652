"""A crowd for benchmarks: any number of people, put into a new database as fast as it goes."""

import random
from datetime import UTC, datetime, timedelta
from itertools import chain

from flask_migrate import upgrade

from app.extensions import db
from app.models import Role, User

FIRST = "Ada Amara Carmen Dilek Elif Farid Hana Jonas Maria Mateo Noor Oskar Priya Sami Tuva Yuki"
FIRST = FIRST.split()
SYLLABLES = "ba be da di fo ga he jo ka ki la le lo mi mu na ne no pa ra re ri sa si so ta te to va"
SYLLABLES = SYLLABLES.split()
HOSTS = ["example.org", "example.org", "mail.example.net", "post.example.com"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FEW = 40  # moderators, and people called Quokka, in a crowd of any size


def people(count, roles):
    """Yield a row for each person; the same ones every time."""
    dice = random.Random(7)
    for number in range(1, count + 1):
        first, last = dice.choice(FIRST), "".join(dice.choices(SYLLABLES, k=3)).title()
        every = count // FEW
        last = "Quokka" if number % every == 3 else last
        yield person(dice, number, first, last, NOW - timedelta(minutes=2 * (count - number))) | {
            "role_id": roles["Moderator" if number % every == 7 else "User"]
        }


def person(dice, number, first, last, joined):
    username = f"{first}.{last}{number}"
    email = f"{username}@{dice.choice(HOSTS)}".lower()
    parts = (username, email, first, last)
    return {
        "id": number,
        "username": username,
        "username_key": username.lower(),
        "email": email,
        "first_name": first,
        "last_name": last,
        "avatar_key": f"{dice.getrandbits(128):032x}",
        "member_since": joined,
        "last_seen": joined + (NOW - joined) * dice.random() if dice.random() < 0.8 else None,
        "confirmed_at": joined if dice.random() < 0.93 else None,
        "deactivated_at": joined if dice.random() < 0.01 else None,
        "search_text": "".join(f"  {part.lower()}" for part in parts),
        "auth_epoch": 1,
    }


def complete(table, row):
    """Add the usual value, or nothing to say, where the table wants something said."""
    wanted = [c for c in table.columns if not c.nullable and c.name not in row]
    return row | {c.name: _usual(c) for c in wanted if not (c.primary_key or c.foreign_keys)}


def _usual(column):
    default = column.default.arg if column.default else ""
    return "" if callable(default) else default


def fill(count):
    upgrade()
    Role.insert_roles()
    rows = people(count, {role.name: role.id for role in Role.all()})
    db.session.rollback()  # no transaction is left open for as long as this takes
    rows = (complete(User.__table__, row) for row in rows)
    first = next(rows)
    connection = db.engine.raw_connection()
    load = load_sqlite if db.engine.dialect.name == "sqlite" else load_postgresql
    load(connection.driver_connection, list(first), chain([first], rows))
    connection.close()


def plain(value):
    """A value as SQLAlchemy would have SQLite keep it."""
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value


def load_sqlite(connection, columns, rows):
    """Past the trigger: the index of trigrams is made at once, afterwards."""
    values = (list(map(plain, row.values())) for row in rows)
    named = "SELECT sql FROM sqlite_master WHERE name = 'users_search_insert'"
    (trigger,) = connection.execute(named).fetchone()
    connection.execute("BEGIN")
    connection.execute("DROP TRIGGER users_search_insert")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO users ({', '.join(columns)}) VALUES ({marks})", values)
    connection.execute("INSERT INTO users_search (users_search) VALUES ('rebuild')")
    connection.execute(trigger)
    connection.execute("COMMIT")


def load_postgresql(connection, columns, rows):
    connection.execute("SET statement_timeout = 0")
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("DROP INDEX ix_users_search")
    into = f"COPY users ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(list(row.values()))
    index = "CREATE INDEX ix_users_search ON users USING gin (search_text gin_trgm_ops)"
    connection.execute(index)
    connection.execute("SELECT setval('users_id_seq', (SELECT max(id) FROM users))")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    connection.autocommit = False

"""How does the list of people grow: a thousand of them, a hundred thousand, a million?

python benchmarks/people.py [--sizes 1000 100000 1000000] [--times 40] [--server postgresql://…]

Fills databases of its own on SQLite and PostgreSQL, asks for /admin/users as an administrator by
Flask's test client, and prints the median milliseconds of each page as a table. A million people
take a minute on each database; what was filled is dropped afterwards.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYTHON_DOTENV_DISABLED"] = "1"

from crowd import NOW, fill  # noqa: E402

from app import create_app  # noqa: E402
from app.extensions import db  # noqa: E402
from app.models import Role, User, UserSession  # noqa: E402
from app.pagination import cursor_at  # noqa: E402

PAGES = {
    "first page": "",
    "rare word in the middle, `uokk`": "q=uokk",
    "common word, `example`": "q=example",
    "beginning of two letters, `ma`": "q=ma",
    "nobody found": "q=zzqx",
    "nobody, of common letters, `mail.example.org`": "q=mail.example.org",
    "role Moderator": "role={moderator}",
    "not confirmed": "confirmed=no",
    "not confirmed and `example`": "confirmed=no&q=example",
    "sorted by username": "sort=username",
    "half-way down, newest first": "after={half_way}",
}


def browser(app):
    """The test client of a new administrator."""
    boss = User(username="boss", email="boss@example.org", role=Role.named("Administrator"))
    boss.confirmed_at, boss.member_since = NOW, NOW - timedelta(days=9999)
    db.session.add(boss)
    db.session.flush()
    return signed_in(app, boss)


def signed_in(app, person):
    """The test client of a person. Commits."""
    row, token = UserSession.open(person, remembered=False, address="127.0.0.1", agent="")
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client


def half_way(count):
    """A cursor at the person in the middle."""
    middle = db.session.get(User, count // 2)
    return cursor_at(middle, [User.member_since, User.id])


class Site:
    """A site with so many people, and an administrator who asks for pages."""

    def __init__(self, url, count):
        self.app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
        with self.app.app_context():
            fill(count)
            self.client = browser(self.app)
            moderator = Role.named("Moderator").id
            values = dict(moderator=moderator, half_way=half_way(count))
            self.paths = {page: f"/admin/users?{q.format(**values)}" for page, q in PAGES.items()}
            db.session.remove()

    def milliseconds(self, page):
        started = time.perf_counter()
        answer = self.client.get(self.paths[page])
        taken = time.perf_counter() - started
        if answer.status_code != 200 or "Nobody is shown" in answer.text:
            raise SystemExit(f"{self.paths[page]}: {answer.status}")
        return 1000 * taken

    def close(self):
        with self.app.app_context():
            db.engine.dispose()


def measure(page, sites, times):
    """Return the median for each site. They take turns: what else the machine does meets all."""
    rounds = [[site.milliseconds(page) for site in sites] for _ in range(times + 3)]
    return [statistics.median(column) for column in zip(*rounds[3:], strict=True)]


@contextmanager
def sqlite(server, size):
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/data.sqlite"


@contextmanager
def postgresql(server, size):
    name = f"offbrand_benchmark_{os.getpid()}_{size}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432/postgres")
    options = parser.parse_args()
    for database in (sqlite, postgresql):
        with ExitStack() as stack:
            sites = []
            for size in options.sizes:
                url = stack.enter_context(database(options.server, size))
                sites.append(Site(url, size))
                stack.callback(sites[-1].close)
            report(database.__name__, sites, options)


def report(title, sites, options):
    heads = " | ".join(f"{size:,}" for size in options.sizes)
    print(f"\n| {title}, ms | {heads} | growth |")
    print(f"|---|{'--:|' * (len(sites) + 1)}")
    for page in PAGES:
        numbers = measure(page, sites, options.times)
        cells = " | ".join(f"{number:.1f}" for number in numbers)
        print(f"| {page} | {cells} | {numbers[-1] / numbers[0]:.2f} |", flush=True)


if __name__ == "__main__":
    main()

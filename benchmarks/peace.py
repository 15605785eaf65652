"""How do the logs and the queue grow: from a thousand acts of moderation to a million?

python benchmarks/peace.py [--sizes 1000 1000000] [--times 40] [--databases sqlite postgresql]

Fills databases of its own with a thousand members, so many acts of six moderators in three years,
a tenth as many reports, and posts; asks for pages as an administrator by Flask's test client, and
prints the median milliseconds of each as a table. What was filled is dropped afterwards. Ends with
an error where a page of the largest takes 1.5 times as long as that of the smallest.
"""

import argparse
import os
import random
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYTHON_DOTENV_DISABLED"] = "1"

from crowd import fill  # noqa: E402
from people import browser, postgresql, sqlite  # noqa: E402
from sqlalchemy import delete, insert, text  # noqa: E402

from app import create_app  # noqa: E402
from app.extensions import db  # noqa: E402
from app.models import AuditEntry, Case, Post, Report, Sanction  # noqa: E402
from app.models.audit_acts import audience_of  # noqa: E402
from app.models.fields import utcnow  # noqa: E402
from app.models.undo import INVERSES  # noqa: E402
from app.paging import cursor_at  # noqa: E402

GROWTH, MEMBERS, YEARS = 1.5, 1000, timedelta(days=3 * 365)
AT_ONCE = 10_000  # rows
STAFF = ["mona", "ada", "noor", "elif", "tuva", "yuki"]
ACTS = ["hide"] * 40 + ["restore"] * 5 + ["warn", "silence", "suspend"] * 12 + ["lift sanction"] * 3
ACTS += ["give notice"] * 6 + ["dismiss reports"] * 8 + ["ban", "deactivate"]
PAGES = {
    "log": "/log",
    "log, one kind": "/log?kind=suspend",
    "log, a rare kind": "/log?kind=ban",
    "log, one moderator": "/log?moderator=mona",
    "log, one moderator and a rare kind": "/log?moderator=mona&kind=ban",
    "log, a month two years ago": "/log?since={year}-03-01&until={year}-03-31",
    "log, half-way down": "/log?after={half_way}",
    "log, nothing found": "/log?kind=clean+up",
    "its feed": "/log/feed.atom",
    "months": "/log/transparency",
    "a month that is over": "/log/transparency/{year}-03",
    "the month so far": "/log/transparency/{month}",
    "log for staff, with undo": "/moderation/log",
    "log for staff, one member": "/moderation/log?member={member}",
    "queue": "/moderation/",
}


def entries(count, posts, names):
    """Yield a row for each act, the oldest first."""
    dice, now = random.Random(5), utcnow()
    for number in range(1, count + 1):
        act = dice.choice(ACTS)
        noun = "post" if act in ("hide", "restore") else "user"
        noun = "case" if act == "dismiss reports" else noun
        target = dice.randint(1, posts if noun == "post" else MEMBERS)
        yield {
            "id": number,
            "number": number,
            "created_at": now - YEARS * ((count - number) / count),
            "action": act,
            "actor_name": dice.choice(STAFF),
            "target_type": noun,
            "target_id": target,
            "target_name": names[target % len(names)],
            "audience": audience_of(act, noun),
            "place": "127.0.0.1",
            "reason": "This is advertising or spam, which the rules of this site do not allow.",
        }


def of_each_post(posts):
    texts = {"body": "Hello.", "body_html": "<p>Hello.</p>", "renderer": 1}
    for number in range(1, posts + 1):
        yield {"id": number, "author_id": number % MEMBERS + 1, **texts}


def cases(count):
    """Yield the cases, of which one of fifty waits."""
    dice, now = random.Random(6), utcnow()
    for number in range(1, count + 1):
        created = now - YEARS * ((count - number) / count)
        open_still = number % 50 == 0
        settled = None if open_still else created + timedelta(minutes=dice.randint(1, 5000))
        who = {"noun": "post", "post_id": number, "person_id": number % MEMBERS + 1}
        words = {"category": "Spam", "outcome": "" if open_still else "dismissed"}
        yield {"id": number, "created_at": created, "settled_at": settled, **who, **words}


def reports(count):
    now = utcnow()
    for number in range(1, count + 1):
        created = now - YEARS * ((count - number) / count)
        who = {"case_id": number, "reporter_id": number % MEMBERS + 1}
        yield {"id": number, "created_at": created, "category": "Spam", **who}


def sanctions(count):
    """Yield those that the newest acts imposed, so that undo has something to look at."""
    acts = AuditEntry.action.in_([act for act in INVERSES if act in ("warn", "silence", "suspend")])
    newest = AuditEntry.latest().where(acts).limit(count // 100)
    for entry in db.session.scalars(newest).all():
        who = {"user_id": entry.target_id, "by_name": entry.actor_name}
        yield {"kind": "warning", "entry_id": entry.id, "created_at": entry.created_at, **who}


def load(model, rows):
    while some := list(islice(rows, AT_ONCE)):
        db.session.execute(insert(model.__table__), some)
        db.session.commit()


class Site:
    """A site with so many acts, and an administrator who asks for pages."""

    def __init__(self, url, count):
        self.app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
        with self.app.app_context():
            fill(MEMBERS)
            names = db.session.scalars(text("SELECT username FROM users ORDER BY id")).all()
            posts = max(count // 10, 100)
            load(Post, of_each_post(posts))
            db.session.execute(delete(AuditEntry))  # of the roles that were made
            load(AuditEntry, entries(count, posts, names))
            load(Case, cases(count // 10))
            load(Report, reports(count // 10))
            load(Sanction, sanctions(count))
            self.client = browser(self.app)
            middle = db.session.get(AuditEntry, count // 2)
            now, order = utcnow(), [AuditEntry.created_at, AuditEntry.id]
            values = dict(year=now.year - 1, month=f"{now:%Y-%m}", member=names[7])
            values["half_way"] = cursor_at(middle, order)
            self.paths = {page: path.format(**values) for page, path in PAGES.items()}
            db.session.remove()

    def milliseconds(self, page):
        started = time.perf_counter()
        answer = self.client.get(self.paths[page])
        taken = time.perf_counter() - started
        if answer.status_code != 200:
            raise SystemExit(f"{self.paths[page]}: {answer.status}")
        return 1000 * taken

    def close(self):
        with self.app.app_context():
            db.engine.dispose()


def report(title, sites, options):
    """Print the medians; return the pages that grow too much."""
    heads = " | ".join(f"{size:,} acts" for size in options.sizes)
    print(f"\n| {title}, ms | {heads} | growth |")
    print(f"|---|{'--:|' * (len(sites) + 1)}")
    grown = []
    for page in PAGES:
        rounds = [[site.milliseconds(page) for site in sites] for _ in range(options.times + 3)]
        numbers = [statistics.median(column) for column in zip(*rounds[3:], strict=True)]
        growth = numbers[-1] / numbers[0]
        cells = " | ".join(f"{number:.1f}" for number in numbers)
        print(f"| {page} | {cells} | {growth:.2f} |", flush=True)
        grown += [f"{page} on {title}: {growth:.2f}"] if growth > GROWTH else []
    return grown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 1_000_000])
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432/postgres")
    options = parser.parse_args()
    kinds, grown = dict(sqlite=sqlite, postgresql=postgresql), []
    for name in options.databases:
        with ExitStack() as stack:
            sites = []
            for size in options.sizes:
                url = stack.enter_context(kinds[name](options.server, size))
                sites.append(Site(url, size))
                stack.callback(sites[-1].close)
            grown += report(name, sites, options)
    if grown:
        raise SystemExit("These grow too much:\n" + "\n".join(grown))


if __name__ == "__main__":
    main()

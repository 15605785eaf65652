"""How do the logs and the queue grow: from a thousand acts of moderation to a million?

python benchmarks/peace.py [--sizes 1000 1000000] [--times 40] [--databases sqlite postgresql]

Fills databases of its own with so many acts of moderation in three years; and with members and
reported things, a tenth as many each, but no less than a thousand. A few members are reported, and
report, far more often than others. Asks for pages as an administrator, and as the member who is
reported most, by Flask's test client, and prints the median milliseconds of each as a table. What
was filled is dropped afterwards. Ends with an error where a page of the largest takes 1.5 times as
long as that of the smallest, but for the month so far, which counts what happened in it.
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

from crowd import NOW, fill  # noqa: E402
from people import browser, postgresql, signed_in, sqlite  # noqa: E402
from sqlalchemy import delete, func, insert, select, text  # noqa: E402

from app import create_app  # noqa: E402
from app.extensions import db  # noqa: E402
from app.models import Appeal, AuditEntry, Case, Comment, Post, Report, Sanction, User  # noqa: E402
from app.models.audit.actions import Action  # noqa: E402
from app.models.fields import utcnow  # noqa: E402
from app.pagination import cursor_at  # noqa: E402

GROWTH, LEAST, YEARS = 1.5, 1000, timedelta(days=3 * 365)
AT_ONCE = 10_000  # rows
COUNTS = "the month so far"  # may grow as what happened in it does
BANS, RARE = 120, {"open": 500, "settled": 40}  # of all, so that pages of both sizes show as much
MOST = 1  # the id of the member who is reported most, and who reports most
WHY = "This is advertising or spam, which the rules of this site do not allow."
STAFF = ["mona", "ada", "noor", "elif", "tuva", "yuki"]
ACTS = ["hide"] * 40 + ["restore"] * 5 + ["warn", "silence", "suspend"] * 12 + ["lift sanction"] * 3
ACTS += ["give notice"] * 6 + ["dismiss reports"] * 8 + ["deactivate"]
SANCTIONS = {"warn": "warning", "silence": "silence", "suspend": "suspension", "ban": "ban"}
NOUNS = ["post"] * 14 + ["comment"] * 5 + ["user"]
CATEGORIES = ["Spam"] * 12 + ["Harassment"] * 5 + ["Hate"] * 3
OUTCOMES = ["dismissed"] * 3 + ["hidden"] * 3 + ["sanctioned", "hidden and sanctioned"]
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
    COUNTS: "/log/transparency/{month}",
    "log for staff, with undo": "/moderation/log",
    "log for staff, one member": "/moderation/log?member={most}",
    "queue": "/moderation/",
    "queue, a rare category": "/moderation/?category=Illegal",
    "queue, comments in nobody's hand": "/moderation/?noun=comment&claimed=nobody",
    "queue, in my hand": "/moderation/?claimed=mine",
    "queue, about who is reported most": "/moderation/?person={most}",
    "settled": "/moderation/?state=settled",
    "settled, a rare category": "/moderation/?state=settled&category=Illegal",
    "settled, members": "/moderation/?state=settled&noun=user",
    "settled, about who is reported most": "/moderation/?state=settled&person={most}",
    "settled, nothing found": "/moderation/?state=settled&category=Private+data",
    "a case": "/moderation/case/{case}",
    "a case about who is reported most": "/moderation/case/{case_of_most}",
    "a member": "/moderation/people/{member}",
    "who is reported most": "/moderation/people/{most}",
    "held texts": "/moderation/held",
    "appeals": "/moderation/appeals",
    "appeals, decided": "/moderation/appeals?state=decided",
    "any other page, for staff": "/settings/profile",
}
OWN = {  # of who reports most
    "what they reported": "/reports",
    "reporting a post": "/post/{post}/report",
}


def skewed(dice, most):
    """A number up to `most`; the low ones are far more frequent."""
    return 1 + int(most * dice.random() ** 3)


def moments(count):
    """Yield a number and a moment for each of so many, the oldest first."""
    now = utcnow()
    for number in range(1, count + 1):
        yield number, now - YEARS * ((count - number) / count)


def entries(count, things, names):
    dice = random.Random(5)
    for number, created in moments(count):
        act = "ban" if dice.random() < BANS / count else dice.choice(ACTS)
        noun = {"hide": "post", "restore": "post", "dismiss reports": "case"}.get(act, "user")
        target = skewed(dice, len(names)) if noun == "user" else dice.randint(1, things)
        yield {
            "id": number,
            "number": number,
            "created_at": created,
            "action": act,
            "actor_name": dice.choice(STAFF),
            "target_type": noun,
            "target_id": target,
            "target_name": names[(target - 1) % len(names)],
            "audience": Action(act).audience(noun),
            "place": "127.0.0.1",
            "reason": WHY,
        }


def sanctions(entries):
    acts = (entry for entry in entries if entry["action"] in SANCTIONS)
    for number, entry in enumerate(acts, 1):
        kind, who = SANCTIONS[entry["action"]], {"user_id": entry["target_id"]}
        who |= {"by_name": entry["actor_name"], "entry_id": entry["id"]}
        yield {"id": number, "created_at": entry["created_at"], "kind": kind, "reason": WHY, **who}


def appeals(sanctions):
    """Yield one for every tenth; half of them wait."""
    for row in islice(sanctions, 0, None, 10):
        decided = row["created_at"] if row["id"] % 20 == 1 else None
        facts = {"user_id": row["user_id"], "sanction_id": row["id"], "decided_at": decided}
        how = {"decided_by": "mona", "outcome": "confirmed"} if decided else {}
        yield {"created_at": row["created_at"], "decided_by": "", "outcome": "", **facts, **how}


def cases(count, members):
    """Yield those that are settled, and those that wait: one of twenty, the last few in a hand."""
    dice = random.Random(6)
    for number, created in moments(count):
        noun, waits = dice.choice(NOUNS), number % 20 == 0
        held_by = members + 1 if waits and number > count - 400 else None
        is_rare = dice.random() < (RARE["open"] if waits else RARE["settled"]) / count
        row = {
            "id": number,
            "created_at": created,
            "noun": noun,
            "category": "Illegal" if is_rare else dice.choice(CATEGORIES),
            "report_count": 3 if number % 10 == 0 else 1,
            "person_id": number % members + 1 if noun == "user" else skewed(dice, members),
            "post_id": number if noun == "post" else None,
            "comment_id": number if noun == "comment" else None,
            "claimed_by_id": held_by,
            "claimed_at": utcnow() if held_by else None,
        }
        settled, outcome = created + timedelta(minutes=dice.randint(1, 5000)), dice.choice(OUTCOMES)
        how = {"settled_at": settled, "settled_by": "mona", "outcome": outcome, "ruling": WHY}
        nothing = {"settled_at": None, "settled_by": "", "outcome": "", "ruling": ""}
        yield row | (nothing if waits else how)


def reports(cases, members):
    dice = random.Random(7)
    for case in cases:
        reporter, what = skewed(dice, members), {"category": case["category"], "reason": "Look."}
        for another in range(case["report_count"]):
            who = {"case_id": case["id"], "reporter_id": (reporter + another - 1) % members + 1}
            yield {"created_at": case["created_at"], "body": "Hello.", "version": 1, **who, **what}


def texts(cases, noun, members):
    """Yield a post, or for a few a comment below it, for each case; some wait for approval."""
    for case in cases:
        id, about = case["id"], case["noun"]
        if noun == "comment" and about != noun:
            continue
        held = utcnow() if about == "user" else None
        hidden = case["settled_at"] if about == noun and "hidden" in case["outcome"] else held
        author = case["person_id"] if about == noun else id % members + 1
        words = {"body": "Hello.", "body_html": "<p>Hello.</p>", "renderer": 1}
        row = {"id": id, "author_id": author, "hidden_at": hidden, "held_at": held, **words}
        row |= {"created_at": case["created_at"]}
        yield row | ({"post_id": id} if noun == "comment" else {})


def load(model, rows):
    while some := list(islice(rows, AT_ONCE)):
        db.session.execute(insert(model.__table__), some)
        db.session.commit()


class Site:
    """A site with so many acts; an administrator, and a member, who ask for pages."""

    def __init__(self, url, count):
        self.app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
        self.things = self.members = max(count // 10, LEAST)
        with self.app.app_context():
            fill(self.members)
            most = db.session.get(User, MOST)
            most.confirmed_at, most.deactivated_at = NOW, None
            staff, member = browser(self.app), signed_in(self.app, most)
            self.clients = dict.fromkeys(PAGES, staff) | dict.fromkeys(OWN, member)
            self.fill(count)
            facts = self.facts(count)
            self.paths = {page: path.format(**facts) for page, path in (PAGES | OWN).items()}
            db.session.remove()

    def fill(self, count):
        names = db.session.scalars(select(User.username).order_by(User.id)).all()
        db.session.execute(delete(AuditEntry))  # of the roles that were made
        load(AuditEntry, entries(count, self.things, names))
        matters = self.things, self.members
        load(Post, texts(cases(*matters), "post", self.members))
        load(Comment, texts(cases(*matters), "comment", self.members))
        load(Case, cases(*matters))
        load(Report, reports(cases(*matters), self.members))
        load(Sanction, sanctions(entries(count, self.things, names)))
        load(Appeal, appeals(sanctions(entries(count, self.things, names))))
        if db.engine.dialect.name == "postgresql":  # where the server does so by and by
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("SET statement_timeout = 0"))
                connection.execute(text("VACUUM ANALYZE"))

    def facts(self, count):
        """What stands in the addresses of pages."""
        now = utcnow()
        thrice = select(Sanction.user_id).group_by(Sanction.user_id).having(func.count() == 3)
        member = db.session.get(User, db.session.scalar(thrice.limit(1)))
        waiting = Case.waiting().order_by(Case.id)
        theirs = waiting.where(Case.person_id == MOST).limit(1)
        middle = db.session.get(AuditEntry, count // 2)
        others = select(Post.id).where(*Post.shown(), Post.author_id != MOST).limit(1)
        return {
            "year": now.year - 1,
            "month": f"{now:%Y-%m}",
            "half_way": cursor_at(middle, [AuditEntry.created_at, AuditEntry.id]),
            "member": member.username,
            "most": db.session.get(User, MOST).username,
            "case": db.session.scalar(waiting.limit(1)).id,
            "case_of_most": db.session.scalar(theirs).id,
            "post": db.session.scalar(others),
        }

    def milliseconds(self, page):
        started = time.perf_counter()
        answer = self.clients[page].get(self.paths[page])
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
    for page in PAGES | OWN:
        rounds = [[site.milliseconds(page) for site in sites] for _ in range(options.times + 3)]
        numbers = [statistics.median(column) for column in zip(*rounds[3:], strict=True)]
        growth = numbers[-1] / numbers[0]
        cells = " | ".join(f"{number:.1f}" for number in numbers)
        print(f"| {page} | {cells} | {growth:.2f} |", flush=True)
        grown += [f"{page} on {title}: {growth:.2f}"] if growth > GROWTH and page != COUNTS else []
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

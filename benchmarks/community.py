"""How fast are the pages of the community, and how do they grow from 1,000 posts to a million?

python benchmarks/community.py FOLDER [--sizes 1000 100000 1000000] [--seconds 1] [--rounds 7]

Builds towns (see town.py) on SQLite, in FOLDER, and on PostgreSQL, unless they are there as they
would be made now; that takes minutes. Serves them in production settings with gunicorn, 2 workers
of 4 threads, and beside them a bare Flask page of the same bytes, and a bare feed: twenty posts of
the largest town, read by one statement and shown by one template. wrk asks with 8 connections. The
towns and the bare pages take turns, so that what else the machine does meets all. Prints tables of
medians, and ends with an error where a page of the largest town takes 1.5 times as long as that of
the smallest.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import urllib.error
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYTHON_DOTENV_DISABLED"] = "1"
os.environ["PYTHONPATH"] = f"{ROOT}:{ROOT / 'benchmarks'}"

from serving import (  # noqa: E402
    Server,
    bare_page,
    fetch,
    measure,
    production,
    sign_in,
    token_in,
)
from town import FAN, FRIEND, READER, WRITERS, tidy, town  # noqa: E402

from app import create_app  # noqa: E402
from app.databases import named_driver  # noqa: E402
from app.extensions import db  # noqa: E402
from app.models import Post  # noqa: E402
from app.pagination import cursor_at  # noqa: E402

GROWTH = 1.5
DEEP = 40_000  # posts below the newest: 2,000 pages; in a small town as deep as it goes
PAGES = {  # who asks (None: a visitor), and for what
    "home": (READER, "/"),
    "home, a visitor's": (None, "/"),
    "followed feed, 40 followed": (FRIEND, "/"),
    "followed feed, 999 followed": (FAN, "/"),
    "2,000 pages deep": (READER, "/?after={deep}"),
    "post with 500 comments": (READER, "/post/{thread}"),
    "profile": (FRIEND, f"/user/{READER}"),  # who has written a page full in any town
    "search": (READER, "/search?q=lighthouses"),
    "sign-in page": (None, "/auth/login"),
}
POSTING = "posting, four writers"
BARE = {"a bare page of these bytes": "/", "a bare feed": "/feed"}
SCRIPT = """
local writers = {%s}
local threads, count = 0, 0
local head = {["Content-Type"] = "application/x-www-form-urlencoded"}
function setup(thread) threads = threads + 1; thread:set("number", threads) end
function request()
  count = count + 1
  local writer, key = writers[number], string.format("%s-%%d-%%d", number, count)
  head["Cookie"] = writer[1]
  local body = "csrf_token=" .. writer[2] .. "&key=" .. key .. "&submit=Post&body=Number+" .. count
  return wrk.format("POST", "/", head, body .. "+of+%%%%23today.%%%%0A%%%%0AThe+**first**+frost.")
end
"""


class Site:
    """A town that is served, and where its pages are."""

    def __init__(self, kind, size, options):
        self.size, self.folder, self.runs = size, options.folder, 0
        self.database = town(kind, size, options.folder, options.server)
        self.app = create_app("testing", SQLALCHEMY_DATABASE_URI=self.database)
        with self.app.app_context():
            tidy(size)
            deep = db.session.get(Post, max(size - DEEP, 25))
            names = {"deep": cursor_at(deep, [Post.created_at, Post.id]), "thread": size // 2}
            db.session.remove()
        self.paths = {page: path.format(**names) for page, (_, path) in PAGES.items()}
        self.server = Server("unlimited:app", production(self.database))
        people = READER, FRIEND, FAN, *WRITERS
        self.cookies = {None: ""} | {name: sign_in(self.server, name) for name in people}

    def fetch(self, page):
        return fetch(self.server.url + self.paths[page], self.cookies[PAGES[page][0]])

    def measure(self, page, seconds):
        if page == POSTING:
            return self.post(seconds)
        return measure(self.server, self.paths[page], seconds, self.cookies[PAGES[page][0]])

    def post(self, seconds):
        """Let four write at once, each on one connection, and take away what they wrote."""
        self.runs += 1
        cookies = [self.cookies[name] for name in WRITERS]
        pages = [fetch(self.server.url, cookie) for cookie in cookies]
        writers = zip(cookies, map(token_in, pages), strict=True)
        script = Path(self.folder) / "post.lua"
        script.write_text(SCRIPT % (", ".join(f'{{"{c}", "{t}"}}' for c, t in writers), self.runs))
        four = ("-t4", "-s", str(script))
        told = measure(self.server, "/", seconds, "", *four, connections=4)
        with self.app.app_context():
            if tidy(self.size) < 0.9 * told.rate * seconds:
                raise SystemExit("Some of the posts are not there.")
            db.session.remove()
        return told

    def close(self):
        self.server.stop()
        with self.app.app_context():
            db.engine.dispose()


def compare(page, sites, options):
    """Return what wrk tells of each site, and of what is bare: a list of rounds each."""
    with ExitStack() as stack:
        measured = [lambda site=site: site.measure(page, options.seconds) for site in sites]
        if page != POSTING:
            file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "page.html"
            largest = sites[-1]
            bare = bare_page(largest.fetch(page), file, named_driver(largest.database))
            stack.callback(bare.stop)
            for path in BARE.values():
                measured.append(lambda path=path: measure(bare, path, options.seconds))
        told = [[] for _ in measured]
        for _ in range(options.rounds):
            for turn in random.sample(range(len(measured)), len(measured)):
                told[turn].append(measured[turn]())
        return told


def middle(rounds, name):
    return statistics.median(getattr(told, name) for told in rounds)


def ratio(one, other):
    """How many times as many answers one gives; the median of rounds."""
    return statistics.median(a.rate / b.rate for a, b in zip(one, other, strict=True))


def row(name, posts, size, told, *ratios):
    """Print a row of the table."""
    numbers = f"{middle(told, 'rate'):.0f}", *(f"{middle(told, n):.1f}" for n in ("half", "slow"))
    cells = [name, posts, size, *numbers, f"{middle(told, 'cpu'):.2f}", *ratios]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def report(kind, sites, options):
    """Print a table of the pages; return those that grow too much."""
    names = "posts", "bytes", "a second", "p50 ms", "p99 ms", "CPU ms"
    print(f"\n| {' | '.join([kind, *names, 'of bare', 'of bare feed', 'growth'])} |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    grown = []
    for page in (*PAGES, POSTING):
        try:
            sizes = [len(site.fetch(page)) if page in PAGES else "" for site in sites]
        except urllib.error.HTTPError:
            print(f"{page} is not there.", file=sys.stderr)
            continue
        rounds = compare(page, sites, options)
        rounds, bare = rounds[: len(sites)], rounds[len(sites) :]
        for site, size, told in zip(sites, sizes, rounds, strict=True):
            growth = ratio(rounds[0], told)
            shares = [f"{ratio(told, other):.2f}" for other in bare] or ["", ""]
            row(page, f"{site.size:,}", size, told, *shares, f"{growth:.2f}")
        for name, told in zip(BARE, bare, strict=False):
            row(name, "", "", told, "", "", "")
        if growth > GROWTH:
            grown.append(f"{page} on {kind}: {growth:.2f}")
    memory = sorted(mib for site in sites for mib in site.server.memory())
    print(f"\nA worker has {memory[0]:.0f} to {memory[-1]:.0f} MiB resident after this.")
    return grown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--databases", nargs="+", default=["SQLite", "PostgreSQL"])
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432/postgres")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    grown = []
    for kind in options.databases:
        with ExitStack() as stack:
            sites = []
            for size in options.sizes:
                sites.append(Site(kind.lower(), size, options))
                stack.callback(sites[-1].close)
            grown += report(kind, sites, options)
    if grown:
        raise SystemExit("These grow too much:\n" + "\n".join(grown))


if __name__ == "__main__":
    main()

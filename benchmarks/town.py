"""A town for benchmarks: a thousand members and any number of posts, in a database that is kept.

Twice as many comments as posts, of which 500 answer one of them; a fifth as many follows; half as
many likes; tags. It is made anew where its making, the migrations or the renderer have changed.
"""

import hashlib
import random
import sys
from array import array
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path

import psycopg
from crowd import NOW, fill, plain
from serving import PASSWORD, ROOT
from sqlalchemy import func, select, update

from app import create_app
from app.extensions import db
from app.models import Comment, Follow, Like, Post, PostTag, User

MEMBERS = 1000
LONG_THREAD = 500
READER, FRIEND, FAN = "reader", "friend", "fan"  # who reads all, what 40 write, what 999 write
WRITERS = "ann", "ben", "cleo", "dan"
FRIENDS = 40
STEP = timedelta(seconds=90)  # from one post to the next
TAGS = "garden bread rain books trains music bicycles cats winter maps tea seeds chess birds salt"
OPENINGS = (
    "The tomatoes are finally out on the balcony",
    "Does anybody here repair old radios",
    "We had the first frost last night",
    "I have finished the book about lighthouses",
    "The choir is looking for two more voices",
    "My sourdough has a will of its own",
    "The tram was late again, so I walked along the river",
    "Somebody left a box of seeds in front of our house",
)
MIDDLES = (
    "It took longer than I had thought, and it was worth every **minute** of it.",
    "A neighbour told me to use *half* the water; she was right, as always.",
    "There is a good page about it: [a field guide](https://example.org/guide).",
    "> Measure twice, cut once.\n\nI measured once.",
    "What I would do again:\n\n- start early\n- write things down\n- ask before it is too late",
    "The part number is `RX-204`, should you look for it too.",
)
ENDINGS = (
    "Has anybody tried it another way?",
    "Pictures follow when it stops raining.",
    "Thanks to all who helped.",
    "I will tell you how it ends.",
)
ANSWERS = (
    "I have done it with sand instead, which drains better.",
    "Thank you for this! I shall try it at the weekend.",
    "Not in my experience. Where did you get the seeds?",
    "> Measure twice, cut once.\n\nStory of my life.",
    "The library has that one, **second floor**, next to the window.",
    "Count me in for Thursday.",
)


@dataclass
class Sample:
    """What a row holds of a text, whichever columns there are, and its tags."""

    columns: dict
    tags: list

    @classmethod
    def of(cls, content):
        db.session.flush()
        table = type(content).__table__
        row = db.session.execute(table.select().where(table.c.id == content.id)).one()
        tags = select(PostTag.tag).where(PostTag.post_id == content.id)
        return cls(dict(row._mapping), list(db.session.scalars(tags)))


def take_samples(dice):
    """Write each text as a member would, and take it back; return those of posts and comments."""
    member = db.session.get(User, 1)
    posts = [Post.publish(text, by=member) for text in post_texts(dice)]
    comments = [Comment.publish(posts[0], text, by=member) for text in ANSWERS]
    samples = [Sample.of(post) for post in posts], [Sample.of(comment) for comment in comments]
    db.session.rollback()
    return samples


def post_texts(dice):
    for opening in OPENINGS:
        for middle in MIDDLES:
            for ending in ENDINGS:
                tags = " ".join(f"#{tag}" for tag in dice.sample(TAGS.split(), dice.randrange(3)))
                yield f"{opening}. {middle}\n\n{ending} {tags}".strip()


class Town:
    """Rows of a town of so many posts, the same ones every time; counts are of what was given."""

    def __init__(self, size):
        self.size, self.dice = size, random.Random(11)
        self.texts, self.answers = take_samples(self.dice)
        self.thread = size // 2  # the post that everybody answers
        self.comments = array("i", bytes(4 * (size + 1)))
        self.likes = array("i", bytes(4 * (size + 1)))
        self.by = {name: [0] * (MEMBERS + 1) for name in ("posts", "comments", "to", "from")}
        self.first = NOW - size * STEP

    def anybody(self):
        """Some write much, most little."""
        return 1 + int(MEMBERS * self.dice.random() ** 2)

    def answered(self):
        """The posts that comments answer, each as often as it has comments."""
        yield from [self.thread] * LONG_THREAD
        for _ in range(2 * self.size - LONG_THREAD):
            yield self.dice.randrange(1, self.size + 1)

    def comment_rows(self):
        for number, post in enumerate(self.answered(), 1):
            author = self.anybody()
            self.comments[post] += 1
            self.by["comments"][author] += 1
            at = self.first + post * STEP + timedelta(seconds=self.dice.randrange(900))
            about = {"id": number, "created_at": at, "author_id": author, "post_id": post}
            yield self.dice.choice(self.answers).columns | about

    def like_rows(self):
        for post in range(1, self.size + 1, 2):
            self.likes[post] += 1
            at = self.first + post * STEP
            yield {"post_id": post, "user_id": self.anybody(), "created_at": at}

    def post_rows(self):
        """After the comments and likes, whose numbers they hold."""
        self.tagged, dice = [], self.dice
        for number in range(1, self.size + 1):
            author, text = self.anybody(), dice.choice(self.texts)
            self.by["posts"][author] += 1
            self.tagged += [(tag, number) for tag in text.tags]
            at = self.first + number * STEP
            counts = {"comment_count": self.comments[number], "like_count": self.likes[number]}
            about = {"id": number, "created_at": at, "author_id": author}
            yield text.columns | about | counts

    def tag_rows(self):
        yield from ({"tag": tag, "post_id": number} for tag, number in self.tagged)

    def follow_rows(self):
        """Friend and fan follow as many in a town of any size; the others, more in a larger one."""
        friend, fan = 2, 3
        pairs = {(friend, id): None for id in range(10, MEMBERS, MEMBERS // FRIENDS)}
        pairs |= {(fan, id): None for id in range(1, MEMBERS + 1) if id != fan}
        while len(pairs) < self.size // 5:
            pair = self.dice.randrange(4, MEMBERS + 1), self.anybody()
            if pair[0] != pair[1]:
                pairs[pair] = None
        for follower, followed in pairs:
            self.by["from"][follower] += 1
            self.by["to"][followed] += 1
            at = NOW - timedelta(minutes=self.dice.randrange(500_000))
            yield {"follower_id": follower, "followed_id": followed, "created_at": at}


def build(size):
    fill(MEMBERS)
    town = Town(size)
    load = load_sqlite if db.engine.dialect.name == "sqlite" else load_postgresql
    connection = db.engine.raw_connection()
    load(
        connection.driver_connection,
        [
            (Comment, town.comment_rows()),
            (Like, town.like_rows()),
            (Post, town.post_rows()),
            (PostTag, town.tag_rows()),
            (Follow, town.follow_rows()),
        ],
    )
    connection.close()
    finish(town)


def finish(town):
    """Give the members their counts, and names and passwords to those who read and write here."""
    for id in range(1, MEMBERS + 1):
        counts = {"post_count": town.by["posts"][id], "comment_count": town.by["comments"][id]}
        counts |= {"follower_count": town.by["to"][id], "following_count": town.by["from"][id]}
        db.session.execute(update(User).where(User.id == id).values(counts))
    names = READER, FRIEND, FAN, *WRITERS
    people = db.session.scalars(select(User).order_by(User.id).limit(len(names))).all()
    for person, name in zip(people, names, strict=True):
        person.username, person.email = name, f"{name}@example.org"
        person.confirmed_at, person.deactivated_at, person.password = NOW, None, PASSWORD
        person.home_feed = "followed" if name in (FRIEND, FAN) else "all"
    db.session.commit()


def load_sqlite(connection, tables):
    """Without indexes, triggers and the checks of foreign keys, which come back afterwards."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    names = ", ".join(f"'{kind.__tablename__}'" for kind, _ in tables)
    made = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    made += f" AND type IN ('index', 'trigger') AND tbl_name IN ({names}) ORDER BY type"
    made = connection.execute(made).fetchall()
    for kind, name, _ in made:
        connection.execute(f"DROP {kind} {name}")
    for kind, rows in tables:
        first = next(rows)
        columns, marks = ", ".join(first), ", ".join("?" * len(first))
        values = (list(map(plain, row.values())) for row in chain([first], rows))
        into = f"INSERT INTO {kind.__tablename__} ({columns}) VALUES ({marks})"
        connection.executemany(into, values)
    indexes = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
    for (name,) in connection.execute(indexes).fetchall():
        connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
    for *_, statement in made:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def load_postgresql(connection, tables):
    """The same. Indexes that constraints need stay."""
    connection.execute("SET statement_timeout = 0")
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("SET session_replication_role = replica")  # no checks of foreign keys
    names = [kind.__tablename__ for kind, _ in tables]
    made = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
    made += " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    made = connection.execute(made, [names]).fetchall()
    for name, _ in made:
        connection.execute(f"DROP INDEX {name}")
    for kind, rows in tables:
        first = next(rows)
        into = f"COPY {kind.__tablename__} ({', '.join(first)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in chain([first], rows):
                copy.write_row(list(row.values()))
    for _, statement in made:
        connection.execute(statement)
    for name in ("posts", "comments"):
        connection.execute(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")
    connection.execute("SET session_replication_role = DEFAULT")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    connection.autocommit = False


def recipe():
    """What a kept town was made by: another recipe, and it is made anew."""
    files = [*sorted((ROOT / "migrations/versions").glob("*.py")), ROOT / "app/markdown.py"]
    files += [Path(__file__), Path(__file__).with_name("crowd.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def town(kind, size, folder, server):
    """Return the URL of the town's database, which is made where the folder has none as it is."""
    name, kept = f"offbrand_town_{size}", folder / f"{kind}-{size}.recipe"
    file = folder / f"{name}.sqlite"
    sqlite = kind == "sqlite"
    url = f"sqlite:///{file}" if sqlite else f"{server.rpartition('/')[0]}/{name}"
    if kept.exists() and kept.read_text() == recipe():
        return url
    kept.unlink(missing_ok=True)
    print(f"Building {name} on {kind}.", file=sys.stderr, flush=True)
    empty_sqlite(file) if sqlite else empty_postgresql(name, server)
    app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
    with app.app_context():
        build(size)
        db.session.remove()
        db.engine.dispose()
    kept.write_text(recipe())
    return url


def empty_sqlite(file):
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)


def empty_postgresql(name, server):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")


def tidy(size):
    """Take away what was posted after the town was made; return how many posts that was."""
    here = Post.id > size
    number = db.session.scalar(select(func.count()).select_from(Post).where(here))
    if number:
        by = select(Post.author_id, func.count()).where(here).group_by(Post.author_id)
        for author, posts in db.session.execute(by).all():
            User.count_up(author, post_count=-posts)
        db.session.execute(Post.__table__.delete().where(here))
        db.session.commit()
    return number

"""Settings of SQLite and PostgreSQL that make both behave alike.

Each statement reads what is committed (READ COMMITTED). On SQLite, a transaction takes the write
lock when it first writes or locks rows: a deferred transaction that has read before would fail at
once, whatever the busy timeout. The threads of a process take the lock in the order in which they
asked for it. SQLite itself only lets them poll ten times a second, so that a thread that writes
continuously could starve the others.
"""

from collections import deque
from collections.abc import MutableMapping
from contextlib import closing
from threading import Event, Lock
from typing import Any

from sqlalchemy import Connection, Engine, Insert, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExecutionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

LARGEST_ID = 2**31 - 1  # that fits into an id column
READING = ("SELECT", "PRAGMA", "EXPLAIN", "VALUES", "BEGIN", "COMMIT", "ROLLBACK")
SQLITE_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # what was acknowledged survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA cache_size=-16000",
)
PATIENCE = 5  # seconds that a thread waits for its turn to write on SQLite
POSTGRESQL_SETTINGS = (
    "SET statement_timeout='5s'",
    "SET lock_timeout='4s'",
    "SET idle_in_transaction_session_timeout='60s'",
    "SET random_page_cost=1.1",  # an SSD: else the search for a rare word scans a whole table
    "SET jit=off",  # pages read few rows, and compiling the statement takes longer than running it
    "SET plan_cache_mode='force_custom_plan'",  # rare and common words need different plans
)


class InsertOnce(Insert):
    """INSERT … ON CONFLICT DO NOTHING, for tables whose primary key is given.

    SQLAlchemy 2.0 does not cache its own ON CONFLICT constructs, but compiles them each time. See
    tests/test_compiled.py.
    """

    inherit_cache = True


@compiles(InsertOnce)
def _insert_once(statement: InsertOnce, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.visit_insert(statement, **options)} ON CONFLICT DO NOTHING"


def named_driver(url: str) -> str:
    """Return the URL with its driver: `postgres://` and `postgresql://` mean psycopg 3 here."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def is_supported(url: str) -> bool:
    try:
        return make_url(url).get_backend_name() in ("postgresql", "sqlite")
    except ArgumentError:
        return False


def engine_options(url: str) -> dict[str, Any]:
    """Return the options of `create_engine` for a database URL."""
    if url.startswith("postgresql"):
        return {
            "hide_parameters": True,  # no password hash in a log
            "pool_pre_ping": True,
            "pool_recycle": 1800,
            "pool_timeout": 2,
            "connect_args": {"connect_timeout": 2},
        }
    return {"hide_parameters": True}


class Turns:
    """A fair lock: threads get it in the order in which they ask, or give up after PATIENCE."""

    def __init__(self) -> None:
        self._guard, self._taken = Lock(), False
        self._waiting: deque[Event] = deque()

    def take(self) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = Event()
            self._waiting.append(mine)
        mine.wait(PATIENCE)
        with self._guard:
            if not mine.is_set():
                self._waiting.remove(mine)
        return mine.is_set()

    def end(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


def prepare(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        turns = Turns()

        def lock(
            connection: Connection,
            cursor: Any,
            statement: str,
            parameters: Any,
            context: ExecutionContext,
            executemany: bool,
        ) -> None:
            if cursor.connection.in_transaction or not _takes_lock(statement, context):
                return
            if "turn" not in connection.info and turns.take():
                connection.info["turn"] = turns
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # not on the cursor: errors get wrapped

        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "before_cursor_execute", lock)
        for end in ("commit", "rollback"):
            event.listen(engine, end, _end_turn_of)
        event.listen(engine, "checkin", lambda _, record: _end_turn(record.info))
        event.listen(engine, "invalidate", lambda _, record, error: _end_turn(record.info))
    else:
        event.listen(engine, "connect", _set_up_postgresql)


def _set_up_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, below
    for statement in SQLITE_SETTINGS:
        connection.execute(statement)


def _set_up_postgresql(connection: DBAPIConnection, record: object) -> None:
    with closing(connection.cursor()) as cursor:
        for statement in POSTGRESQL_SETTINGS:
            cursor.execute(statement)
    connection.commit()


def _takes_lock(statement: str, context: ExecutionContext) -> bool:
    """Return whether a statement writes, or locks rows."""
    locking = getattr(context.invoked_statement, "_for_update_arg", None) is not None
    return locking or not statement.lstrip().upper().startswith(READING)


def _end_turn_of(connection: Connection) -> None:
    if not connection.invalidated:
        _end_turn(connection.info)


def _end_turn(info: MutableMapping[Any, Any]) -> None:
    """End the turn of a connection's transaction, if it has one."""
    if turns := info.pop("turn", None):
        turns.end()

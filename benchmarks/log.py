"""How fast does the log of staff's acts grow when many write at once, and how fast is it verified?

python benchmarks/log.py [--processes 4] [--acts 250] [--server postgresql://postgres@127.0.0.1/postgres]

Each process opens and closes an account, each act a transaction of its own. On SQLite, and on
PostgreSQL in a database that is dropped afterwards. Afterwards the chain is verified; a fork, a gap
or a lost entry ends the run.
"""

import argparse
import multiprocessing
import os
import tempfile
import time

import psycopg
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from app.models import AuditEntry, Role, User


def act(url, number, acts, start):
    """Deactivate and reactivate one account in turns."""
    app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
    with app.app_context():
        person = User.with_username(f"member{number}")
        db.session.rollback()
        start.wait()
        for i in range(acts):
            person.deactivate() if i % 2 == 0 else person.reactivate()
            db.session.commit()


def measure(name, url, options):
    app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)
    with app.app_context():
        upgrade()
        Role.insert_roles()
        for number in range(options.processes):
            names = dict(username=f"member{number}", email=f"member{number}@example.org")
            db.session.add(User(**names))
        db.session.commit()
        took = run(url, options)
        count = options.processes * options.acts
        started = time.perf_counter()
        fault = AuditEntry.verify()
        verified = time.perf_counter() - started
        if fault or db.session.scalar(db.select(db.func.count(AuditEntry.id))) != count:
            raise SystemExit(f"{name}: the log is not whole: {fault}")
        db.session.remove()
        db.engine.dispose()
    rate, each = count / took, 1000 * took / options.acts
    print(f"| {name} | {rate:.0f} | {each:.1f} | {count / verified:.0f} |")


def run(url, options):
    """Return how many seconds it took all processes from their common start."""
    start = multiprocessing.Barrier(options.processes + 1)
    workers = [
        multiprocessing.Process(target=act, args=(url, number, options.acts, start))
        for number in range(options.processes)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("A process failed.")
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--acts", type=int, default=250)
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432/postgres")
    options = parser.parse_args()
    print("| database | acts a second, all processes | ms an act, each | verified a second |")
    print("|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/log.sqlite", options)
    name = f"offbrand_benchmark_{os.getpid()}"
    with psycopg.connect(options.server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            measure("PostgreSQL", f"{options.server.rpartition('/')[0]}/{name}", options)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()

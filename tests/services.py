"""What tests need beside Python: PostgreSQL, Redis, Chromium, a port, a served site.

On a person's machine a test is skipped where its service is missing; with
OFFBRAND_REQUIRE_SERVICES=1, as in CI, it fails.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get("TEST_DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/postgres"
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS = os.environ.get("TEST_REDIS_URL") or f"redis://127.0.0.1:6379/{15 - WORKER % 16}"
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")  # the quickest first
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
REQUIRED = os.environ.get("OFFBRAND_REQUIRE_SERVICES") == "1"


def missing(service):
    (pytest.fail if REQUIRED else pytest.skip)(f"{service} is not here")


@contextmanager
def postgresql_database(template="template1"):
    """Yield the URL of a new database of this process's own, and drop it afterwards."""
    server = POSTGRESQL.replace("postgresql+psycopg://", "postgresql://")
    name = f"offbrand_test_{os.getpid()}_{time.monotonic_ns() % 10**9}"
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        missing("PostgreSQL")
    with connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.execute(f"ALTER DATABASE {name} SET jit = off")  # a page would wait for it
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def redis_url():
    """Return the URL of an empty Redis database."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=1).flushdb()
    except redis.RedisError:
        missing("Redis")
    return REDIS


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


GUNICORN = """
import datetime, sys
from gunicorn.app.wsgiapp import run
if {seconds}:
    import time_machine
    wrong = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds={seconds})
    time_machine.travel(wrong, tick=True).start()
sys.argv[0] = "gunicorn"
run()
"""


class Served:
    """The site in a process of its own, served by gunicorn as `make run` does.

    Its clock may be some seconds ahead, or behind.
    """

    def __init__(self, folder, *, workers=1, clock=0, **settings):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.env = {
            **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")},
            "DEV_DATABASE_URL": f"sqlite:///{folder}/data.sqlite",
            "PYTHON_DOTENV_DISABLED": "1",
            "OFFBRAND_SIGN_UP_SECONDS": "0",  # a browser that a test drives types fast
            "SECRET_KEY": "kept for as long as this test runs, and no longer",
            **settings,
        }
        self.workers, self.clock, self.process = workers, clock, None

    def command(self, *words, **options):
        """Run a flask command in the site's environment; return what it printed."""
        flask = [sys.executable, "-m", "flask", *words]
        options = {"capture_output": True, "text": True, "timeout": 300, **options}
        return subprocess.run(flask, cwd=ROOT, env=self.env, **options)

    def start(self):
        gunicorn = [
            "-c",
            GUNICORN.format(seconds=self.clock),
            "--bind",
            f"127.0.0.1:{self.port}",
            "--threads",
            "8",
        ]
        options = ["--workers", str(self.workers), "--log-level", "warning"]
        options += ["--config", "deploy/gunicorn.conf.py"]
        self.log = Path(f"{self.folder}/served.log").open("ab")  # noqa: SIM115 closed by stop
        self.process = subprocess.Popen(
            [sys.executable, *gunicorn, *options, "flasky:app"],
            cwd=ROOT,
            env=self.env,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        wait_until(self.answers)
        return self

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        if self.process:
            self.log.close()

    def __enter__(self):
        deployed = self.command("deploy")
        assert deployed.returncode == 0, deployed.stderr
        return self.start()

    def __exit__(self, *error):
        self.stop()


def wait_until(question, *, seconds=120):
    """Ask until the answer is true, and return it; give up where only a fault can be the reason."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {question}")

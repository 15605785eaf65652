"""Redis dies while people write: nobody meets a fault, and the log says when it was away."""

import re
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
import redis
import services
from services import Served, free_port, wait_until

KILLS, WRITERS = 20, 8


class Redis:
    """A Redis of our own, which keeps nothing."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None

    def start(self):
        options = ["--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        self.process = subprocess.Popen(
            ["redis-server", *options], cwd=self.folder, stdout=subprocess.DEVNULL
        )
        wait_until(self.answers)

    def answers(self):
        try:
            return redis.Redis(port=self.port, retry=None, socket_timeout=1).ping()
        except redis.RedisError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


class Writer:
    """Sends the sign-in form, again and again, and notes what came back."""

    def __init__(self, url, seen):
        self.url, self.seen = f"{url}/auth/login", seen
        self.browser = build_opener(HTTPCookieProcessor(CookieJar()))
        page = self.browser.open(self.url).read().decode()
        self.token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]

    def write_until(self, stopped):
        form = {"login": "nobody", "password": "wrong", "csrf_token": self.token}
        while not stopped.is_set():
            try:
                status = self.browser.open(self.url, urlencode(form).encode(), timeout=30).status
            except HTTPError as error:
                status = error.code
            self.seen[status] += 1


@contextmanager
def writing(url):
    seen, stopped = Counter(), threading.Event()
    writers = [Writer(url, seen) for _ in range(WRITERS)]
    threads = [threading.Thread(target=writer.write_until, args=[stopped]) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stopped.set()
        for thread in threads:
            thread.join(60)


@pytest.mark.fault
def test_redis_is_killed_twenty_times_under_eight_writers(tmp_path):
    """R-74."""
    server = Redis(tmp_path)
    try:
        server.start()
    except FileNotFoundError:
        services.missing("redis-server")
    log = tmp_path / "served.log"
    try:
        url = f"redis://127.0.0.1:{server.port}/0"
        with Served(tmp_path, REDIS_URL=url) as site, writing(site.url) as seen:
            for n in range(1, KILLS + 1):
                server.kill()
                wait_until(lambda n=n: log.read_text().count("Redis is away") >= n)
                server.start()
                wait_until(lambda: is_back(log))
                time.sleep(0.1)
    finally:
        server.kill()

    assert sum(seen.values()) > KILLS * WRITERS
    assert {status for status in seen if status >= 500} == set(), seen
    told = re.findall(r"Redis is (away|back)", log.read_text())
    assert told == ["away", "back"] * KILLS


def is_back(log):
    told = re.findall(r"Redis is (away|back)", log.read_text())
    return told[-1] == "back"

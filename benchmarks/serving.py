"""What benchmarks share that serve the site: gunicorn in production settings, and wrk that asks.

wrk is a package of Debian. CPU is what gunicorn's workers used, from /proc.
"""

import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "violet anchor 71 drum"
TICKS = os.sysconf("SC_CLK_TCK")
UNITS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}
CONNECTIONS = 8


def production(database):
    """The environment in which the site runs on a database."""
    return {
        **os.environ,
        "PYTHON_DOTENV_DISABLED": "1",
        "FLASK_CONFIG": "production",
        "SECRET_KEY": os.urandom(32).hex(),
        "DATABASE_URL": database,
        "TRUSTED_HOSTS": "127.0.0.1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": "9",
        "MAIL_DEFAULT_SENDER": "benchmark@example.org",
        "MAIL_DELIVERY": "worker",
    }


class Server:
    """gunicorn, 2 workers of 4 threads, with an application, on a port of its own."""

    def __init__(self, target, env, folder=ROOT):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.env = {**os.environ, **env, "SERVER_NAME": f"127.0.0.1:{self.port}"}
        words = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4"]
        quiet = ["--no-control-socket", "--log-level", "error", target]
        command = [sys.executable, "-m", "gunicorn", *words, *quiet]
        self.process = subprocess.Popen(
            command, cwd=folder, env=self.env, stderr=subprocess.DEVNULL
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self._wait("/" if target == "bare:app" else "/healthz")

    def _wait(self, path):
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url + path)
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"{self.url} does not answer")

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def cpu_seconds(self):
        """User and system time of the workers so far."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1] for pid in self.workers()]
        return sum(sum(map(int, row.split()[11:13])) for row in fields) / TICKS

    def memory(self):
        """Resident MiB of each worker."""
        found = [Path(f"/proc/{pid}/status").read_text() for pid in self.workers()]
        return [int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024 for text in found]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def bare_page(content, file, database="sqlite://"):
    """Serve a bare Flask page of the same bytes, and at /feed the least that a feed can be."""
    file.write_bytes(content)
    env = {"BARE_FILE": str(file), "BARE_DATABASE": database}
    return Server("bare:app", env, ROOT / "benchmarks")


def sign_in(server, login):
    """Return the Cookie header of a member who has signed in."""
    jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http",)))
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    token = token_in(browser.open(server.url + "/auth/login").read())
    form = dict(csrf_token=token, login=login, password=PASSWORD)
    browser.open(server.url + "/auth/login", urllib.parse.urlencode(form).encode())
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def token_in(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.decode())[1]


def fetch(url, cookie=""):
    request = urllib.request.Request(url, headers={"Cookie": cookie})
    return urllib.request.urlopen(request).read()


@dataclass
class Told:
    """What wrk tells of one run; times in milliseconds."""

    rate: float  # requests a second
    half: float  # p50
    slow: float  # p99
    cpu: float  # of the workers, a request


def measure(server, path, seconds, cookie="", *more, connections=CONNECTIONS):
    """Let wrk ask for so many seconds; an answer that is none, or an error, ends the run."""
    before, started = server.cpu_seconds(), time.monotonic()
    words = ["wrk", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Cookie: {cookie}"]
    words += more or ["-t1"]
    told = subprocess.run([*words, server.url + path], capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told or "99%" not in told:
        raise SystemExit(told)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])
    half, slow = (_milliseconds(told, percentile) for percentile in (50, 99))
    requests = rate * (time.monotonic() - started)
    cpu = 1000 * (server.cpu_seconds() - before) / requests
    return Told(rate, half, slow, cpu)


def _milliseconds(told, percentile):
    number, unit = re.search(rf"{percentile}%\s+([\d.]+)(\w+)", told).groups()
    return float(number) * UNITS[unit]

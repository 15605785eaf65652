"""How fast are the sign-in page and a member's home, beside a bare Flask page of the same size?

python benchmarks/pages.py [--seconds 3] [--rounds 5] [--database postgresql://…]

Serves both with gunicorn, 2 workers of 4 threads, on this machine, in production settings; wrk (a
package of Debian) asks with 8 connections. Site and bare page take turns, so that what else the
machine does meets both. CPU is what the workers used, from /proc.
"""

import argparse
import http.cookiejar
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "violet anchor 71 drum"
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """gunicorn with an application, on a port of its own."""

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
        wait_for(self.url + ("/healthz" if target == "flasky:app" else "/"))

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


def wait_for(url):
    for _ in range(200):
        try:
            urllib.request.urlopen(url)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def sign_in(server):
    """Return the Cookie header of a signed-in member."""
    jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http",)))
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(server.url + "/auth/login").read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    form = dict(csrf_token=token, login="benchmark@example.org", password=PASSWORD)
    browser.open(server.url + "/auth/login", urllib.parse.urlencode(form).encode())
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def fetch(url, cookie=""):
    request = urllib.request.Request(url, headers={"Cookie": cookie})
    return urllib.request.urlopen(request).read()


def measure(server, path, seconds, cookie=""):
    """Return (requests a second, CPU milliseconds a request, slowest in a hundred in ms)."""
    before, started = server.cpu_seconds(), time.monotonic()
    words = ["wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", "-H", f"Cookie: {cookie}"]
    told = subprocess.run([*words, server.url + path], capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])
    slow = re.search(r"99%\s+([\d.]+)(\w+)", told)
    slow = float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slow[2]]
    requests = rate * (time.monotonic() - started)
    return rate, 1000 * (server.cpu_seconds() - before) / requests, slow


def time_create_app(env):
    code = (
        "import time; t = time.perf_counter(); from app import create_app; i = time.perf_counter()"
    )
    code += "; create_app(); print(i - t, time.perf_counter() - i)"
    runs = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True)
        runs.append([float(number) for number in done.stdout.split()])
    return [statistics.median(column) for column in zip(*runs, strict=True)]


def prepare(folder, database):
    env = {
        **os.environ,
        "FLASK_CONFIG": "production",
        "SECRET_KEY": os.urandom(32).hex(),
        "DATABASE_URL": database or f"sqlite:///{folder}/data.sqlite",
        "TRUSTED_HOSTS": "127.0.0.1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": "9",
        "MAIL_DEFAULT_SENDER": "benchmark@example.org",
        "MAIL_DELIVERY": "worker",
    }
    flask = [sys.executable, "-m", "flask"]
    subprocess.run([*flask, "deploy"], cwd=ROOT, env=env, check=True, capture_output=True)
    make = ["users", "create", "--password", PASSWORD, "benchmark@example.org"]
    subprocess.run([*flask, *make], cwd=ROOT, env=env, check=True, capture_output=True)
    fake = {**env, "FLASK_CONFIG": "development", "DEV_DATABASE_URL": env["DATABASE_URL"]}
    people = ["fake", "--people", "1000"]
    subprocess.run([*flask, *people], cwd=ROOT, env=fake, check=True, capture_output=True)
    return env


def compare(folder, site, path, cookie, options):
    """Print the page beside a bare one of its size."""
    file = Path(folder) / "page.html"
    file.write_bytes(fetch(site.url + path, cookie))
    bare = Server("bare:app", {"BARE_FILE": str(file)}, ROOT / "benchmarks")
    rounds = []
    for _ in range(options.rounds):
        page = measure(site, path, options.seconds, cookie)
        rounds.append((*page, *measure(bare, "/", options.seconds)))
    bare.stop()
    rate, cpu, slow, bare_rate, bare_cpu, bare_slow = map(
        statistics.median, zip(*rounds, strict=True)
    )
    ratio = statistics.median(row[0] / row[3] for row in rounds)
    print(
        f"| `{path}`, {file.stat().st_size} bytes | {rate:.0f} | {cpu:.2f} | {slow:.0f} |", end=""
    )
    print(f" {bare_rate:.0f} | {bare_cpu:.2f} | {bare_slow:.0f} | {ratio:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = prepare(folder, options.database)
        imported, created = time_create_app(env)
        site = Server("flasky:app", env)
        cookie = sign_in(site)
        print("| page | a second | CPU ms | p99 ms | bare: a second | CPU ms | p99 ms | ratio |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|")
        compare(folder, site, "/auth/login", "", options)
        compare(folder, site, "/", cookie, options)
        memory = " and ".join(f"{mib:.0f}" for mib in site.memory())
        site.stop()
    print(
        f"\nimport {imported:.2f} s, create_app {created:.2f} s; each worker {memory} MiB resident"
    )


if __name__ == "__main__":
    main()

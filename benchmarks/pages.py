"""How fast are the sign-in page and a member's home, beside a bare Flask page of the same size?

python benchmarks/pages.py [--seconds 3] [--rounds 5] [--database postgresql://…]

Serves both with gunicorn, 2 workers of 4 threads, on this machine, in production settings; wrk asks
with 8 connections. Site and bare page take turns, so that what else the machine does meets both.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from serving import PASSWORD, ROOT, Server, bare_page, fetch, measure, production, sign_in


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
    env = production(database or f"sqlite:///{folder}/data.sqlite")
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
    content = fetch(site.url + path, cookie)
    bare = bare_page(content, Path(folder) / "page.html")
    rounds = []
    for _ in range(options.rounds):
        page = measure(site, path, options.seconds, cookie)
        other = measure(bare, "/", options.seconds)
        rounds.append((page.rate, page.cpu, page.slow, other.rate, other.cpu, other.slow))
    bare.stop()
    rate, cpu, slow, bare_rate, bare_cpu, bare_slow = map(
        statistics.median, zip(*rounds, strict=True)
    )
    ratio = statistics.median(row[0] / row[3] for row in rounds)
    print(f"| `{path}`, {len(content)} bytes | {rate:.0f} | {cpu:.2f} | {slow:.0f} |", end="")
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
        cookie = sign_in(site, "benchmark@example.org")
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

"""make: sets up what is missing, once, and leaves nothing half made. Needs no network."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from services import ROOT

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("set-up")]

LOCKS = ("requirements.lock", "tests/requirements.lock")
NO_ROUTE = "echo No route to host >&2; exit 2"
SITE, TESTS = ".venv/.site-installed", ".venv/.tests-installed"
TOO_OLD = """#!/bin/sh
exec "{python}" -c "import sys; sys.version_info = (3, 10, 12)
$2"
"""


def make(folder, *words, python=sys.executable, uv="exit 0"):
    """Run make as a person who has just this Python, a uv that installs nothing, and no network."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    put_uv(folder / "tools", uv)
    kept["PATH"] = f"{folder}/tools:{kept['PATH']}"
    env = {**kept, "PYTHON": str(python), "PIP_NO_INDEX": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.run(["make", *words], cwd=folder, env=env, timeout=300, **pipes)


def check_out(folder):
    """A checkout whose lock files are empty."""
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "tests").mkdir()
    for name in LOCKS:
        (folder / name).write_text("# nothing\n")
    return folder


def put_uv(tools, then):
    """A program named uv that writes down what it was asked, and then does something."""
    tools.mkdir(exist_ok=True)
    (tools / "uv").write_text(f'#!/bin/sh\necho "$@" >>"{tools}/asked"\n{then}\n')
    (tools / "uv").chmod(0o755)


def stamps(folder):
    return [(folder / name).stat().st_mtime_ns for name in (SITE, TESTS)]


@pytest.fixture
def fresh(tmp_path):
    return check_out(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A checkout in which make has done its work once; set-up takes seconds, so it is shared."""
    folder = check_out(tmp_path_factory.mktemp("checked out"))
    done = make(folder, TESTS)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_first_time_makes_an_environment(installed):
    prefix = [installed / ".venv/bin/python", "-c", "import sys; print(sys.prefix)"]

    printed = subprocess.run(prefix, capture_output=True, text=True, check=True).stdout

    assert printed == f"{installed}/.venv\n"
    assert (installed / SITE).exists() and (installed / TESTS).exists()


def test_the_second_time_installs_nothing(installed):
    before = stamps(installed)

    done = make(installed, TESTS)

    assert done.returncode == 0 and "Installing" not in done.stdout
    assert stamps(installed) == before


@pytest.mark.parametrize("name, again", [(LOCKS[0], [True, True]), (LOCKS[1], [False, True])])
def test_a_changed_lock_is_installed_again(installed, name, again):
    before = stamps(installed)
    (installed / name).write_text("# nothing yet\n")

    done = make(installed, TESTS)

    after = stamps(installed)
    assert [new > old for new, old in zip(after, before, strict=True)] == again
    assert f"Installing {name}" in done.stdout


def test_a_lock_that_cannot_be_installed_leaves_no_stamp(installed):
    (installed / LOCKS[1]).write_text("no-such-package==1\n")

    done = make(installed, TESTS, uv=NO_ROUTE)

    assert done.returncode != 0 and "no-such-package" in done.stderr
    (installed / LOCKS[1]).write_text("# nothing again\n")
    assert "Installing tests/" in make(installed, TESTS).stdout


def test_uv_on_the_path_installs(fresh):
    done = make(fresh, TESTS)

    assert done.returncode == 0, done.stderr
    asked = (fresh / "tools/asked").read_text().splitlines()
    options = "pip install --quiet --python .venv/bin/python --requirement"
    assert asked == [f"{options} {lock}" for lock in LOCKS]


def test_pip_installs_where_uv_fails_and_says_nothing_of_it(fresh):
    done = make(fresh, SITE, uv=NO_ROUTE)

    assert (fresh / "tools/asked").exists()
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == "Installing requirements.lock into .venv; this takes a moment.\n"


def test_the_locks_hold_what_the_lists_name():
    """Who changes a list and forgets `make lock` would install the former packages."""
    pinned = re.compile(r"^[\w.-]+(?:\[\w+\])?==[^\s;]+", re.MULTILINE)

    for lock in LOCKS:
        wanted = pinned.findall((ROOT / lock.replace(".lock", ".txt")).read_text())
        locked = pinned.findall((ROOT / lock).read_text().lower())
        missing = {re.sub(r"\[\w+\]", "", name).lower() for name in wanted} - set(locked)
        assert missing == set(), lock


def test_a_folder_that_was_moved_or_copied_gets_an_environment_of_its_own(installed, tmp_path):
    moved = shutil.copytree(installed, tmp_path / "moved", symlinks=True)

    done = make(moved, SITE)

    assert done.returncode == 0, done.stderr
    assert (moved / ".venv/.made-in").read_text() == f"{moved}\n"
    assert f"{moved}/.venv" in (moved / ".venv/bin/activate").read_text()
    assert str(installed) not in (moved / ".venv/bin/activate").read_text()


def test_a_python_that_is_too_old_is_told_in_one_sentence(fresh):
    old = fresh / "python3.10"
    old.write_text(TOO_OLD.format(python=sys.executable))
    old.chmod(0o755)

    done = make(fresh, SITE, python=old)

    assert done.returncode != 0 and not (fresh / ".venv").exists()
    sentence, *rest = done.stderr.splitlines()
    assert sentence.startswith("Python 3.11 or newer is needed")
    assert all(line.startswith("make: ***") for line in rest)


def test_a_folder_of_that_name_that_is_something_else_is_left_alone(fresh):
    (fresh / ".venv").mkdir()
    (fresh / ".venv/letter").write_text("Dear Ada")

    done = make(fresh, SITE)

    assert done.returncode != 0 and ".venv is in the way" in done.stderr
    assert (fresh / ".venv/letter").read_text() == "Dear Ada"


@pytest.mark.parametrize("words", [[], ["help"]])
def test_help_lists_what_can_be_typed(fresh, words):
    done = make(fresh, *words)

    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["make", name] for name in ("help", "run", "quick", "test", "slow", "check", "lint", "lock")
    ]
    assert not (fresh / ".venv").exists()


def test_what_runs_before_a_change_is_taken_runs_every_test_and_skips_none():
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = [line.split(" | ")[0].strip() for line in lines if not line.startswith("#")]

    assert "make lint" in commands
    assert "export OFFBRAND_REQUIRE_SERVICES=1" in commands
    for target in ("make test", "make slow"):
        assert any(target in command for command in commands), target
    for service in ("postgresql", "redis-server", "chromium-headless-shell"):
        assert any("missing+=" in command and service in command for command in commands), service

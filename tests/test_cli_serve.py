"""flask serve: a site on this machine, on a port that is free."""

import signal
import socket
import subprocess
import sys

import pytest
from services import ROOT, Served, free_port, wait_until

from app.cli.serve import welcome


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80a", "", " ", "5e3", "²", "50.0"])
def test_a_bad_port_is_answered_in_one_sentence(flask, port):
    result = flask("serve", "--port", port)

    assert result.exit_code == 1
    assert result.output == f"Error: PORT must be a number from 1 to 65535, not {port!r}.\n"


def test_a_bad_port_in_the_environment_too(flask):
    result = flask("serve", env={"PORT": "many"})

    assert result.output == "Error: PORT must be a number from 1 to 65535, not 'many'.\n"


def test_a_taken_port_is_answered_in_one_sentence(flask):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = flask("serve", env={"PORT": str(port)})

    assert result.exit_code == 1 and len(result.output.splitlines()) == 1
    assert result.output.startswith(f"Error: Port {port} can’t be used")
    assert "PORT=5001 make run" in result.output


def test_it_explains_itself(flask):
    """S004-5."""
    assert "--port" in flask("serve", "--help").output


def test_the_welcome_tells_how_to_become_administrator_until_there_is_one(app, alice):
    assert "flask roles add EMAIL Administrator" in welcome("http://127.0.0.1:5000")


def test_the_welcome_is_short_where_there_is_an_administrator(app, ada):
    words = welcome("http://127.0.0.1:5000")

    assert "http://127.0.0.1:5000/dev/mailbox" in words
    assert "roles add" not in words


@pytest.mark.fault
def test_a_new_site_is_set_up_and_served_until_it_is_stopped(tmp_path):
    """As `make run` does it: in one process."""
    site = Served(tmp_path)
    options = {"cwd": ROOT, "env": site.env | {"PORT": str(site.port)}, "text": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

    words = [sys.executable, "-m", "flask", "serve", "--deploy"]
    with subprocess.Popen(words, **options, **pipes) as serving:
        try:
            wait_until(site.answers)
        finally:
            serving.send_signal(signal.SIGINT)
        printed, errors = serving.communicate(timeout=20)

    assert f"The site        {site.url}" in printed
    assert "Traceback" not in errors


@pytest.mark.fault
def test_a_taken_port_starts_nothing(tmp_path):
    site = Served(tmp_path, PORT=str(free_port()))
    with socket.create_server(("127.0.0.1", int(site.env["PORT"]))):
        done = site.command("serve")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: Port ") and len(done.stderr.splitlines()) == 1

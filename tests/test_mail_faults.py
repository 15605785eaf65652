"""Mail under fire: workers that are killed, servers that hang or are away. No mail is lost."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from datetime import timedelta
from http.cookiejar import CookieJar
from shutil import copy
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from factories import PASSWORD, mails, make_mail
from services import ROOT, Served, postgresql_database, wait_until
from smtp import PostOffice
from sqlalchemy import update

from app import create_app
from app.extensions import db
from app.models import OutboxMail
from app.models.fields import utcnow

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("mail faults")]  # one site for all
sqlite_only = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


class Outbox:
    """The outbox of a site that runs elsewhere, from outside."""

    def __init__(self, site):
        url = site.env["DEV_DATABASE_URL"]
        self.app = create_app("testing", SQLALCHEMY_DATABASE_URI=url)

    def put(self, count):
        with self.app.app_context():
            for n in range(count):
                make_mail(f"person{n}@example.org")
            db.session.commit()

    def states(self):
        with self.app.app_context():
            return [mail.state for mail in mails()]

    def leased(self):
        with self.app.app_context():
            return sum(mail.leased_until is not None for mail in mails())

    def tries(self):
        with self.app.app_context():
            return [mail.tries for mail in mails()]

    def errors(self):
        with self.app.app_context():
            return [mail.last_error for mail in mails() if mail.last_error]

    def a_minute_passes(self):
        """Leases run out, and pauses end, as they do after a minute."""
        with self.app.app_context():
            past = utcnow() - timedelta(seconds=1)
            waiting = update(OutboxMail).where(OutboxMail.sent_at.is_(None))
            db.session.execute(waiting.values(next_at=past))
            leased = waiting.where(OutboxMail.leased_until.is_not(None))
            db.session.execute(leased.values(leased_until=past))
            db.session.commit()

    def pauses_end(self):
        """Whatever waits for another try and is in nobody's hand is due now."""
        with self.app.app_context():
            idle = OutboxMail.sent_at.is_(None) & OutboxMail.leased_until.is_(None)
            db.session.execute(update(OutboxMail).where(idle).values(next_at=utcnow()))
            db.session.commit()

    def close(self):
        with self.app.app_context():
            db.engine.dispose()


WORKER = """
import sys
import app.cli.mail
from flask.cli import main
app.cli.mail.POLL = float(sys.argv[1])
sys.argv = ["flask", "mail", "worker"]
main()
"""


class Worker:
    """`flask mail worker`, in a process of its own, which looks after so many seconds again."""

    def __init__(self, site, office, *, seconds=0.2):
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(seconds)],
            cwd=ROOT,
            env=site.env | office.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def tell(self, number):
        """Send a signal; return the exit code and what the worker had printed."""
        self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=120)
        return self.process.returncode, printed

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.tell(signal.SIGKILL)


class Visitor:
    """Somebody with a browser, at a site in another process."""

    def __init__(self, site):
        self.url, self.opener = site.url, build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path):
        with self.opener.open(self.url + path, timeout=60) as response:
            return response.read().decode()

    def post(self, path, **form):
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path))[1]
        data = urlencode({**form, "csrf_token": token}).encode()
        with self.opener.open(self.url + path, data, timeout=60) as response:
            return response.read().decode()

    def sign_up(self, name):
        form = {"email": f"{name}@example.org", "username": name}
        return self.post("/auth/register", **form, password=PASSWORD, password2=PASSWORD)


@pytest.fixture(scope="module")
def deployed_file(tmp_path_factory):
    site = deployed(Served(tmp_path_factory.mktemp("deployed")))
    return site.folder / "data.sqlite"


@pytest.fixture(scope="module")
def deployed_database(tmp_path_factory):
    with postgresql_database() as url:
        deployed(Served(tmp_path_factory.mktemp("deployed"), DEV_DATABASE_URL=url))
        yield url.rpartition("/")[2]


def deployed(site):
    done = site.command("deploy")
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request, tmp_path):
    """A site with a database that is ready, a copy of one; it is not served yet."""
    if request.param == "sqlite":
        file = request.getfixturevalue("deployed_file")
        for part in file.parent.glob(f"{file.name}*"):
            copy(part, tmp_path)
        yield Served(tmp_path)
    else:
        with postgresql_database(request.getfixturevalue("deployed_database")) as url:
            yield Served(tmp_path, DEV_DATABASE_URL=url)


@pytest.fixture
def outbox(site):
    outbox = Outbox(site)
    yield outbox
    outbox.close()


@pytest.fixture
def office():
    with PostOffice() as office:
        yield office


def all_sent(outbox):
    return lambda: set(outbox.states()) == {"sent"}


# Workers that are killed


def test_no_mail_is_lost_when_workers_are_killed_again_and_again(site, outbox, office):
    """None is lost; a double, which cannot be ruled out, has the Message-ID of the first."""
    kills, office.seconds = 2, 0.02
    outbox.put(30)
    for kill in range(1, kills + 1):
        with Worker(site, office) as worker:
            wait_until(lambda at_least=10 * kill: len(office.letters) >= at_least)
            assert worker.tell(signal.SIGKILL)[0] == -signal.SIGKILL
        outbox.a_minute_passes()
    with Worker(site, office):
        wait_until(all_sent(outbox))

    names = defaultdict(set)
    for letter in office.letters:
        names[letter["To"]].add(letter["Message-ID"])
    assert sorted(names) == sorted(f"person{n}@example.org" for n in range(30))
    assert all(len(ids) == 1 for ids in names.values())
    assert len(office.letters) <= 30 + kills


@sqlite_only
def test_a_mail_whose_worker_died_before_the_answer_comes_again_under_its_name(
    site, outbox, office
):
    outbox.put(1)
    office.pause_after_data = 30
    with Worker(site, office) as worker:
        wait_until(lambda: office.letters)
        worker.tell(signal.SIGKILL)
    assert (outbox.states(), outbox.leased()) == (["waiting"], 1)

    office.pause_after_data = 0
    outbox.a_minute_passes()
    with Worker(site, office):
        wait_until(all_sent(outbox))

    first, second = office.letters
    assert first["Message-ID"] == second["Message-ID"]


def test_two_workers_share_the_mails(site, outbox, office):
    office.seconds = 0.01
    with Worker(site, office), Worker(site, office):
        outbox.put(20)
        wait_until(all_sent(outbox))

    assert len(office.letters) == len(set(office.recipients)) == 20


@sqlite_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_the_mail_in_hand(site, outbox, office, number):
    office.seconds = 0.2
    outbox.put(40)
    with Worker(site, office) as worker:
        wait_until(lambda: office.letters)
        code, printed = worker.tell(number)

    assert (code, printed) == (0, "Delivering mail.\nStopped.\n")
    assert outbox.states().count("sent") == len(office.letters) < 40
    assert outbox.leased() == 0


@sqlite_only
def test_an_idle_worker_stops_at_once(site, office):
    """It does not sleep to the end first, which would be in minutes."""
    with Worker(site, office, seconds=600) as worker:
        worker.process.stdout.readline()

        assert worker.tell(signal.SIGTERM) == (0, "Stopped.\n")


# Servers that are away, or hang


@sqlite_only
def test_a_server_that_hangs_and_comes_back_gets_every_mail(site, outbox):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        office = PostOffice(port=silent.getsockname()[1])
        office.settings["MAIL_TIMEOUT"] = 0.3
        outbox.put(5)
        worker = Worker(site, office)
        silent.accept()[0].close()  # the worker has called, and hears nothing
        wait_until(outbox.errors)
        outbox.pauses_end()
        wait_until(outbox.leased)  # it calls again, and meets silence
    with worker, office:
        wait_until(lambda: outbox.pauses_end() or all_sent(outbox)())

    assert len(office.letters) == 5
    assert outbox.tries() == [1] * 5  # only the try that went well


@sqlite_only
def test_signing_up_does_not_wait_for_a_mail_server_that_hangs(site, outbox):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        office = PostOffice(port=silent.getsockname()[1])
        office.settings["MAIL_TIMEOUT"] = 600  # longer than a visitor waits
        site.env |= office.environment
        site.start()
        page = Visitor(site).sign_up("zoe")
        assert "Check your inbox" in page and outbox.states() == ["waiting"]
    try:
        wait_until(outbox.errors)
        with office:
            outbox.a_minute_passes()
            wait_until(all_sent(outbox))
    finally:
        site.stop()

    assert office.recipients == ["zoe@example.org"]


@sqlite_only
def test_a_mail_leaves_by_the_serving_process_itself(site, outbox, office):
    site.env |= office.environment
    site.start()
    try:
        Visitor(site).sign_up("zoe")
        wait_until(all_sent(outbox))
    finally:
        site.stop()

    assert office.recipients == ["zoe@example.org"]


@sqlite_only
def test_a_postman_without_mail_sleeps(site):
    site.start()
    try:
        Visitor(site).get("/")
        before = seconds_of_work(site.process.pid)
        time.sleep(2)

        assert seconds_of_work(site.process.pid) - before < 0.2
    finally:
        site.stop()


def seconds_of_work(gunicorn):
    """How long the processors have worked for the children of gunicorn's master process."""
    with open(f"/proc/{gunicorn}/task/{gunicorn}/children") as file:
        children = file.read().split()
    ticks = 0
    for child in children:
        with open(f"/proc/{child}/stat") as file:
            ticks += sum(int(number) for number in file.read().rpartition(")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")

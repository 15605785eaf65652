"""/dev/mailbox: in development, every mail is a page away; elsewhere the page does not exist."""

import logging
from urllib.request import urlopen

import pytest
from factories import PASSWORD, link_in, mails, make_mail
from services import Served

from app import create_app
from app.extensions import db
from app.jobs.mail_worker import KEPT_IN_MAILBOX, deliver_safely
from app.models import User
from app.models.fields import utcnow

PRODUCTION = {
    "SECRET_KEY": "8f1c2b7d90ae4356b1d0c7e8f9a2b3c4d5e6",
    "DATABASE_URL": "sqlite://",
    "SERVER_NAME": "offbrand.example.org",
    "MAIL_SERVER": "mail.example.org",
    "MAIL_DEFAULT_SENDER": "offbrand@example.org",
}


def test_the_newest_mail_is_on_top(client):
    for subject in ("First", "Second", "Third"):
        make_mail(subject=subject)

    page = client.get("/dev/mailbox").text

    assert page.index("Third") < page.index("Second") < page.index("First")


def test_a_mail_is_shown_as_text_with_links_to_click(client):
    make_mail(text="Go on:\n\nhttp://localhost/auth/confirm/abc.def-ghi_jkl\n\n<b>Bye</b> & thanks")

    page = client.get("/dev/mailbox").text

    link = "http://localhost/auth/confirm/abc.def-ghi_jkl"
    assert f'<a href="{link}">{link}</a>' in page
    assert "&lt;b&gt;Bye&lt;/b&gt; &amp; thanks" in page


def test_a_newcomer_confirms_by_the_mailbox_alone(client):
    form = dict(email="zoe@example.org", username="zoe", password=PASSWORD, password2=PASSWORD)
    client.post("/auth/register", data=form)
    link = link_in(mails("confirm")[0])
    assert f'href="http://localhost{link}"' in client.get("/dev/mailbox").text

    client.post(link)

    assert User.with_username("zoe").is_confirmed


def test_a_mail_that_was_sent_can_still_be_read(client):
    make_mail(text="Here you are.").settle(keep_body=True)

    assert "Here you are." in client.get("/dev/mailbox").text


def test_the_newest_hundred_are_kept_and_shown(app, client, monkeypatch):
    """At least: how many the mail worker leaves there is said in his file."""
    for n in range(300):
        make_mail(f"person{n}@example.org", sent_at=utcnow(), text="Hello")
    db.session.commit()
    monkeypatch.setitem(app.extensions, "purged_at", 0)

    deliver_safely(app)

    page = client.get("/dev/mailbox").text
    assert len(mails()) == KEPT_IN_MAILBOX < 300
    assert all(f"person{n}@example.org" in page for n in range(200, 300))


def test_an_empty_mailbox_says_so(client):
    assert "No emails yet" in client.get("/dev/mailbox").text


def test_only_people_nearby_may_look(client):
    for address, status in (("192.168.1.20", 200), ("8.8.8.8", 404)):
        page = client.get("/dev/mailbox", environ_base={"REMOTE_ADDR": address})
        assert page.status_code == status


def test_nobody_may_look_through_a_proxy(client):
    page = client.get("/dev/mailbox", headers={"X-Forwarded-For": "10.0.0.1"})

    assert page.status_code == 404


def test_in_production_there_is_no_mailbox(monkeypatch):
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    log = logging.getLogger("offbrand")
    monkeypatch.setattr(log, "handlers", [logging.NullHandler()])  # the log of tests stays theirs
    app = create_app("production", MAIL_DELIVERY="worker")  # no thread, whose connection would go

    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    page = app.test_client().get("/dev/mailbox", base_url="https://offbrand.example.org")

    assert not any(endpoint.startswith("dev.") for endpoint in endpoints)
    assert page.status_code == 404
    with app.app_context():
        db.engine.dispose()


@pytest.mark.fault
def test_it_is_there_under_gunicorn(tmp_path):
    with Served(tmp_path) as site, urlopen(f"{site.url}/dev/mailbox") as page:
        assert "Development only." in page.read().decode()

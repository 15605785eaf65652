"""Pages that serve everybody or nobody: health, pictures, the mailbox, the front door."""

from datetime import timedelta

import pytest
from crawling import Page, crawl
from factories import make_mail, make_post, make_user
from services import free_port, redis_url

from app.extensions import db
from app.models.fields import utcnow

KEY = "0123456789abcdef" * 2


def test_the_process_says_that_it_is_up(client):
    assert client.get("/healthz").json == {"status": "up"}


def test_a_site_that_can_do_its_work_is_ready(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "database": "ok", "migrations": "ok"}


def test_readiness_does_not_depend_on_where_the_process_stands(client, tmp_path, monkeypatch):
    """A service has another working directory than a person."""
    monkeypatch.chdir(tmp_path)

    assert client.get("/readyz").status_code == 200


def test_without_its_database_the_site_is_up_but_not_ready(site_with):
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/nothing"
    client = site_with(SQLALCHEMY_DATABASE_URI=url).test_client()

    answer = client.get("/readyz")

    assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "database": "away", "migrations": "unknown"}


def test_a_database_without_the_latest_migration_is_not_ready(client):
    (head,) = db.session.execute(db.text("SELECT version_num FROM alembic_version")).one()
    db.session.execute(db.text("UPDATE alembic_version SET version_num = 'older'"))

    answer = client.get("/readyz")

    restore = db.text("UPDATE alembic_version SET version_num = :head")
    db.session.execute(restore, {"head": head})
    db.session.commit()
    assert (answer.status_code, answer.json["migrations"]) == (503, "behind")


def test_an_empty_database_is_not_ready(site_with, tmp_path):
    site = site_with(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/empty.sqlite")

    answer = site.test_client().get("/readyz")

    assert (answer.status_code, answer.json["migrations"]) == (503, "behind")


def test_readiness_asks_redis_where_one_is_set(site_with):
    """R-74."""
    seen = {}
    for url in (redis_url(), f"redis://127.0.0.1:{free_port()}/0"):
        answer = site_with(REDIS_URL=url).test_client().get("/readyz")
        seen[answer.json["redis"]] = answer.status_code

    assert seen == {"ok": 200, "away": 503}


def test_a_picture_is_the_same_for_the_same_key_and_loads_nothing(client):
    """R-84: it is drawn from a random key, so it says nothing about an address."""
    first, again = client.get(f"/avatar/{KEY}.svg"), client.get(f"/avatar/{KEY}.svg")

    assert first.data == again.data != client.get(f"/avatar/{KEY[::-1]}.svg").data
    assert first.mimetype == "image/svg+xml"
    assert "immutable" in first.headers["Cache-Control"]
    assert "script" not in first.text and "href" not in first.text and "style" not in first.text


def test_what_is_no_key_has_no_picture(client):
    for key in ("", "x", KEY[:-1], KEY + "0", KEY.upper(), KEY + "%0a", "<script>"):
        assert client.get(f"/avatar/{key}.svg").status_code == 404, key


def test_the_script_for_moments_is_a_file_of_ours(client):
    answer = client.get("/moment.js")

    assert answer.mimetype == "text/javascript"
    assert "flask_moment_render_all" in answer.text
    assert "<script" not in answer.text


def test_static_files_are_kept_for_long_and_named_by_their_content(client):
    urls = [url for url in Page("/", client.get("/")).loads if url.startswith("/static/")]

    assert all("?v=" in url for url in urls) and len(urls) >= 4
    for url in urls:
        answer = client.get(url, buffered=True)
        assert answer.status_code == 200
        assert "no-store" not in answer.headers["Cache-Control"]


def test_visitors_are_welcomed_and_members_are_greeted(client, alice):
    """D000: the landing page."""
    assert "Welcome to Offbrand!" in client.get("/").text

    client.sign_in(alice)

    assert "What’s on your mind?" in client.get("/").text


def test_no_page_shows_an_address_but_ones_own(client, alice, bob):
    """R-84: for a member; staff see those of others on their own pages only."""
    bob.follow(alice)
    make_post(bob)
    client.sign_in(alice)
    for path in ("/", "/user/bob", "/user/alice/followers", "/notifications", "/search?q=bob"):
        assert bob.email not in client.get(path).text, path


@pytest.mark.large
def test_no_page_at_all_shows_an_address_but_ones_own(client, alice, bob):
    """R-84."""
    client.sign_in(alice)
    for path, page in crawl(client, "/user/bob").items():
        assert path == "/dev/mailbox" or bob.email not in page.text


def test_the_mailbox_shows_mails_with_links_that_can_be_opened(client):
    text = "Hello.\n\nhttp://localhost/auth/confirm/x.y.z\n\nBye <b>now</b>."
    make_mail(subject="Confirm <i>this</i>", text=text)

    page = client.get("/dev/mailbox")

    assert "http://localhost/auth/confirm/x.y.z" in Page("/", page).links
    assert "<b>now" not in page.text and "<i>this" not in page.text


def test_in_production_there_is_no_mailbox(production):
    """R-91: and nothing that leads there."""
    client = production.test_client()
    make_mail(text="http://localhost/auth/reset-password/x.y.z")

    for path in ("/dev/mailbox", "/dev/", "/dev"):
        assert client.get(path).status_code == 404
    assert "/dev/mailbox" not in client.get("/").text


AWAY = [
    {"REMOTE_ADDR": "8.8.8.8"},
    {"REMOTE_ADDR": "2001:4860:4860::8888"},
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_FORWARDED": "for=127.0.0.1"},
    {"REMOTE_ADDR": "8.8.8.8", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
]


def test_the_mailbox_is_for_people_at_this_machine_or_in_its_network(client):
    """R-91: a development site that somebody put on the internet shows no links to strangers."""
    for environ in AWAY:
        answer = client.get("/dev/mailbox", environ_overrides=environ)
        assert answer.status_code == 404, environ
    for address in ("127.0.0.1", "::1", "192.168.1.7", "172.17.0.1"):
        answer = client.get("/dev/mailbox", environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == 200, address


def test_behind_a_proxy_the_mailbox_is_closed_to_all(site_with):
    """R-91."""
    client = site_with(PROXY_COUNT=1).test_client()

    headers = {"X-Forwarded-For": "192.168.1.7"}
    assert client.get("/dev/mailbox", headers=headers).status_code == 404


def test_a_profile_is_found_whatever_the_case(client, alice):
    assert [client.get(f"/user/{name}").status_code for name in ("ALICE", "Alice")] == [200, 200]


def test_staff_see_figures_and_who_is_new(client, alice, mona, ada):
    make_mail()
    client.sign_in(ada)

    assert "<dt>Members</dt><dd>3</dd>" in client.get("/admin/").text
    assert "/moderation/people/alice" in client.get("/moderation/").text


def test_newcomers_are_those_of_the_last_thirty_days_and_ten_at_most(client, mona):
    make_user("veteran", member_since=utcnow() - timedelta(days=31))
    for number in range(10):
        make_user(f"nora{number}", member_since=utcnow() - timedelta(days=29, minutes=number))
    client.sign_in(mona)

    page = client.get("/moderation/").text

    assert "/people/veteran" not in page
    assert "/people/nora8" in page and "/people/nora9" not in page


def test_the_way_home_is_shown_to_whom_it_is_open(client, alice):
    home = 'href="/">Home</a>'
    assert home in client.get("/user/alice").text

    client.sign_in(make_user("ulla", confirmed=False))
    assert home not in client.get("/auth/unconfirmed").text

    client.sign_in(alice)
    assert home in client.get("/user/alice").text

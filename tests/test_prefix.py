"""The whole site under a path, such as https://example.org/forum."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from crawling import Page, addresses
from factories import PASSWORD, mails, make_comment, make_post, make_report, make_user
from test_mails import SENDERS

from app.extensions import db
from app.models import Page as SitePage
from app.models import Post

SITE = "https://club.example.org/forum"
HOST, PREFIX = "https://club.example.org", "/forum"
WORDS = "Hello @alice, #flask, [rules](/rules), [bar](/forum/about), <https://example.com/>."


@pytest.fixture
def forum(site_with):
    paths = dict(APPLICATION_ROOT=PREFIX, REMEMBER_COOKIE_PATH=PREFIX)
    paths["PROXY_COUNT"] = 1
    return site_with(SITE_URL=SITE, TRUSTED_HOSTS=["club.example.org"], **paths)


@pytest.fixture
def visit(forum):
    client = forum.test_client()

    def visit(path, method="get", **options):
        return client.open(path, method=method.upper(), base_url=HOST, buffered=True, **options)

    visit.client = client
    return visit


def sign_in(visit, person):
    form = {"login": person.username, "password": PASSWORD}
    return visit(f"{PREFIX}/auth/login", "post", data=form)


def stranded(html):
    """Return the addresses in a page that lead off the prefix, though they lead to this host."""
    found = re.findall(r'(?:href|src|action|formaction|data-[\w-]+)="(/[^"]*)"', html)
    found += re.findall(rf"{HOST}(/[^\"<\s]*)", html)
    return [path for path in found if not f"{path}/".startswith(f"{PREFIX}/")]


@pytest.mark.both_databases
def test_every_page_that_is_linked_to_stays_under_the_prefix(forum, visit, alice, ada):
    SitePage.insert_pages()
    post = Post.publish(WORDS, by=alice)
    make_comment(post, ada, WORDS)
    make_report(make_post(make_user(), WORDS))
    db.session.commit()
    sign_in(visit, ada)
    waiting, pages = [f"{PREFIX}{path}" for path in ("/", *addresses(forum, alice))], {}
    while waiting:
        path = waiting.pop().partition("#")[0]
        if path in pages or urlsplit(path).netloc:
            continue
        answer = visit(path)
        pages[path] = answer
        if answer.location:
            waiting.append(answer.location.removeprefix(HOST))
        elif answer.mimetype == "text/html" and answer.status_code == 200:
            links = Page(path, answer).links
            waiting += [urljoin(path, link) for link in links if "logout" not in link]

    assert len(pages) > 60
    assert {p: a.status_code for p, a in pages.items() if a.status_code >= 500} == {}
    assert [path for path in pages if not path.startswith(PREFIX)] == []
    texts = {p: a.text for p, a in pages.items() if a.mimetype.endswith(("html", "xml", "plain"))}
    assert {path: bad for path, text in texts.items() if (bad := stranded(text))} == {}


def test_what_members_write_links_below_the_prefix(visit, alice):
    post = Post.publish(WORDS, by=alice)
    db.session.commit()

    page = visit(f"{PREFIX}/post/{post.id}").text
    feed = visit(f"{PREFIX}/feed.atom").text

    assert 'href="/user/alice"' in post.body_html  # what is stored knows no place
    for link in ("/user/alice", "/tag/flask", "/rules", "/about"):
        assert f'<a href="{PREFIX}{link}"' in page, link
        assert f"{SITE}{link}&#34;" in feed, link


def test_every_mail_leads_below_the_prefix(app):
    app.config["SITE_URL"] = SITE
    wrong = {}
    for name, send in SENDERS.items():
        send(make_user("alice"))
        (mail,) = mails(name)
        links = re.findall(r"https?://[^\s\"<>]+", mail.text + mail.html)
        wrong[name] = [link for link in links if not link.startswith(f"{SITE}/")]
        db.session.rollback()

    assert {name: links for name, links in wrong.items() if links} == {}


def test_signing_in_and_out_works_and_its_cookies_stay_below(visit, alice):
    answer = visit(f"{PREFIX}/settings/profile")
    assert answer.location == f"{PREFIX}/auth/login?next={PREFIX}/settings/profile"
    form = {"login": "alice", "password": PASSWORD, "remember": "y"}

    answer = visit(answer.location, "post", data=form)

    assert answer.location == f"{PREFIX}/settings/profile"
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 3 and all("Path=/forum" in cookie for cookie in cookies)
    assert visit(answer.location).status_code == 200
    visit(f"{PREFIX}/auth/logout", "post")
    assert visit(f"{PREFIX}/settings/profile").status_code == 302


def test_a_proxy_may_strip_the_prefix_or_pass_it_on(visit):
    SitePage.insert_pages()
    db.session.commit()
    pages = [visit("/forum/rules"), visit("/rules", headers={"X-Forwarded-Prefix": "/forum"})]
    pages.append(visit("/rules", environ_overrides={"SCRIPT_NAME": "/forum"}))

    assert [page.status_code for page in pages] == [200] * 3
    assert all('href="/forum/auth/login' in page.text for page in pages)
    assert visit("/forum").location == f"{SITE}/"


def test_what_is_asked_for_beside_the_prefix_is_led_there_and_signs_nobody_out(visit, alice):
    sign_in(visit, alice)
    beside = visit("/settings/profile?a=b")

    assert (beside.status_code, beside.location) == (308, "/forum/settings/profile?a=b")
    assert "Set-Cookie" not in beside.headers
    assert visit("/forumular").location == "/forum/forumular"
    assert visit(f"{PREFIX}/settings/profile").status_code == 200


def test_signing_in_leads_to_no_neighbour_of_the_site(visit, alice):
    for path in (
        "/settings/profile",
        "/forumx",
        "/forum/../x",
        "/forum/%2e%2e/x",
        "//evil.example",
    ):
        form = {"login": "alice", "password": PASSWORD}
        answer = visit(f"{PREFIX}/auth/login?next={path}", "post", data=form)
        assert answer.location == f"{PREFIX}/", path
        visit(f"{PREFIX}/auth/logout", "post")


def test_search_engines_are_told_paths_below_the_prefix(visit):
    lines = visit(f"{PREFIX}/robots.txt").text.splitlines()

    assert "Disallow: /forum/admin/" in lines and f"Sitemap: {SITE}/sitemap.xml" in lines

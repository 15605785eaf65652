"""What search engines and link previews are told."""

import re
from xml.etree import ElementTree

from factories import make_post, make_user
from sqlalchemy import delete

from app.extensions import db
from app.models import Page, Setting, Watch
from app.models.reading.sitemap import PART

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def locations(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    return [element.text for element in ElementTree.fromstring(answer.data).iter(f"{NAMESPACE}loc")]


def test_the_site_map_leads_to_everything_that_everybody_may_read(client, alice, bob, mona):
    """R-85."""
    Page.insert_pages()
    Page.create("imprint", "Imprint", "We.").body = ""
    post = make_post(alice, "bread")
    make_post(alice, "Spam").hide(by=mona, reason="spam")
    make_post(bob, "Gone").delete()

    parts = locations(client, "/sitemap.xml")
    found = [address for part in parts for address in locations(client, part)]

    paths = ["/", "/about", "/page/imprint", "/privacy", "/rules", "/user/alice"]
    assert found == [f"http://localhost{path}" for path in [*paths, f"/post/{post.id}"]]
    assert {client.get(address).status_code for address in found} == {200}


def test_a_part_is_a_range_of_ids(client, alice):
    ids = [PART, PART + 1, 3 * PART]
    for id in reversed(ids):
        post = make_post(alice)
        db.session.execute(delete(Watch))
        post.id = id
        db.session.flush()

    parts = [part for part in locations(client, "/sitemap.xml") if "posts" in part]

    assert [locations(client, part) for part in parts] == [
        [f"http://localhost/post/{id}" for id in part] for part in ([ids[0]], [ids[1]], [ids[2]])
    ]


def test_a_part_that_there_is_not_is_not_there(client):
    for path in ("posts-1", "posts-0", "pages-2", "tags-1", "posts-x", "posts-9999999999"):
        assert client.get(f"/sitemap/{path}.xml").status_code == 404, path


def test_behind_the_newest_member_there_is_no_part(client, alice):
    last = -(-alice.id // PART)

    assert client.get(f"/sitemap/people-{last}.xml").status_code == 200
    assert client.get(f"/sitemap/people-{last + 1}.xml").status_code == 404


def test_robots_are_shown_the_site_map_and_kept_from_the_rest(client):
    answer = client.get("/robots.txt")

    assert answer.mimetype == "text/plain"
    assert "Disallow: /search\n" in answer.text
    assert answer.text.endswith("Sitemap: http://localhost/sitemap.xml\n")


def test_where_only_members_read_search_engines_learn_nothing(client, alice):
    make_post(alice)
    Setting.change(readers="members")

    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    for path in ("/sitemap.xml", "/sitemap/posts-1.xml", "/sitemap/pages-1.xml"):
        assert client.get(path).status_code == 404
    page = client.get("/").text
    assert 'name="robots" content="noindex"' in page and "og:" not in page


# The head of a page


def head(client, path):
    """The title, and what a page says about itself: name → content."""
    page = client.get(path).text.partition("</head>")[0]
    about = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page))
    about["canonical"] = "".join(re.findall(r'<link rel="canonical" href="([^"]+)">', page))
    about["title"] = re.search("<title>(.*?)</title>", page)[1]
    return about


def test_a_post_is_known_by_the_beginning_of_its_text(client, alice):
    text = "# Fresh **bread**\n\nwith [butter](https://example.org) & `salt` " + "and so on " * 40
    post = make_post(alice, text)

    about = head(client, f"/post/{post.id}")

    beginning = "Fresh bread with butter &amp; salt and so on"
    assert re.fullmatch(rf"{beginning} .*… · alice · Offbrand", about["title"])
    assert about["description"] == about["og:description"]
    assert about["description"].startswith(beginning) and about["description"].endswith("…")
    assert about["og:type"] == "article" and "robots" not in about
    assert about["canonical"] == about["og:url"] == f"http://localhost/post/{post.id}"


def test_a_post_without_words_has_a_title_too(client, alice):
    assert (
        head(client, f"/post/{make_post(alice, '---').id}")["title"] == "A post · alice · Offbrand"
    )


def test_what_somebody_writes_ends_no_attribute(client, alice):
    post = make_post(alice, "\"><script>alert(1)</script> '")

    assert "<script>alert" not in client.get(f"/post/{post.id}").text
    assert head(client, f"/post/{post.id}")["description"].startswith("&#34;&gt;&lt;script")


def test_a_hidden_post_is_not_for_search_engines(client, alice, mona):
    post = make_post(alice)
    post.hide(by=mona, reason="spam")
    client.sign_in(alice)

    assert head(client, f"/post/{post.id}")["robots"] == "noindex"


CANONICAL = {"/": "/", "/?x=1": "/", "/user/ALICE": "/user/alice", "/about": "/about"}
CANONICAL |= {"/tag/bread": "/tag/bread"}


def test_each_page_that_everybody_may_read_has_one_address(client, alice):
    Page.insert_pages()
    make_post(alice, "#bread")

    heads = {path: head(client, path) for path in CANONICAL}

    told = {path: about["canonical"] for path, about in heads.items()}
    assert told == {path: f"http://localhost{to}" for path, to in CANONICAL.items()}
    assert not any("robots" in about for about in heads.values())


def test_other_pages_are_not_for_search_engines(client):
    for path in ("/search", "/search?q=x", "/auth/login", "/auth/register", "/log", "/nowhere"):
        assert head(client, path)["robots"] == "noindex", path


def test_later_pages_of_a_list_are_not_either(client, alice):
    for path in ("/?after=x", "/user/alice?before=x", "/tag/bread?after=x"):
        assert head(client, path)["robots"] == "noindex"


def test_who_is_not_seen_by_all_is_not_for_search_engines(client, mona):
    make_user("ulla", confirmed=False)
    client.sign_in(mona)

    assert head(client, "/user/ulla")["robots"] == "noindex"

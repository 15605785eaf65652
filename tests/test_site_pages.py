"""Pages of the site: who edits them, who reads them, and that no version is lost."""

import re

import pytest
from test_queries import count as count_queries
from working import worked

import app.models.site.page as page_module
from app.extensions import db
from app.models import AuditEntry, Page, PageVersion, Setting
from app.models.site.page import BUILT_IN, ChangedMeanwhile
from app.models.users.rank import Refused
from app.text.diff import difference

FORM = dict(title="House", slug="house", body="Be **kind**.", save="Publish")


@pytest.fixture
def house(app):
    return Page.create("house", "House", "Be **kind**.")


@pytest.fixture
def admin(client, ada):
    client.sign_in(ada)
    return client


def versions(page):
    rows = db.session.scalars(page.history().order_by(PageVersion.id)).all()
    return [(row.title, row.body) for row in rows]


def entries():
    rows = db.session.scalars(AuditEntry.latest().order_by(None).order_by(AuditEntry.id))
    return [(e.action, e.actor_name, e.target_name, e.after) for e in rows]


def content():
    """All versions of all pages, and what the log says."""
    return db.session.scalars(db.select(PageVersion.body)).all(), entries()


# Verbs


def test_a_page_has_a_text_and_the_log_tells_who_made_it(ada):
    page = Page.create("house", "House", "Be **kind**.", by=ada)

    assert (page.title, page.current.author_name) == ("House", "ada")
    assert page.current.html == "<p>Be <strong>kind</strong>.</p>\n"
    after = f'{{"title": "House", "version": {page.current.id}}}'
    assert entries() == [("create", "ada", "House", after)]


def test_a_change_is_a_new_version(house, ada):
    house.revise(title="Our house", by=ada)
    house.revise(body="Be kinder.", by=ada)

    assert (house.title, house.current.body) == ("Our house", "Be kinder.")
    assert versions(house) == [
        ("House", "Be **kind**."),
        ("Our house", "Be **kind**."),
        ("Our house", "Be kinder."),
    ]
    assert [action for action, *_ in entries()] == ["create", "revise", "revise"]


def test_a_change_that_changes_nothing_leaves_no_version(house, ada):
    assert house.revise(title="House", body="Be **kind**.", by=ada, since=0) is None
    assert (len(versions(house)), len(entries())) == (1, 1)


def test_restoring_is_a_new_version_with_the_old_text(house, ada):
    first = house.current
    house.revise(title="Our house", body="Be kinder.", by=ada)

    house.restore(first, by=ada)

    assert (house.title, house.current.body) == ("House", "Be **kind**.")
    assert len(versions(house)) == 3
    assert house.restore(first, by=ada) is None and len(versions(house)) == 3
    assert entries()[-1][:3] == ("restore", "ada", "House")


def test_a_change_that_began_from_an_older_version_is_refused(house, ada):
    began = house.current.id
    house.revise(body="Be kinder.", by=ada)

    with pytest.raises(ChangedMeanwhile):
        house.revise(body="Be kindest.", by=ada, since=began)

    assert house.current.body == "Be kinder." and len(versions(house)) == 2


def test_a_page_is_removed_and_put_back(house, ada):
    for _ in range(2):
        house.remove(by=ada)
    assert Page.at("house") is None

    for _ in range(2):
        house.put_back(by=ada)
    assert Page.at("house") is house
    assert [action for action, *_ in entries()] == ["create", "remove", "put back"]


def test_what_every_site_has_stays(app, ada):
    Page.insert_pages()

    for slug in BUILT_IN:
        with pytest.raises(Refused):
            Page.at(slug).remove(by=ada)
        assert Page.at(slug)


def test_an_address_is_taken_once_also_by_a_removed_page(house, ada):
    house.remove(by=ada)

    with pytest.raises(Refused, match="A page with this URL already exists"):
        Page.create("house", "Another", "Text.", by=ada)
    assert len(entries()) == 2


def test_an_address_is_plain(app):
    for slug in ("", "A", "a b", "a/b", "-a", "a-", "a--b", "ä", "a\n", "a" * 65):
        with pytest.raises(ValueError):
            Page.create(slug, "Title", "Text.")


def test_every_site_has_three_pages_once(app, ada):
    Page.insert_pages()
    Page.at("rules").revise(body="Ours.", by=ada)
    db.session.commit()
    before = content()

    Page.insert_pages()

    assert content() == before
    assert {page.slug for page in db.session.scalars(db.select(Page))} == set(BUILT_IN)
    assert entries()[0][:3] == ("create", "the site", "About")


def test_what_an_older_renderer_made_is_never_shown(house, client):
    """R-19: not even before `flask pages render`."""
    house.current.renderer, house.current.body_html = 0, "<script>old()</script>"

    page = client.get("/page/house").text

    assert "old()" not in page and "<p>Be <strong>kind</strong>.</p>" in page


# Commands


def test_pages_are_rendered_again_by_a_command(house, flask, ada):
    """R-19: older versions too; a second time there is nothing to do."""
    house.revise(body="Be kinder.", by=ada)
    for version in db.session.scalars(db.select(PageVersion)):
        version.renderer, version.body_html = 0, "<script>old()</script>"

    assert flask("pages", "render").output == "2 rendered again.\n"

    stored = set(db.session.scalars(db.select(PageVersion.body_html)))
    assert stored == {"<p>Be <strong>kind</strong>.</p>\n", "<p>Be kinder.</p>\n"}
    assert flask("pages", "render").output == "0 rendered again.\n"


def test_pages_are_listed(house, flask):
    house.remove()

    (line,) = flask("pages", "list").output.splitlines()

    assert re.fullmatch(r"house \(removed\): House; last changed \S+ \S+ UTC by an operator", line)


def test_a_deploy_makes_the_pages_and_leaves_those_that_were_changed(app, flask, ada):
    flask("deploy")
    Page.at("about").revise(title="About us", body="We are us.", by=ada)

    flask("deploy")

    assert Page.at("about").title == "About us"
    assert "Be kind" in Page.at("rules").current.body


def test_the_usual_texts_say_what_they_are_and_name_no_other_site(app, client):
    Page.insert_pages()

    for slug in BUILT_IN:
        answer = client.get(f"/{slug}")
        assert answer.status_code == 200
        assert f"<h1>{Page.at(slug).title}</h1>" in answer.text
        assert "Offbrand" in answer.text and "http" not in Page.at(slug).current.body


# Reading


def test_everybody_reads_pages_also_where_the_rest_is_for_members(client, house, ada):
    Page.insert_pages()
    Setting.change(by=ada, readers="members")

    for path in ("/about", "/rules", "/privacy", "/page/house"):
        assert client.get(path).status_code == 200
    assert client.get("/user/ada").status_code == 302


def test_a_page_has_one_address(client):
    Page.insert_pages()

    answer = client.get("/page/about")

    assert answer.status_code == 308 and answer.location.endswith("/about")


def test_a_page_that_is_not_there_is_not_there(client, house):
    for path in ("/page/nothing", "/page/HOUSE", "/page/house/", "/page/", "/house"):
        assert client.get(path).status_code == 404, path


def test_a_removed_page_is_there_for_nobody(admin, house, ada):
    house.remove(by=ada)

    assert admin.get("/page/house").status_code == 404


def test_every_page_leads_to_the_three(client):
    for path in ("/", "/nowhere", "/auth/login"):
        text = client.get(path).text
        assert all(f'href="/{slug}"' in text for slug in BUILT_IN)


def test_only_administrators_are_led_to_the_form(client, house, ada, mona):
    link = f'href="/admin/pages/{house.id}"'
    assert link not in client.get("/page/house").text
    client.sign_in(mona)
    assert link not in client.get("/page/house").text
    client.sign_in(ada)
    assert link in client.get("/page/house").text


def test_a_page_costs_one_query_more_however_long_its_history(client, house, ada, alice):
    for number in range(5):
        house.revise(body=f"Text {number}.", by=ada)

    assert count_queries(client, "/page/house") == 2
    client.sign_in(alice)
    assert count_queries(client, "/page/house") == 2


# Writing


def test_ada_publishes_a_page(admin):
    answer = admin.post("/admin/pages/new", data=FORM)

    assert answer.location == "/page/house"
    assert "<p>Be <strong>kind</strong>.</p>" in admin.get("/page/house").text
    assert entries()[0][:3] == ("create", "ada", "House")


def test_a_preview_shows_the_text_and_saves_nothing(admin, house):
    before = content()
    form = dict(title="T", slug="new", body="So *much*.", preview="Preview")

    for path in ("/admin/pages/new", f"/admin/pages/{house.id}"):
        page = admin.post(path, data=form | {"version": house.current.id}).text
        assert "<p>So <em>much</em>.</p>" in page and "So *much*.</textarea>" in page
    assert content() == before


def test_a_preview_is_shown_beside_what_is_missing(admin):
    page = admin.post("/admin/pages/new", data=dict(body="So *much*.", preview="Preview")).text

    assert "<em>much</em>" in page and "Enter a title." in page


def test_a_preview_of_harm_is_harmless(admin):
    """R-13."""
    harm = "<script>ran()</script> [x](javascript:ran())"

    page = admin.post("/admin/pages/new", data=FORM | {"body": harm, "preview": "Preview"}).text

    assert "<script>ran()" not in page and 'href="javascript' not in page


def test_titles_and_texts_are_data_wherever_they_are_shown(admin, ada):
    """R-14, R-92."""
    harm = "</textarea></title><script>ran()</script>{{ 7777*7 }}"
    page = Page.create("x", harm, "Old.", by=ada)
    first = page.current.id
    page.revise(body=harm, by=ada)

    paths = ["/page/x", "/admin/pages", f"/admin/pages/{page.id}"]
    paths += [f"/admin/pages/{page.id}/history{end}" for end in ("", f"/{first}")]
    for path in paths:
        text = admin.get(path).text
        assert (
            "<script>ran" not in text and "</textarea></title>" not in text and "54439" not in text
        )


def test_ada_changes_a_page(admin, house):
    form = dict(title="House", body="Be\r\nkinder.\r\n\r\n", version=house.current.id)

    assert admin.post(f"/admin/pages/{house.id}", data=form).location == "/admin/pages"

    assert house.current.body == "Be\nkinder."  # the same from every browser


def test_a_form_sent_twice_makes_one_version(admin, house):
    """R-96."""
    form = dict(title="House", body="Be kinder.", version=house.current.id)

    for _ in range(2):
        assert admin.post(f"/admin/pages/{house.id}", data=form).status_code == 302

    assert len(versions(house)) == 2


def test_whoever_is_second_sees_both_texts_and_loses_none(admin, house, ada):
    began = house.current.id
    house.revise(body="Be kinder.", by=ada)
    form = dict(title="House", body="Be kindest.", version=began)

    page = admin.post(f"/admin/pages/{house.id}", data=form).text

    assert "This page changed while you were editing" in page
    assert "<del>kinder</del><ins>kindest</ins>" in page
    assert (
        "Be kindest.</textarea>" in page
        and '<div class="typed" dir="auto">Be kinder.</div>' in page
    )
    assert house.current.body == "Be kinder."


def test_having_seen_both_they_may_publish_theirs(admin, house, ada):
    house.revise(body="Be kinder.", by=ada)
    form = dict(title="House", body="Be kindest.", version="0")
    page = admin.post(f"/admin/pages/{house.id}", data=form).text
    form["version"] = re.search(r'name="version"[^>]*value="(\d+)"', page)[1]

    assert admin.post(f"/admin/pages/{house.id}", data=form).status_code == 302
    assert [body for _, body in versions(house)] == ["Be **kind**.", "Be kinder.", "Be kindest."]


def test_a_form_that_does_not_know_where_it_began_is_shown_again(admin, house):
    form = {"title": "House", "body": "Be kinder."}

    for version in ({}, *({"version": words} for words in ("", "x", "-1", "9" * 400, "٣"))):
        page = admin.post(f"/admin/pages/{house.id}", data=form | version).text
        assert "changed while you were editing" in page, version
    assert len(versions(house)) == 1


CANNOT_BE = [
    ("title", " \t ", "Enter a title."),
    ("title", "x" * 101, "Use at most 100 characters."),
    ("title", "a\u202eb", "This contains invisible characters"),
    ("body", "\r\n \r\n", "Enter a text."),
    ("body", "x" * 50_001, "Use at most 50000 characters."),
    ("body", "a\u202eb", "This contains invisible characters"),
    ("slug", "", "Enter a URL."),
    ("slug", "House", "Use lowercase letters"),
    ("slug", "a\nb", "Use lowercase letters"),
    ("slug", "x" * 65, "Use at most 64 characters."),
]


def test_what_cannot_be_is_told_at_its_field(admin):
    """R-88."""
    for field, value, words in CANNOT_BE:
        page = admin.post("/admin/pages/new", data=FORM | {field: value}).text
        assert words in page and f'id="{field}-errors"' in page, (field, value)
    assert db.session.scalar(db.select(Page.id)) is None


def test_junk_is_refused(admin):
    """R-86."""
    for field, junk in (("title", "a\0b"), ("body", "a\x07b"), ("slug", "a\x85b")):
        answer = admin.post("/admin/pages/new", data=FORM | {field: junk})
        assert answer.status_code in (200, 400)
    assert db.session.scalar(db.select(Page.id)) is None


def test_the_longest_text_is_taken_whole_whatever_its_letters(admin):
    """R-88: as the browser sends it, in parts."""
    body = "😀" * 50_000

    form = FORM | {"body": body}
    answer = admin.post("/admin/pages/new", data=form, content_type="multipart/form-data")

    assert answer.status_code == 302
    assert Page.at("house").current.body == body


def test_an_address_that_is_taken_is_told_at_its_field(admin, house):
    page = admin.post("/admin/pages/new", data=FORM).text

    assert "A page with this URL already exists." in page and "Be **kind**.</textarea>" in page
    assert len(versions(house)) == 1


# The history


def test_the_history_tells_who_and_when_and_restores(admin, house, ada):
    first = house.current
    house.revise(body="Be kinder.", by=ada)

    page = admin.get(f"/admin/pages/{house.id}/history").text
    assert "by an operator" in page and "by ada" in page
    admin.post(f"/admin/pages/{house.id}/history/{first.id}/restore")

    assert house.current.body == first.body and len(versions(house)) == 3


def test_a_version_tells_what_changed_since_word_by_word(admin, house, ada):
    first = house.current
    house.revise(title="Our house", body="Be **kinder**.", by=ada)

    page = admin.get(f"/admin/pages/{house.id}/history/{first.id}").text

    assert "Be **<del>kind</del><ins>kinder</ins>**." in page
    assert "<del>House</del> <ins>Our house</ins>" in page
    assert "<p>Be <strong>kind</strong>.</p>" in page


def test_a_version_belongs_to_its_page(admin, house, ada):
    other = Page.create("other", "Other", "Text.", by=ada)

    for path in (f"{other.current.id}", "0", "2147483647"):
        assert admin.get(f"/admin/pages/{house.id}/history/{path}").status_code == 404
        answer = admin.post(f"/admin/pages/{house.id}/history/{path}/restore")
        assert answer.status_code == 404
    assert len(versions(house)) == 1


def test_an_impossible_number_is_not_there(admin):
    """R-90."""
    for path in ("0", "x", "2147483648", "9" * 400, "0/history", "2147483648/history/1"):
        assert admin.get(f"/admin/pages/{path}").status_code == 404, path


def test_removing_and_putting_back(admin, house):
    admin.post(f"/admin/pages/{house.id}/remove")
    assert house.is_removed and "Removed" in admin.get("/admin/pages").text

    admin.post(f"/admin/pages/{house.id}/put-back")
    assert not house.is_removed


def test_what_every_site_has_is_not_offered_for_removal(admin):
    Page.insert_pages()
    about = Page.at("about")

    assert "/remove" not in admin.get("/admin/pages").text
    admin.post(f"/admin/pages/{about.id}/remove")
    assert "Built-in pages can’t be removed" in admin.get("/admin/pages").text
    assert not about.is_removed


def test_looking_changes_nothing(admin, house):
    """R-9."""
    for act in ("remove", "put-back", "history/1/restore"):
        assert admin.get(f"/admin/pages/{house.id}/{act}").status_code == 405


# Differences


DIFFERENT = [
    ("", "", []),
    ("a", "a", [("same", "a")]),
    ("", "a", [("in", "a")]),
    ("a", "", [("out", "a")]),
    ("a b c", "a x c", [("same", "a "), ("out", "b"), ("in", "x"), ("same", " c")]),
    ("a\nb\n", "a\nc\nb\n", [("same", "a\n"), ("in", "c\n"), ("same", "b\n")]),
    ("a\nb", "b", [("out", "a\n"), ("same", "b")]),
]
LONG = [
    ("".join(f"{n} " for n in range(9000)), "".join(f"{n} " for n in range(9000, 0, -1))),
    ("".join(f"{n}\n" for n in range(9000)), "".join(f"{n}\n" for n in range(9000, 0, -1))),
    ("a\n" * 25_000, "b\na\n" * 12_500),
    ("a b " * 12_500, "b a " * 12_500),
    ("".join(f"{n % 99} " for n in range(1900)), "".join(f"{n % 98} " for n in range(1900))),
]


def test_a_difference_is_told_word_by_word():
    assert [list(difference(old, new)) for old, new, _ in DIFFERENT] == [x[2] for x in DIFFERENT]


def test_no_two_texts_take_long_to_compare():
    for old, new in LONG:
        seconds, parts = worked(lambda old=old, new=new: list(difference(old, new)), enough=5)
        assert "".join(text for kind, text in parts if kind != "in") == old
        assert "".join(text for kind, text in parts if kind != "out") == new
        assert seconds < 5, old[:20]


def test_nobody_waits_on_a_lock_while_a_text_is_rendered(house, ada, monkeypatch):
    """R-20: nothing is locked yet when the renderer is asked."""
    locked, lock = [], Page._lock
    monkeypatch.setattr(Page, "_lock", lambda page: locked.append(page) or lock(page))
    render = page_module.render

    def rendering(text):
        assert not locked
        return render(text)

    monkeypatch.setattr(page_module, "render", rendering)
    house.revise(body="Be kinder.", by=ada)

    assert locked == [house]

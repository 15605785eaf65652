"""What stays where it was: a place in a long list, a page while the network is away, a draft."""

import pytest
from playwright.sync_api import expect

from .people import choose_in_menu

pytestmark = pytest.mark.browser

BODY = "What’s on your mind?"
AWAY = "Can’t reach the site."


@pytest.mark.parametrize("way", ["back", "reload"])
def test_a_long_list_is_as_it_was_after_going_back_or_reloading(visit, people, way):
    people.make(name := f"popular_{way}")
    people.make_followers(name, 65)
    page = visit(f"/user/{name}/followers", "alice")
    rows = page.locator("#people > li")
    for count in (40, 60):
        page.get_by_role("link", name="Older").click()
        expect(rows).to_have_count(count)
    link = rows.nth(50).get_by_role("link").first
    link.scroll_into_view_if_needed()
    before = link.bounding_box()["y"]

    if way == "back":
        link.click()
        expect(page.locator(".person-tabs")).to_be_visible()
        page.go_back()
    else:
        page.wait_for_timeout(500)  # the place is noted a moment after the last movement
        page.reload()

    expect(rows).to_have_count(60)
    expect(link).to_be_in_viewport()
    assert abs(link.bounding_box()["y"] - before) < 5
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(65)


def test_without_a_network_the_page_and_what_was_typed_stay(visit, people, watcher):
    path = people.post("bob", "To be liked offline.")
    for wanted in (f"{path}/like", "/static/favicon.svg"):
        watcher.expect_no_answer(wanted)
    page = visit("/", "alice")
    post = page.locator(".post", has_text="To be liked offline.")
    page.get_by_label(BODY).fill("Typed on a train.")
    page.evaluate("window.stayed = true")
    page.context.set_offline(True)

    for press in (post.get_by_role("button", name="Like"), page.get_by_role("button", name="Post")):
        press.first.click()
        expect(page.locator("#announcer")).to_contain_text(AWAY)
        expect(page.locator("#announcer")).to_be_in_viewport()
        page.evaluate("document.getElementById('announcer').textContent = ''")
    assert page.evaluate("window.stayed")
    expect(page.get_by_label(BODY)).to_have_value("Typed on a train.")

    page.context.set_offline(False)
    post.get_by_role("button", name="Like").click()
    expect(post.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#announcer")).not_to_be_in_viewport()
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.locator(".post", has_text="Typed on a train.")).to_be_visible()


def test_a_draft_outlives_the_page_until_it_is_sent(visit, people):
    path = people.post("bob", "To be answered.")
    page = visit(path, "alice")
    body = page.get_by_label("Your comment")
    body.fill("Half a thought")
    page.goto("/")
    expect(page.get_by_label(BODY)).to_have_value("")  # another form
    page.goto(path)
    expect(body).to_have_value("Half a thought")
    expect(page.locator(".draft-note")).to_contain_text("We restored your draft.")

    body.press_sequentially(", and the rest.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#draft")).to_contain_text("the rest.")
    page.reload()
    expect(body).to_have_value("Half a thought, and the rest.")
    page.get_by_role("button", name="Comment", exact=True).click()

    expect(page.locator(".comment", has_text="and the rest.")).to_be_visible()
    expect(body).to_have_value("")
    page.goto(path)
    expect(body).to_have_value("")
    assert drafts(page) == []


def test_a_draft_is_kept_where_sending_fails(visit, people, watcher):
    path = people.post("bob", "To be answered in vain.")
    watcher.expect_no_answer(path)
    page = visit(path, "alice")
    body = page.get_by_label("Your comment")
    body.fill("x" * 10_001)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Too long")
    page.goto(path)
    expect(body).to_have_value("x" * 10_001)

    body.fill("Through a tunnel")
    page.route(f"**{path}", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Comment", exact=True).click(no_wait_after=True)
    page.unroute(f"**{path}")
    page.goto(path)
    expect(body).to_have_value("Through a tunnel")
    page.get_by_role("button", name="Discard").click()
    expect(body).to_have_value("")
    assert drafts(page) == []


def test_a_draft_of_an_edit_does_not_replace_what_was_saved_meanwhile(visit, people):
    path = people.post("alice", "First words.")
    page = visit(f"{path}/edit", "alice")
    body = page.get_by_label("Your text")
    body.fill("My draft.")
    other = page.context.new_page()
    other.goto(f"{path}/edit")
    expect(other.get_by_label("Your text")).to_have_value("My draft.")
    other.get_by_label("Your text").fill("Saved in another tab.")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".whole-post")).to_contain_text("Saved in another tab.")

    body.fill("My draft, longer.")
    page.reload()
    expect(body).to_have_value("Saved in another tab.")
    page.get_by_role("button", name="Restore").click()
    expect(body).to_have_value("My draft, longer.")


def test_signing_out_leaves_no_draft_and_nobody_meets_anothers(visit, people):
    page = visit("/", "alice")
    page.get_by_label(BODY).fill("Mine alone.")
    page.context.clear_cookies()
    people.sign_in(page.context, "bob")
    page.goto("/")
    expect(page.get_by_label(BODY)).to_have_value("")
    assert drafts(page) == []

    page.get_by_label(BODY).fill("Bob was here.")
    assert len(drafts(page)) == 1
    choose_in_menu(page, "Sign out")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert drafts(page) == []


def test_a_browser_that_keeps_nothing_warns_before_a_text_is_lost(visit, people):
    page = visit("/", "alice")
    page.context.add_init_script("Storage.prototype.setItem = () => { throw new Error(); }")
    page.reload()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label(BODY).press_sequentially("Lost otherwise")
    page.goto("/")
    assert asked == ["beforeunload"]

    page.get_by_label(BODY).press_sequentially("Sent without a question")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.locator(".post", has_text="Sent without a question")).to_be_visible()
    assert asked == ["beforeunload"]


def drafts(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))")


def test_a_draft_outlives_a_send_that_never_left(visit, people, watcher):
    path = people.post("bob", "To be answered later.")
    watcher.expect_no_answer("/static/favicon.svg")
    page = visit(path, "alice")
    page.get_by_label("Your comment").fill("Written on a train.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#announcer")).to_contain_text(AWAY)
    page.context.set_offline(False)

    page.goto("/")
    page.locator(".brand").click()
    page.goto(path)

    expect(page.get_by_label("Your comment")).to_have_value("Written on a train.")

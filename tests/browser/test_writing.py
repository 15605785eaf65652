"""Writing, by people with and without script: preview, quote, edit, compare, delete."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
def test_a_post_from_its_preview_to_its_end(visit, script):
    page = visit("/", "alice", script=script)
    body = page.get_by_label("What’s on your mind?")
    body.fill("I *saw* a heron.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#draft em")).to_have_text("saw")
    expect(body).to_have_value("I *saw* a heron.")
    page.get_by_role("button", name="Post", exact=True).click()
    page.locator(".post", has_text="a heron").locator("a.when").first.click()

    page.get_by_label("Your comment").fill("It flew away.")
    page.get_by_role("button", name="Comment", exact=True).click()
    comment = page.locator(".comment", has_text="It flew away.")
    comment.get_by_role("link", name="Quote").click()
    expect(page.get_by_label("Your comment")).to_have_value("@alice:\n> It flew away.\n\n")

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Your text").fill("I *saw* two herons.")
    page.get_by_role("button", name="Save").click()
    page.locator(".whole-post").get_by_role("link", name="edited").click()
    expect(page.locator("li del")).to_contain_text("a heron")
    expect(page.locator("li ins")).to_contain_text("two herons")

    page.get_by_role("link", name="Back to the post").click()
    page.locator(".whole-post summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete this post").click()
    expect(page.get_by_role("status").first).to_contain_text("Post deleted.")


def test_an_empty_preview_says_what_is_wrong_and_much_text_how_much_is_left(visit):
    page = visit("/", "bob")
    body = page.get_by_label("What’s on your mind?")
    body.fill("x" * 9990)
    expect(page.locator(".left")).to_have_text("10 characters left")
    body.fill("x" * 10_002)
    expect(page.locator(".left")).to_have_text("2 characters too many")

    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("alert")).to_contain_text("Too long by 2.")
    expect(body).to_have_value("x" * 10_002)


def test_a_comment_is_deleted_by_keyboard(visit):
    page = visit("/", "bob")
    page.get_by_label("What’s on your mind?").fill("By keyboard.")
    page.get_by_role("button", name="Post", exact=True).click()
    page.locator(".post", has_text="By keyboard.").locator("a.when").first.click()
    page.get_by_label("Your comment").fill("Oops.")
    page.get_by_role("button", name="Comment", exact=True).click()

    page.locator(".comment").get_by_role("link", name="Edit").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Delete this comment")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".comment")).to_have_count(0)


def test_a_wide_table_that_comes_into_the_page_can_be_scrolled_by_keyboard(visit):
    page = visit("/", "alice")
    wide = "heron" * 60
    page.get_by_label("What’s on your mind?").fill(f"| {wide} |\n|---|\n| a |")

    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#draft .prose div")).to_have_attribute("tabindex", "0")
    page.get_by_role("button", name="Post", exact=True).click()

    expect(page.locator(".post", has_text=wide).locator(".prose div")).to_have_attribute(
        "tabindex", "0"
    )

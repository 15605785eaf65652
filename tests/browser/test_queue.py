"""The queue of moderators: by keys alone, and by buttons where there is no script."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
AD = "This is advertising or spam, which the rules of this site do not allow."
FINE = "This doesn’t break the rules of this site."


def report(visit, people, text, **values):
    """Alice reports a post of Bob, whose path is returned."""
    page = visit(people.post("bob", text), "alice", **values)
    path = page.url
    page.get_by_role("link", name="Report this post").click()
    expect(page.get_by_role("main")).to_contain_text("won’t know who reported it")
    page.get_by_role("radio", name="Spam").check()
    page.get_by_label("Details").fill("He does it again.")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("status")).to_contain_text("Thanks")
    return path


def test_a_moderator_goes_through_the_queue_by_keys(visit, people):
    report(visit, people, "Buy a telescope.")
    page = visit("/moderation/?person=bob", "mona")
    row = page.locator("[data-row]", has_text="Buy a telescope.")
    number = page.locator("[data-row]").count()

    page.keyboard.press("?")
    expect(page.get_by_text("claim").first).to_be_visible()
    for _ in range(number):
        page.keyboard.press("j")
    expect(row.get_by_role("link")).to_be_focused()
    page.keyboard.press("o")

    expect(page.get_by_role("heading", level=1)).to_have_text("A post by bob")
    page.keyboard.press("c")
    expect(page.get_by_text("Claimed by you until")).to_be_visible()
    reason = page.get_by_label("Reason")
    expect(reason).to_have_value(AD)
    for key, label, words in (("d", "Dismiss", FINE), ("s", "sanction bob", AD), ("h", "Hide", AD)):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=label).first).to_be_focused()
        expect(reason).to_have_value(words)
    reason.fill("")
    reason.press_sequentially("duchs")
    expect(page.get_by_role("radio", checked=True)).to_have_value("hide")
    expect(reason).to_have_value("duchs")
    page.get_by_role("radio", name="Dismiss").check()
    expect(reason).to_have_value("duchs")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("u")
    expect(page).to_have_url("/moderation/")


def test_the_way_of_a_report_without_script(visit, people):
    path = report(visit, people, "Buy a microscope.", script=False)
    page = visit("/moderation/?person=bob", "mona", script=False)

    row = page.locator("[data-row]", has_text="Buy a microscope.")
    row.get_by_role("button", name="Claim").click()
    page.get_by_role("radio", name="Hide the post", exact=True).check()
    page.get_by_role("button", name="Submit decision").click()

    expect(page.get_by_role("status")).to_contain_text("Your decision is in the log.")
    page = visit("/notifications", "alice", script=False)
    page.get_by_role("button", name="mona reviewed your report").first.click()
    expect(page.get_by_role("main")).to_contain_text(AD)
    expect(page.get_by_role("main")).not_to_contain_text("microscope")
    expect(page.locator(f'a[href="{path}"]')).to_have_count(0)

"""The same pages where script is off, and what differs where it is on."""

import re

import pytest
from factories import PASSWORD
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
WITH_AND_WITHOUT = pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
IN_FULL = re.compile(r"^\d{1,2} \w+ \d{4}, \d\d:\d\d UTC$")


@pytest.mark.parametrize(
    ("script", "words"),
    [(True, re.compile(r"^1\d days ago$")), (False, IN_FULL)],
    ids=["script", "no_script"],
)
def test_times_are_relative_with_script_and_in_full_without(visit, script, words):
    page = visit("/user/alice", script=script)

    moment = page.locator(".profile-facts div", has_text="Member since").locator("time")

    expect(moment).to_have_text(words)
    expect(moment).to_be_visible()
    expect(moment).to_have_attribute("title", IN_FULL)


@WITH_AND_WITHOUT
def test_what_went_wrong_stands_on_top_and_leads_to_its_fields(visit, script):
    page = visit("/auth/register", script=script)
    page.get_by_label("Email", exact=True).fill("someone@example.org")
    page.get_by_label("Username").fill("ALICE")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill("something else")
    page.get_by_role("button", name="Sign up").click()

    summary = page.get_by_role("alert")
    expect(summary.get_by_role("listitem")).to_have_count(2)
    if script:
        expect(summary).to_be_focused()
    summary.get_by_role("link", name="Username").click()
    field = page.get_by_label("Username")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("That username is taken"))
    expect(field).to_have_value("ALICE")


def test_nothing_that_needs_script_is_offered_without_it(visit):
    page = visit("/auth/register", script=False)
    expect(page.locator("main button, main input[type=submit]")).to_have_count(1)
    expect(page.locator(".strength")).to_be_hidden()

    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_label("Email or username").fill("nobody")
    page.get_by_label("Password", exact=True).fill("whatever it was")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Wrong email, username, or password.")
    expect(page.locator(".flash-close")).to_have_count(0)

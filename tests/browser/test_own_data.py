"""Taking one's data along, and thinking again about leaving, in a real browser."""

import pytest
from factories import PASSWORD
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_one_waits_for_the_file_on_the_page_and_takes_it_along(visit, people):
    people.make("olga")
    page = visit("/settings/data", "olga")
    page.get_by_role("button", name="Request export").click()

    expect(page.get_by_role("heading", name="Ready to download")).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("offbrand-olga-")


def test_one_asks_to_leave_and_stays_without_script(visit, people):
    people.make("pia")
    page = visit("/settings/delete-account", "pia", script=False)
    page.get_by_label("Delete my posts too").check()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete account in 14 days").click()

    page.goto("/")
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_role("status").first).to_contain_text("Your account stays")

"""Signed-in devices: several at once, ended from afar, copied, remembered, left behind."""

import re

import pytest
from playwright.sync_api import expect

from .people import choose_in_menu, sign_in

pytestmark = pytest.mark.browser
ASKED_TO_SIGN_IN = re.compile(r"/auth/login\?next=")


def test_a_device_that_was_ended_is_out_at_its_next_click(visit, people):
    people.make("dora")
    here, there = visit("/auth/login"), visit("/auth/login")
    sign_in(here, "dora")
    sign_in(there, "dora")

    choose_in_menu(here, "Devices")
    expect(here.locator(".row-item")).to_have_count(2)
    expect(
        here.locator(".row-item").filter(has_text="This one").get_by_role("button")
    ).to_be_hidden()
    here.locator(".row-item").get_by_role("button", name="Sign out Chrome on Linux").click()
    expect(here.locator(".row-item")).to_have_count(1)

    there.get_by_role("link", name="Introduce yourself").click()
    expect(there).to_have_url(ASKED_TO_SIGN_IN)
    expect(there.get_by_role("status")).to_contain_text("Sign in to continue.")


def test_a_copied_cookie_is_dead_after_signing_out(visit):
    """R-61."""
    page = visit("/auth/login")
    sign_in(page, "alice", remember=True)
    copied = page.context.cookies()
    thief = visit("/", cookies=copied)
    expect(thief.locator(".menu-name")).to_have_text("alice")

    choose_in_menu(page, "Sign out")
    expect(page.get_by_role("status")).to_contain_text("You’re signed out.")

    thief.goto("/settings/profile")
    expect(thief).to_have_url(ASKED_TO_SIGN_IN)
    thief.context.add_cookies(copied)
    thief.goto("/settings/profile")
    expect(thief).to_have_url(ASKED_TO_SIGN_IN)


@pytest.mark.parametrize("remember", [True, False], ids=["remembered", "not_remembered"])
def test_only_a_remembered_device_is_still_in_after_the_browser_was_closed(visit, remember):
    page = visit("/auth/login")
    sign_in(page, "bob", remember=remember)
    kept = [cookie for cookie in page.context.cookies() if cookie["expires"] != -1]

    page = visit("/settings/profile", cookies=kept)

    expect(page).to_have_url("/settings/profile" if remember else ASKED_TO_SIGN_IN)


def test_the_back_button_shows_nothing_private_after_signing_out(visit):
    """R-24."""
    page = visit("/settings/profile", "alice")
    expect(page.get_by_label("About me")).to_have_value("I am alice.")
    choose_in_menu(page, "Sign out")
    expect(page.get_by_role("status")).to_contain_text("You’re signed out.")

    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_label("About me")).to_be_hidden()

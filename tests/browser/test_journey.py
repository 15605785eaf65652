"""The whole way of a newcomer, with script and without."""

import re

import pytest
from factories import ANOTHER
from playwright.sync_api import expect

from .people import choose_in_menu, open_mail, press_the_one_button, sign_in, sign_up

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
def test_a_stranger_becomes_a_member_and_comes_back(visit, script):
    page = visit("/", script=script)
    name = "nora" if script else "noam"
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Offbrand!")

    page.locator("main").get_by_role("link", name="Sign up").click()
    sign_up(page, name)
    confirm_from_the_mailbox(page, f"{name}@example.org")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page, name.upper())
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello, {name}!")

    describe_oneself(page, name)
    move_to(page, f"{name}@example.net")
    choose_in_menu(page, "Sign out")
    expect(page.get_by_role("status")).to_contain_text("You’re signed out.")

    forget_the_password(page, f"{name}@example.net")
    sign_in(page, f"{name}@example.net", ANOTHER)
    choose_in_menu(page, "Sign out")
    page.goto("/settings/profile")
    expect(page).to_have_url(re.compile("/auth/login"))


def test_an_address_that_was_taken_is_taken_back(visit, people):
    people.make("vera")
    thief, owner = visit("/", "vera"), visit("/dev/mailbox", script=False)
    move_to(thief, "thief@example.com")

    open_mail(owner, "vera@example.org", "Your email was changed")
    press_the_one_button(owner, "Restore my email")
    expect(owner.get_by_role("status")).to_contain_text("vera@example.org again")
    choose_in_menu(thief, "Devices")
    expect(thief.get_by_role("heading", level=1)).to_have_text("Sign in")

    choose_password(owner, ANOTHER)
    sign_in(owner, "vera@example.org", ANOTHER)


def test_a_link_that_was_used_says_so_and_shows_the_way(visit, people, watcher):
    people.make("una", confirmed=False)
    path = f"/auth/confirm/{people.token('una', 'confirmation')}"
    page = visit("/", "una", script=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your email")

    page.goto(path)
    press_the_one_button(page, "Confirm my email")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, una!")
    watcher.expect(400, path)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link doesn’t work")
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, una!")


def confirm_from_the_mailbox(page, address):
    """The message after signing up is the way to the mailbox."""
    expect(page.get_by_role("status").get_by_role("link", name="mailbox")).to_be_visible()
    open_mail(page, address, "Confirm your email")
    press_the_one_button(page, "Confirm my email")
    expect(page.get_by_role("status")).to_contain_text(f"{address} is confirmed")


def describe_oneself(page, name):
    choose_in_menu(page, "Settings")
    page.get_by_label("First name").fill("Nóra")
    page.get_by_label("About me").fill("I read.\nI write <b>too</b>.")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(f"/user/{name}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Nóra")
    expect(page.locator(".own-words")).to_have_text("I read. I write <b>too</b>.")


def move_to(page, address):
    choose_in_menu(page, "Settings")
    page.get_by_role("link", name="Email", exact=True).click()
    page.get_by_label("New email").fill(address)
    page.get_by_label("Current password", exact=True).fill("violet anchor 71 drum")
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("status")).to_contain_text(address)
    open_mail(page, address, "Confirm your new email")
    press_the_one_button(page, "Change email")
    expect(page.get_by_role("status")).to_contain_text(f"now {address}")


def forget_the_password(page, address):
    page.goto("/auth/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email", exact=True).fill(address)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("status")).to_contain_text("If an account has this email")
    open_mail(page, address, "password")
    choose_password(page, ANOTHER)


def choose_password(page, password):
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password again").fill(password)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_contain_text("Password changed.")

"""Invited, joined, signed in: with script, without, and by the keyboard alone."""

import pytest
from factories import ANOTHER
from playwright.sync_api import expect

from .people import open_mail, sign_in

pytestmark = pytest.mark.browser
WITH_AND_WITHOUT = pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])


@WITH_AND_WITHOUT
def test_the_invited_joins_and_signs_in(visit, script):
    name = "gina" if script else "gerd"
    staff = visit("/admin/requests", "ada", script=script)
    staff.get_by_role("link", name="Invitations").click()
    invite(staff, f"{name}@example.org\nnobody", "Moderator")
    expect(staff.get_by_role("heading", name="These can’t be invited")).to_be_visible()
    staff.get_by_role("button", name="Skip these").click()
    expect(staff.get_by_role("status")).to_contain_text("1 invitation sent.")

    guest = visit("/dev/mailbox", script=script)
    open_mail(guest, f"{name}@example.org", "You’re invited")
    expect(guest.locator(".own-words")).to_have_text("Come, there is cake.")
    join(guest, name)
    sign_in(guest, name, ANOTHER)
    expect(guest.get_by_role("heading", level=1)).to_have_text("Reports")  # a moderator's page

    staff.get_by_role("link", name="Show all").click()
    row = staff.get_by_role("row").filter(has_text=f"{name}@example.org")
    expect(row).to_contain_text(f"Joined {name}")


@WITH_AND_WITHOUT
def test_an_invitation_is_sent_again_and_revoked(visit, watcher, script):
    name = "rosa" if script else "rolf"
    staff = visit("/admin/invitations/new", "ada", script=script)
    staff.get_by_label("Emails").fill(f"{name}@example.org")
    staff.get_by_role("button", name="Invite", exact=True).click()
    staff.get_by_role("button", name=f"Send again to {name}@example.org").click()
    expect(staff.get_by_role("status")).to_contain_text("New link sent")

    guest = visit("/dev/mailbox", script=script)
    open_mail(guest, f"{name}@example.org", "You’re invited")
    expect(guest.get_by_role("heading", level=1)).to_have_text("Join Offbrand")
    staff.get_by_role("button", name=f"Revoke the invitation of {name}@example.org").click()
    expect(staff.get_by_role("status")).to_contain_text("was revoked")

    watcher.expect(400, guest.url.removeprefix(guest.url.split("/auth")[0]))
    guest.reload()
    expect(guest.get_by_role("heading", level=1)).to_have_text("This link doesn’t work")


def test_the_invited_joins_by_the_keyboard_alone(visit):
    staff = visit("/admin/invitations", "ada")
    press(staff, staff.get_by_role("link", name="Invite people"))
    write(staff, staff.get_by_label("Emails"), "kira@example.org")
    write(staff, staff.get_by_label("Message"), "Come, there is cake.")
    press(staff, staff.get_by_role("button", name="Invite", exact=True))
    expect(staff.get_by_role("status")).to_contain_text("1 invitation sent.")

    guest = visit("/dev/mailbox")
    mail = guest.locator(".mail").filter(has_text="To kira@example.org")
    press(guest, mail.locator(".mail-body a"))
    expect(guest.get_by_role("heading", level=1)).to_have_text("Join Offbrand")
    write(guest, guest.get_by_label("Username"), "kira")
    write(guest, guest.get_by_label("Password", exact=True), ANOTHER)
    write(guest, guest.get_by_label("Password again"), ANOTHER)
    guest.keyboard.press("Enter")
    expect(guest.get_by_role("heading", level=1)).to_have_text("Sign in")
    write(guest, guest.get_by_label("Email or username"), "kira")
    write(guest, guest.get_by_label("Password", exact=True), ANOTHER)
    guest.keyboard.press("Enter")
    expect(guest.get_by_role("heading", level=1)).to_have_text("Hello, kira!")


@WITH_AND_WITHOUT
def test_a_request_for_a_role_is_made_and_accepted(visit, people, script):
    name = "mia" if script else "max"
    people.make(name)
    member = visit(f"/roles/{people.role('Moderator')}/ask", name, script=script)
    member.get_by_label("Why would you like this role?").fill("I am awake at night.")
    member.get_by_role("button", name="Ask for this role").click()
    expect(member.get_by_role("heading", name="Your request is pending")).to_be_visible()

    staff = visit("/admin/requests", "ada", script=script)
    staff.get_by_label(f"Message, {name}").fill("Good!")
    staff.get_by_role("button", name=f"Accept {name}").click()
    expect(staff.get_by_role("status")).to_contain_text(f"{name}’s role is now Moderator")

    member.goto("/moderation/")
    expect(member.get_by_role("heading", level=1)).to_have_text("Reports")


def invite(page, addresses, role):
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("Emails").fill(addresses)
    page.get_by_label("Role").select_option(role)
    page.get_by_label("Message").fill("Come, there is cake.")
    page.get_by_role("button", name="Invite", exact=True).click()


def join(page, name):
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(ANOTHER)
    page.get_by_label("Password again").fill(ANOTHER)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("status")).to_contain_text("You’ve joined!")


def reach(page, element):
    """Press Tab until the element has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if element.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("Tab does not lead there.")


def press(page, element):
    reach(page, element)
    page.keyboard.press("Enter")


def write(page, element, words):
    reach(page, element)
    page.keyboard.type(words)

"""The whole story of a helper: invited, joined, Moderator until tomorrow, a member again."""

from datetime import timedelta

import pytest
from factories import ANOTHER
from playwright.sync_api import expect

from app.models.fields import utcnow

from .people import open_mail, sign_in
from .test_invitations import invite, join, press, write
from .test_temporary_roles import let_time_pass

pytestmark = pytest.mark.browser


def find(staff, name):
    """From wherever staff is to the page of a person, by the search."""
    staff.goto("/admin/users")
    staff.get_by_role("searchbox", name="Name, email or username").fill(name)
    staff.get_by_role("button", name="Show", exact=True).click()
    staff.get_by_role("link", name=name, exact=True).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
def test_from_the_invitation_to_the_end_of_the_role(visit, watcher, people, script):
    name = "hilda" if script else "harold"
    staff = visit("/admin/invitations", "ada", script=script)
    invite(staff, f"{name}@example.org", "User")
    expect(staff.get_by_role("status")).to_contain_text("1 invitation sent.")
    guest = visit("/dev/mailbox", script=script)
    open_mail(guest, f"{name}@example.org", "You’re invited")
    join(guest, name)
    sign_in(guest, name, ANOTHER)

    find(staff, name)
    staff.get_by_role("link", name="Change role").click()
    staff.get_by_label("Role", exact=True).select_option(label="Moderator")
    tomorrow = utcnow().date() + timedelta(days=1)
    staff.get_by_label("Until the end of").fill(tomorrow.isoformat())
    staff.get_by_role("button", name="Change role").click()
    expect(staff.get_by_role("status")).to_contain_text("’s role is now Moderator until")
    guest.goto("/moderation/")
    expect(guest.get_by_role("heading", level=1)).to_have_text("Reports")

    let_time_pass(people, name)
    watcher.expect(403, "/moderation/")
    guest.goto("/moderation/")
    expect(guest.locator(".error-code")).to_have_text("Error 403")

    staff.reload()
    log = staff.locator("section[aria-labelledby=log]")
    expect(log).to_contain_text("the site · end role")
    expect(log).to_contain_text("ada · change role")


def test_a_role_until_tomorrow_is_given_by_the_keyboard_alone(visit, people):
    people.make("keith")
    staff = visit("/admin/users", "ada")
    write(staff, staff.get_by_role("searchbox", name="Name, email or username"), "keith")
    staff.keyboard.press("Enter")
    press(staff, staff.get_by_role("link", name="keith", exact=True))
    press(staff, staff.get_by_role("link", name="Change role"))
    write(staff, staff.get_by_label("Role", exact=True), "Moderator")
    tomorrow = utcnow().date() + timedelta(days=1)
    write(staff, staff.get_by_label("Until the end of"), f"{tomorrow:%m%d%Y}")
    press(staff, staff.get_by_role("button", name="Change role"))
    expect(staff.get_by_role("status")).to_contain_text("keith’s role is now Moderator until")

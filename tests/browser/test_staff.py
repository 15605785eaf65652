"""What is closed to members says why; those it is open to get in, and land there."""

import pytest
from playwright.sync_api import expect

from .people import sign_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("path", "permission", "holders"),
    [
        ("/moderation/", "MODERATE", "The roles Moderator and Administrator have it."),
        ("/admin/", "ADMIN", "The role Administrator has it."),
    ],
)
def test_a_member_reads_what_is_missing_and_who_has_it(visit, watcher, path, permission, holders):
    watcher.expect(403, path)

    page = visit(path, "bob")

    expect(page.locator(".error-code")).to_have_text("Error 403")
    why = f"You need the permission {permission}. {holders}"
    expect(page.get_by_role("main").get_by_text(why)).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_be_hidden()


@pytest.mark.parametrize(
    ("username", "path", "title"),
    [("mona", "/moderation/", "Reports"), ("ada", "/admin/", "Administration")],
)
def test_staff_land_where_they_work(visit, username, path, title):
    page = visit("/auth/login")

    sign_in(page, username)

    expect(page).to_have_url(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    administration = page.get_by_role("navigation").get_by_role("link", name="Administration")
    expect(administration).to_have_count(1 if username == "ada" else 0)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Moderation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")

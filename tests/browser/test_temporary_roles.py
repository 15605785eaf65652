"""A role until tomorrow, and what comes after; and a role made without a mouse."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.extensions import db
from app.models import Role, User
from app.models.fields import utcnow

from .people import choose_in_menu

pytestmark = pytest.mark.browser


def test_a_moderator_until_tomorrow_is_a_member_again(visit, watcher, people):
    people.make("tess")
    admin, tess = visit(f"/admin/users/{id_of(people, 'tess')}/role", "ada"), visit("/", "tess")
    give_until_tomorrow(admin, "Moderator")

    tess.get_by_role("link", name="Mailbox").click()
    expect(tess.locator(".mail").first).to_contain_text("Your role is now Moderator")
    tess.get_by_role("navigation", name="Main").get_by_role("link", name="Moderation").click()
    expect(tess.get_by_role("heading", level=1)).to_have_text("Reports")
    choose_in_menu(tess, "Your profile")
    expect(tess.locator(".term")).to_contain_text("Moderator until")

    let_time_pass(people, "tess")

    watcher.expect(403, "/moderation/")
    tess.goto("/moderation/")
    expect(tess.locator(".error-code")).to_have_text("Error 403")
    choose_in_menu(tess, "Your profile")
    expect(tess.locator(".term")).to_have_count(0)
    tess.get_by_role("link", name="Mailbox").click()
    expect(tess.locator(".mail").first).to_contain_text("Your role is User again")


def give_until_tomorrow(page, role):
    page.get_by_label("Role", exact=True).select_option(label=role)
    tomorrow = utcnow().date() + timedelta(days=1)
    page.get_by_label("Until the end of").fill(tomorrow.isoformat())
    page.get_by_role("button", name="Change role").click()
    expect(page.get_by_role("status")).to_contain_text(f"’s role is now {role} until")


def id_of(people, username):
    with people.app.app_context():
        return User.with_username(username).id


def let_time_pass(people, username):
    """Until the day after tomorrow, as far as this person's role goes."""
    with people.app.app_context():
        User.with_username(username).role_until = utcnow() - timedelta(seconds=1)
        db.session.commit()


def test_a_role_is_made_by_keyboard_alone(visit, people):
    page = visit("/admin/roles", "ada")
    page.get_by_role("link", name="New role").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New role")

    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Librarians")
    page.keyboard.press("Tab")
    page.keyboard.type("They know where it stands.")
    press(page, "Tab", "Tab", "Space", "Tab", "Space")  # past FOLLOW to COMMENT and WRITE
    press(page, "Tab", "Space", "Tab", "Tab")  # MODERATE, past ADMIN to the landing page
    page.keyboard.type("Mod")
    press(page, "Tab", "Space", "Tab", "Tab")  # on request, past the default to the reason
    page.keyboard.type("The shelves need somebody.")
    press(page, "Tab", "Enter")

    expect(page.get_by_role("status")).to_contain_text("Role Librarians created.")
    with people.app.app_context():
        role = Role.named("Librarians")
        assert (role.permissions, role.index) == (14, "moderation.queue")
        assert role.requestable and not role.default


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_what_one_may_not_do_is_not_offered(visit):
    page = visit("/admin/roles", "ada")
    page.get_by_role("link", name="Moderator", exact=True).click()

    expect(page.get_by_text("Moderator is built in")).to_be_visible()
    for name in ("Name", "MODERATE", "Default role for new members"):
        expect(page.get_by_label(name, exact=True)).to_be_disabled()
    page.get_by_label("Members can request this role").check()
    page.get_by_role("button", name="Save").click()
    row = page.locator(".rows > li").filter(has_text="Keeps the peace.")
    expect(row).to_contain_text("On request")


def test_a_role_is_deleted_and_its_holder_gets_another(visit, people):
    with people.app.app_context():
        id = Role.create(name="Short-lived", permissions=7).id
        db.session.commit()
    people.make("sam", role="Short-lived")
    page = visit(f"/admin/roles/{id}", "ada")
    page.get_by_role("link", name="Delete this role").click()
    expect(page.get_by_text("1 person has this role")).to_be_visible()

    page.get_by_role("button", name="Delete role").click()

    expect(page.get_by_role("status")).to_contain_text("Role Short-lived deleted.")
    with people.app.app_context():
        assert User.with_username("sam").role.name == "User"

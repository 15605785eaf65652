"""The dashboard at one glance, and the mail room by keyboard alone."""

from datetime import timedelta

import pytest
from factories import keep, make_mail, make_user
from playwright.sync_api import expect
from sqlalchemy import delete

from app.extensions import db
from app.models import DayCount, OutboxMail, Role, RoleRequest
from app.models.fields import utcnow

pytestmark = pytest.mark.browser
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def busy(people):
    """A month of a lively site, with all that can wait."""
    with people.app.app_context():
        for days in range(30):
            day = utcnow().date() - timedelta(days)
            db.session.merge(DayCount(day=day, name="sign-in", count=900 + days * 37 % 400))
        for number in range(12):
            moment = utcnow() - timedelta(days=number)
            person = make_user(f"busy{number}", member_since=moment, approval_asked_at=moment)
            keep(RoleRequest(user=person, role=Role.named("Moderator")))
            make_mail(f"busy{number}@example.org", dead_at=moment, last_error="550 Nobody here")
        db.session.commit()


@pytest.mark.parametrize("light", ["light", "dark"])
def test_the_dashboard_needs_no_scrolling_on_a_laptop(visit, busy, light):
    page = visit("/", "ada")
    page.emulate_media(color_scheme=light)
    page.set_viewport_size(LAPTOP)

    page.goto("/admin/")

    assert page.evaluate("document.documentElement.scrollHeight") <= LAPTOP["height"]
    parts = "Pending", "People and posts", "Sign-ups", "Sign-ins", "Posts", "Health"
    for name in parts:
        heading = page.get_by_role("heading", name=name, exact=name != "Health")
        expect(heading.first).to_be_in_viewport(ratio=1)
    expect(page.locator(".vitals dd").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("light", ["light", "dark"])
def test_bars_can_be_told_from_their_ground(visit, busy, light):
    """WCAG 1.4.11: three to one."""
    page = visit("/", "ada")
    page.emulate_media(color_scheme=light)
    page.goto("/admin/")

    for kind in (".chart-bar:not(.chart-today)", ".chart-today"):
        fill = page.locator(kind).first.evaluate("(bar) => getComputedStyle(bar).fill")
        ground = page.locator(".chart").first.evaluate(
            "(chart) => getComputedStyle(chart).backgroundColor"
        )
        assert contrast(fill, ground) >= 3


def contrast(*colours):
    lights = sorted(light_of(colour) for colour in colours)
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def light_of(colour):
    parts = [int(part) / 255 for part in colour[4:-1].split(", ")]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(p * share for p, share in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))


def test_a_chart_can_be_read_as_a_table_without_script(visit, busy):
    page = visit("/admin/", "ada", script=False)
    expect(page.get_by_role("img", name="Sign-ins a day")).to_be_visible()

    page.get_by_text("Sign-ins as a table").click()

    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(31)
    today = f"{utcnow():%-d %B %Y}"
    expect(page.get_by_role("row", name=today)).to_be_visible()


def tab_to(page, name):
    """Press Tab until that is focused; it must be seen then."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip().startswith(name):
            expect(page.locator(":focus")).to_be_in_viewport()
            return
    raise AssertionError(f"no way by Tab to {name}")


@pytest.fixture
def two_given_up(people):
    with people.app.app_context():
        db.session.execute(delete(OutboxMail).where(OutboxMail.recipient.startswith("key")))
        for number in (1, 2):
            make_mail(f"key{number}@example.org", dead_at=utcnow(), last_error="550 Nobody here")
        db.session.commit()


def test_a_mail_is_tried_again_and_another_dropped_by_keyboard(visit, two_given_up):
    page = visit("/admin/", "ada")
    tab_to(page, "failed emails")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/admin/outbox?state=dead")

    tab_to(page, "Try again email")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Retrying the email to key2@example.org")

    tab_to(page, "Drop email")
    page.keyboard.press("Enter")
    tab_to(page, "Drop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("key1@example.org was dropped")
    expect(page).to_have_url("/admin/outbox?state=dead")


def test_a_test_mail_is_sent_by_keyboard_and_arrives(visit):
    """The page that follows tells what became of it; here, the mailbox has it."""
    page = visit("/admin/outbox", "ada")
    page.get_by_label("Send a test email to").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("test email to ada@example.org")

    mine = page.get_by_role("region", name="Your test email")
    for _ in range(20):
        if mine.get_by_text("Sent", exact=True).count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(mine.get_by_text("Sent", exact=True)).to_be_visible()


def test_what_staff_sees_on_a_phone_needs_no_sideways_scrolling(visit, busy):
    page = visit("/", "ada")
    page.set_viewport_size({"width": 320, "height": 700})
    for path in ("/admin/", "/admin/health", "/admin/outbox"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path

"""What script adds, by mouse and by keyboard."""

import re
from urllib.parse import urlsplit

import pytest
from factories import PASSWORD
from playwright.sync_api import expect

from .people import fill_in_sign_up

pytestmark = pytest.mark.browser


def test_people_sign_in_by_keyboard_alone(visit):
    page = visit("/auth/login")
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    press(page, "Enter")
    expect(page.locator("main")).to_be_focused()

    press(page, "Tab", "alice", "Tab", PASSWORD, "Tab")
    expect(page.get_by_role("button", name="Show Password")).to_be_focused()
    press(page, "Tab", "Space")
    expect(page.get_by_label("Keep me signed in")).to_be_checked()
    press(page, "Tab", "Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, alice!")


def test_the_menu_obeys_the_keyboard(visit):
    page = visit("/", "alice")
    menu, summary = page.locator("details.menu[open]"), page.locator("details.menu > summary")
    page.locator(".bell").focus()
    press(page, "Tab")
    expect(summary).to_be_focused()

    press(page, "Enter", "Tab")
    expect(menu.get_by_role("link", name="Your profile")).to_be_focused()
    press(page, "Escape")
    expect(menu).to_have_count(0)
    expect(summary).to_be_focused()

    press(page, "Enter")
    expect(menu).to_have_count(1)
    press(page, "Shift+Tab")
    expect(menu).to_have_count(0)
    summary.click()
    page.locator(".site-foot p").click()  # nothing there takes the focus
    expect(menu).to_have_count(0)
    summary.click()
    press(page, "Tab", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("alice")


def test_words_about_a_password_come_while_it_is_typed_and_are_those_of_the_server(visit):
    page = visit("/auth/register")
    page.get_by_label("Email", exact=True).fill("sven@example.org")
    page.get_by_label("Username").fill("svengali")
    words = page.locator("#password-strength")
    for typed, said in (
        (PASSWORD, re.compile("^(Very g|G)ood")),
        ("svengali9", re.compile("easy")),
    ):
        page.get_by_label("Password", exact=True).clear()
        with page.expect_response(lambda answer, typed=typed: judges(answer, typed)):
            page.get_by_label("Password", exact=True).press_sequentially(typed)
        expect(words).to_have_text(said)

    told = words.inner_text()
    page.get_by_label("Password again").fill("svengali9")
    page.get_by_role("button", name="Sign up").click()
    expect(page.locator("#password-errors")).to_have_text(told)


def test_a_password_can_be_looked_at_and_is_covered_before_it_is_sent(visit):
    page = visit("/auth/login")
    field = page.get_by_label("Password", exact=True)
    field.fill("not so secret")
    page.get_by_label("Email or username").fill("alice")
    page.get_by_role("button", name="Show Password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide Password").click()
    expect(field).to_have_attribute("type", "password")

    page.get_by_role("button", name="Show Password").click()
    page.evaluate("addEventListener('submit', (sent) => sent.preventDefault())")
    page.get_by_role("button", name="Sign in").click()
    expect(field).to_have_attribute("type", "password")


def test_a_double_click_on_sign_up_makes_one_account_and_one_mail(visit):
    page = visit("/auth/register")
    sent = posts_of(page)

    fill_in_sign_up(page, "dunja")
    page.get_by_role("button", name="Sign up").dblclick()

    expect(page.get_by_role("status")).to_contain_text("Check your inbox")
    assert sent == ["/auth/register"]
    page.goto("/dev/mailbox")
    expect(page.locator(".mail", has_text="To dunja@example.org")).to_have_count(1)


def test_a_double_click_on_save_saves_once_and_the_button_works_again_after_going_back(visit):
    page = visit("/settings/profile", "mona")
    sent = posts_of(page)
    page.get_by_label("Location").fill("Bergen")

    page.get_by_role("button", name="Save").dblclick()

    expect(page.get_by_role("status")).to_have_count(1)
    assert sent == ["/settings/profile"]
    page.go_back()
    page.get_by_label("Location").fill("Oslo")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("dt:text-is('Location') + dd")).to_have_text("Oslo")


def test_a_button_that_was_pressed_rests_while_the_answer_is_on_its_way(visit):
    page = visit("/settings/profile", "mona")
    sent = posts_of(page)
    no_answer = dict(status=204, headers={"Content-Security-Policy": "default-src 'none'"})
    page.route(page.url, lambda route: route.fulfill(**no_answer))

    page.get_by_role("button", name="Save").dblclick()

    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_role("button", name="Save").click(force=True)
    assert sent == ["/settings/profile"]


def press(page, *keys):
    """Press keys by name; anything else is typed."""
    names = re.compile("(Shift[+])?(Tab|Enter|Space|Escape)")
    for key in keys:
        page.keyboard.press(key) if names.fullmatch(key) else page.keyboard.type(key)


def judges(answer, password):
    """Whether this is the server's answer about the whole of what was typed."""
    sent = answer.request.post_data_json if "strength" in answer.url else {}
    return sent.get("password") == password


def posts_of(page):
    """A list that grows by the path of each form that is sent."""
    paths = []

    def note(request):
        if request.method == "POST" and request.is_navigation_request():
            paths.append(urlsplit(request.url).path)

    page.on("request", note)
    return paths

"""Members among themselves: following, muting, a picture of one's own; with and without script."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from .test_without_script import WITH_AND_WITHOUT

pytestmark = pytest.mark.browser


@WITH_AND_WITHOUT
def test_one_follows_and_mutes_from_a_profile(visit, people, script):
    people.make(name := f"star_{script}".lower())
    page = visit(f"/user/{name}", "bob", script=script)
    page.evaluate("window.stayed = true")
    tab = page.locator(".person-tabs a", has_text="Follower")
    expect(tab).to_have_text("0 Followers")

    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name=f"Unfollow {name}")).to_be_visible()
    expect(tab).to_have_text("1 Follower")
    page.get_by_role("button", name="Mute").click()
    expect(page.locator(".muted-note")).to_contain_text(f"You muted {name}.")

    assert page.evaluate("window.stayed === true") == script
    if script:
        expect(page.get_by_role("button", name="Unmute")).to_be_focused()
        expect(page.locator("#announcer")).to_contain_text("You muted")
    page.goto("/settings/muted")
    page.get_by_role("button", name=f"Unmute {name}").click()
    expect(page.locator(f"text=@{name}")).to_have_count(0)


def test_one_follows_whoever_stands_in_a_list_also_on_the_page_that_joined_it(visit, people):
    people.make("idol")
    people.make_followers("idol", 25)
    page = visit("/user/idol/followers", "alice")
    rows = page.locator("#people > li")
    expect(rows).to_have_count(20)

    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(25)
    rows.last.get_by_role("button", name="Follow").click()

    expect(rows.last.get_by_role("button", name="Unfollow")).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("You’re now following")
    expect(rows).to_have_count(25)
    expect(page.get_by_role("navigation", name="idol")).to_contain_text("25 Followers")
    page.goto("/user/idol")
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("navigation", name="idol")).to_contain_text("26 Followers")


@WITH_AND_WITHOUT
def test_one_chooses_a_picture_and_takes_it_back(visit, people, script):
    people.make(name := f"face_{script}".lower())
    page = visit("/settings/picture", name, script=script)
    now = page.locator(".picture-now img")
    file = io.BytesIO()
    Image.new("RGB", (300, 200), (200, 40, 40)).save(file, "JPEG")

    send(page, b"Hello")
    expect(page.get_by_role("alert")).to_contain_text("We can’t read this file")
    send(page, file.getvalue())

    expect(now).to_have_attribute("src", re.compile("^/picture/"))
    assert now.evaluate("image => image.decode().then(() => image.naturalWidth)") == 200
    page.get_by_role("button", name="Remove photo").click()
    expect(now).to_have_attribute("src", re.compile("^/avatar/"))


def send(page, data):
    file = dict(name="me.jpg", mimeType="image/jpeg", buffer=data)
    page.get_by_label("Upload a photo").set_input_files(file)
    page.get_by_role("button", name="Save photo").click()

"""What a community is for, from a first post to the end of an account; with and without script."""

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from factories import PASSWORD
from playwright.sync_api import expect

from app import data_export
from app.extensions import db
from app.models import AccountDeletion, User
from app.models.fields import utcnow

from .people import open_mail, press_the_one_button
from .test_without_script import WITH_AND_WITHOUT

pytestmark = pytest.mark.browser


def publish(page, text):
    page.goto("/")
    page.get_by_label("What’s on your mind?").fill(text)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#draft strong")).to_be_visible()
    page.get_by_role("button", name="Post", exact=True).click()


def comment(page, text):
    page.get_by_label("Your comment").fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()


def let_fourteen_days_pass(people, username):
    """The day has come, and the worker does what was ordered."""
    with people.app.app_context():
        AccountDeletion.of(User.with_username(username)).due_at = utcnow() - timedelta(seconds=1)
        User.with_username(username).leaving_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
        data_export.work()


@WITH_AND_WITHOUT
def test_two_meet_and_one_leaves(visit, people, script):
    writer, reader = ("ines", "otto") if script else ("irma", "oleg")
    bread = "rye" if script else "barley"
    people.make(writer)
    people.make(reader)
    hers, his = (visit("/", name, script=script) for name in (writer, reader))

    publish(hers, f"Who bakes **bread** of #{bread}?")

    # He follows her, reads only whom he follows, likes her post and keeps it.
    his.goto(f"/user/{writer}")
    his.get_by_role("button", name=f"Follow {writer}").click()
    expect(his.get_by_role("button", name=f"Unfollow {writer}")).to_be_visible()
    his.goto("/")
    his.get_by_role("button", name="Following").click()
    expect(his.locator("#feed .post")).to_have_count(1)
    his.get_by_role("button", name="Like").click()
    expect(his.get_by_role("button", name="Like", pressed=True)).to_contain_text("1")
    his.get_by_role("button", name="Bookmark").click()
    expect(his.get_by_role("button", name="Bookmark", pressed=True)).to_be_visible()

    # He answers, she quotes him, and each is told.
    his.locator("#feed a.when").click()
    post = re.sub("#.*", "", his.url)
    comment(his, f"I do, @{writer}: let it rest for a night.")
    expect(his.locator(".comment")).to_have_count(1)
    hers.goto("/notifications")
    hers.get_by_role("button", name=f"New: {reader} mentioned you").click()
    hers.get_by_role("link", name="Quote").click()
    answer = hers.get_by_label("Your comment")
    expect(answer).to_have_value(re.compile(f"@{reader}:\n> I do"))
    answer.fill(answer.input_value() + "A whole night?")
    hers.get_by_role("button", name="Comment", exact=True).click()
    expect(hers.locator(".comment")).to_have_count(2)
    his.goto("/notifications")
    expect(his.locator("#notifications")).to_contain_text(f"{writer} mentioned you")

    # The mail leads there too, and its other link ends such mails without signing in.
    guest = visit("/dev/mailbox", script=script)
    mail = guest.locator(".mail").filter(has_text=f"To {writer}").filter(has_text="mentioned you")
    reached(guest, mail)
    expect(mail.first).to_contain_text("let it rest for a night")
    link = mail.first.locator("a[href*=unsubscribe]").get_attribute("href")
    guest.goto(urlsplit(link).path)  # the worker that wrote it knows this site by another port
    press_the_one_button(guest, "Unsubscribe")
    expect(guest.get_by_role("heading", level=1)).to_have_text("Unsubscribed")

    # What they wrote is found by its words and by its tag.
    guest.goto(f"/search?q={bread}")
    expect(guest.locator(".found-posts mark")).to_have_text(bread)
    guest.goto(f"/tag/{bread}")
    expect(guest.locator(".post")).to_have_count(1)

    # She wants to hear no more of him.
    hers.goto(f"/user/{reader}")
    hers.get_by_role("button", name=f"Mute {reader}").click()
    expect(hers.locator(".muted-note")).to_be_visible()
    hers.goto(post)
    expect(hers.locator(".comment")).to_have_count(1)
    hers.goto("/notifications")
    expect(hers.locator("main")).not_to_contain_text(reader)

    # She takes her data along, and goes.
    hers.goto("/settings/data")
    hers.get_by_role("button", name="Request export").click()
    link = hers.get_by_role("link", name="Download")
    reached(hers, link)
    with hers.expect_download() as download:
        link.click()
    with open(download.value.path(), "rb") as file:
        data = ZipFile(BytesIO(file.read())).read("data.json").decode()
    assert f"Who bakes **bread** of #{bread}?" in data

    hers.goto("/settings/delete-account")
    hers.get_by_label("Keep them").check()
    hers.get_by_label("Your password").fill(PASSWORD)
    hers.get_by_role("button", name="Delete account in 14 days").click()
    open_mail(guest, f"{writer}@example.org", "Your account will be deleted")
    let_fourteen_days_pass(people, writer)
    hers.goto("/")
    expect(hers.get_by_role("link", name="Sign in").first).to_be_visible()
    his.goto(post)
    expect(his.locator(".whole-post .author")).to_have_text("Deleted member")
    expect(his.locator(".comment", has_text="A whole night?")).to_contain_text("Deleted member")


def reached(page, locator):
    """Look again until it is there: what a worker does takes a moment."""
    for _ in range(20):
        if locator.count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(locator).to_be_visible()

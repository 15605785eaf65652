"""Reading the notifications, with script and without."""

import re

import pytest
from playwright.sync_api import expect

from app.extensions import db
from app.models import Comment, Notification, Post, User

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
def test_what_is_read_is_no_longer_counted(visit, people, script):
    with people.app.app_context():
        reader, other = User.with_username("bob"), User.with_username("mona")
        Notification.read_all(reader, Notification.newest_of(reader))  # what staff did before
        post = Post.publish("Who comes along?", by=reader)
        for word in ("I do.", "And more."):
            Comment.publish(post, word, by=other)
        db.session.commit()
        path = f"/post/{post.id}"
    page = visit("/notifications", "bob", script=script)
    bell = page.get_by_role("link", name="Notifications 2 unread")
    expect(bell).to_be_visible()

    page.get_by_role("button", name="Mark as read: mona commented on your post").first.click()
    expect(page.get_by_role("link", name="Notifications 1 unread")).to_be_visible()
    if script:
        expect(page.locator("#announcer")).to_have_text("Marked as read.")
    page.get_by_role("button", name="New: mona commented on your post").click()

    expect(page).to_have_url(re.compile(f"{path}#comment-"))
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()

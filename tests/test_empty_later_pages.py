"""Later pages of lists with nothing left: they say so and lead back to the first."""

import json
import re
from base64 import urlsafe_b64encode
from html import unescape

import pytest
from factories import make_comment, make_post, make_user

from app.models import Bookmark, Invitation

pytestmark = pytest.mark.both_databases

NOTHING_MORE = "Nothing more to show."
EMPTY = re.compile(r'class="empty">(.*?)</(?:p|div)>', re.S)
FIRST, LAST, ID = ["0001-01-01T00:00:00+00:00", 0], ["9999-01-01T00:00:00+00:00", 2**31 - 1], [0]

LISTS = {
    "/": (lambda ada: make_post(ada), FIRST),
    "/user/ada": (lambda ada: make_post(ada), FIRST),
    "/tag/bread": (lambda ada: make_post(ada, "#bread"), ID),
    "/search?q=bread&kind=posts": (lambda ada: make_post(ada, "bread"), ID),
    "/bookmarks": (lambda ada: Bookmark.add(make_post(), by=ada), FIRST),
    "/user/ada/followers": (lambda ada: make_user().follow(ada), FIRST),
    "/user/ada/following": (lambda ada: ada.follow(make_user()), FIRST),
    "/settings/muted": (lambda ada: ada.mute(make_user()), FIRST),
    "/user/ada/comments": (lambda ada: make_comment(author=ada), FIRST),
    "/notifications": (lambda ada: make_user().follow(ada), ID),
    "/log": (lambda ada: make_user().deactivate(by=ada, reason="Spam."), FIRST),
    "/moderation/log": (lambda ada: make_user().deactivate(by=ada, reason="Spam."), FIRST),
    "/admin/audit": (lambda ada: make_user().deactivate(by=ada, reason="Spam."), ID),
    "/admin/invitations": (lambda ada: Invitation.send("x@y.org", ada.role, by=ada), FIRST),
    "/admin/users?q=ada": (lambda ada: None, FIRST),
}


def beyond(path, place):
    """The address of the page of a list that begins behind a place."""
    cursor = urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
    return f"{path}{'&' if '?' in path else '?'}after={cursor}"


def test_a_later_page_without_anything_says_so_and_leads_back(client, ada):
    for path, (make, place) in LISTS.items():
        make(ada)
        client.sign_in(ada)
        page = client.get(beyond(path, place)).text

        (words,) = EMPTY.findall(page)
        assert NOTHING_MORE in words, path
        assert unescape(re.search(r'href="([^"]+)"', words)[1]) == path
        assert "not shown" not in page


def test_the_first_page_of_such_a_list_says_nothing_of_the_kind(client, ada):
    make_post(ada, "#bread")
    client.sign_in(ada)

    for path in ("/", "/tag/bread"):
        assert not EMPTY.search(client.get(path).text)


def test_so_does_that_of_a_thread_and_a_history(client, alice):
    post = make_post(alice)
    make_comment(post)
    post.edit("Other words.", by=alice)

    for path, place in ((f"/post/{post.id}", LAST), (f"/post/{post.id}/history", ID)):
        page = client.get(beyond(path, place)).text

        assert NOTHING_MORE in page and f'href="{path}">Back to the first page' in page
        assert "This is how it began" not in page

"""Follows: who reads whom, how many they are, and who may see it."""

import pytest
from factories import keep, make_user

from app.extensions import db
from app.main import follows, mutes
from app.models import Follow, Role, Setting, User
from app.models.errors import Refused
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account


def counts():
    """Stored counts of everybody by name: followers, following."""
    people = db.session.scalars(db.select(User).execution_options(populate_existing=True))
    return {user.username: (user.follower_count, user.following_count) for user in people}


def test_a_follow_is_counted_on_both_sides(alice, bob):
    assert alice.follow(bob)

    assert alice.is_following(bob) and bob.is_followed_by(alice)
    assert not bob.is_following(alice)
    assert counts() == {"alice": (0, 1), "bob": (1, 0)}


def test_verbs_are_safe_to_repeat(alice, bob):
    said = [alice.follow(bob), alice.follow(bob), alice.unfollow(bob), alice.unfollow(bob)]

    assert said == [True, False, True, False]
    assert counts() == {"alice": (0, 0), "bob": (0, 0)}


def test_nobody_follows_themselves(client, alice):
    client.sign_in(alice)

    answer = client.post("/user/alice/follow")

    assert "You can’t follow yourself." in client.get(answer.location).text
    assert counts() == {"alice": (0, 0)}
    with pytest.raises(Refused):
        alice.follow(alice)


def test_the_button_follows_and_unfollows(client, alice, bob):
    client.sign_in(alice)
    assert ">Follow<" in client.get("/user/bob").text

    client.post("/user/bob/follow")
    assert ">Unfollow<" in client.get("/user/bob").text
    client.post("/user/bob/unfollow")

    assert not db.session.scalars(db.select(Follow)).all()


def test_who_lacks_the_permission_is_offered_no_button_and_is_refused(client, bob):
    keep(Role(name="Reader", permissions=0))
    rita = make_user("rita", role="Reader")
    client.sign_in(rita)

    assert 'formaction="/user/bob/follow"' not in client.get("/user/bob").text
    for act in ("follow", "unfollow"):
        assert client.post(f"/user/bob/{act}").status_code == 403
    assert counts()["bob"] == (0, 0)


def test_whom_one_may_not_see_one_cannot_act_on(client, alice):
    make_user("newcomer", confirmed=False)
    client.sign_in(alice)
    acts = [f"newcomer/{act}" for act in ("follow", "unfollow", "mute", "unmute")]

    for act in (*acts, "nobody/follow", f"{'a' * 300}/follow", "alice%00/follow"):
        assert client.post(f"/user/{act}").status_code in (400, 404), act


def test_a_person_deleted_meanwhile_is_a_404(client, alice, bob, monkeypatch):
    client.sign_in(alice)
    gone = User(id=bob.id + 1000, username="ghost")
    for module in (follows, mutes):
        monkeypatch.setattr(module, "find_user", lambda name: gone)

    assert client.post("/user/ghost/follow").status_code == 404
    assert client.post("/user/ghost/mute").status_code == 404
    assert counts()["alice"] == (0, 0)


def names(page):
    """The people in a list, in its order."""
    return [part.split("<", 1)[0] for part in page.text.split('<span class="handle">@')[1:]]


def test_the_lists_show_the_newest_first(client, alice, bob, mona):
    for person in (bob, mona):
        person.follow(alice)
        alice.follow(person)

    assert names(client.get("/user/alice/followers")) == ["mona", "bob"]
    assert names(client.get("/user/alice/following")) == ["mona", "bob"]
    assert names(client.get("/user/bob/followers")) == ["alice"]


def test_a_list_goes_on_where_it_ended_while_others_follow(client, alice):
    Setting.change(posts_per_page=5)
    fans = [make_user() for _ in range(12)]
    for fan in fans:
        fan.follow(alice)
    url, seen = "/user/alice/followers", []

    while url and len(seen) < 100:  # a page that came twice would come for ever
        page = client.get(url)
        seen += names(page)
        make_user().follow(alice)
        url = next_of(page)

    assert seen == [fan.username for fan in reversed(fans)]


def next_of(page):
    """The address of the page that comes next; None where this is the last."""
    rest = page.text.partition('rel="next" href="')[2]
    return rest.partition('"')[0].replace("&amp;", "&") or None


@pytest.mark.parametrize("who", ["followers", "following"])
def test_who_is_closed_is_not_named_but_counted(client, alice, bob, mona, who):
    """To staff they are."""
    closed = make_user("closed")
    for person in (bob, closed):
        person.follow(alice)
        alice.follow(person)
    closed.deactivated_at = utcnow()
    page = client.get(f"/user/alice/{who}")

    assert names(page) == ["bob"]
    assert "1 more account is not shown" in page.text.replace("\n", " ")
    client.sign_in(mona)
    assert names(client.get(f"/user/alice/{who}")) == ["closed", "bob"]


def test_each_row_has_the_button_that_fits(client, alice, bob, mona):
    """None at oneself."""
    for person in (alice, bob, mona):
        person.follow(make_user(f"star{person.id}"))
    star = make_user("star")
    for person in (alice, bob, mona):
        person.follow(star)
    alice.follow(bob)
    client.sign_in(alice)

    page = client.get("/user/star/followers").text

    assert "/user/bob/unfollow" in page and "/user/mona/follow" in page
    assert 'formaction="/user/alice/follow"' not in page


def test_lists_of_nobody_are_not_there(client):
    make_user("newcomer", confirmed=False)

    for path in ("nobody/followers", "newcomer/followers", "newcomer/following"):
        assert client.get(f"/user/{path}").status_code == 404
    assert client.get("/user/newcomer/comments").status_code == 404


def test_a_list_without_anything_says_so(client, alice, bob):
    client.sign_in(alice)

    for path in ("", "/followers", "/following", "/comments"):
        for name in ("alice", "bob"):  # one's own says something else
            assert 'class="empty"' in client.get(f"/user/{name}{path}").text


def test_a_deleted_member_is_no_longer_counted(alice, bob, mona):
    for a, b in ((alice, bob), (bob, alice), (bob, mona), (mona, alice)):
        a.follow(b)

    delete_account(alice)
    db.session.flush()

    assert counts() == {"bob": (0, 1), "mona": (1, 0)}
    assert len(db.session.scalars(db.select(Follow)).all()) == 1


def test_members_who_follow_nobody_are_told_how(client, alice, bob):
    client.sign_in(alice)
    client.post("/feed", data={"feed": "followed"})
    assert "You aren’t following anyone yet" in client.get("/").text

    alice.follow(bob)
    assert "The people you follow haven’t posted yet." in client.get("/").text
    assert "Hello, alice!" in client.get("/").text

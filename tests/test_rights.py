"""Rights on content: every action on every kind of content, by everyone.

The same table says what pages offer: exactly what the views allow.
"""

import pytest
from factories import everything_but_visits, keep, make_comment, make_post, make_user

from app.extensions import db
from app.models import Permission, Role
from app.models.fields import utcnow
from app.models.users.user import AnonymousUser

PEOPLE = ["visitor", "no_write", "no_comment", "no_follow", "author", "other", "moderator"]
FOLLOW, COMMENT, WRITE = Permission.FOLLOW, Permission.COMMENT, Permission.WRITE
ROLES = {
    "no_write": FOLLOW | COMMENT,
    "no_comment": FOLLOW | WRITE,
    "no_follow": COMMENT | WRITE,
}
TEXT = {"body": "Something new."}

# What each of PEOPLE meets: y done, n refused (403), . not there (404), S asked to sign in
AUTHOR = {
    "shown": "S n n n y n n",
    "closed": "S n n n y n n",
    "hidden": "S . . . n . n",
    "deleted": "S . . . . . n",
}
ANY_MEMBER = AUTHOR | {"shown": "S y y y y y y", "closed": "S y y y y y y"}
READER = {
    "shown": "y y y y y y y",
    "closed": "y y y y y y y",
    "hidden": ". . . . y . y",
    "deleted": ". . . . . . y",
}
OF_COMMENT = {
    "shown": "S n n n y n n",
    "hidden": "S . . . n . n",
    "deleted": "S . . . . . n",
    "below hidden": "S . . . y . n",
    "below deleted": "S . . . n . n",
}
READER_OF_COMMENT = {
    "shown": "y y y y y y y",
    "hidden": ". . . . y . y",
    "deleted": ". . . . . . y",
    "below hidden": ". . . . y . y",
    "below deleted": ". . . . y . y",
}
EVEN_HIDDEN = {"hidden": "S . . . y . n"}
AND_BELOW = EVEN_HIDDEN | {"below deleted": "S . . . y . n"}  # one's own words, wherever they are

ACTS = {  # name: (path, form or None for a GET, what each kind of content comes to)
    "publish": ("/", TEXT, {"the site": "S n y y y y y"}),
    "read": ("/post/{post}", None, READER),
    "edit": ("/post/{post}/edit", TEXT, AUTHOR),
    "delete": ("/post/{post}/delete", {}, AUTHOR | EVEN_HIDDEN),
    "close": ("/post/{post}/close", {}, AUTHOR),
    "open": ("/post/{post}/open", {}, AUTHOR),
    "history": ("/post/{post}/history", None, READER),
    "comment": (
        "/post/{post}",
        TEXT,
        {
            "shown": "S y n y y y y",
            "closed": "S n n n n n n",
            "hidden": "S . n . n . n",
            "deleted": "S . n . . . n",
        },
    ),
    "like": ("/post/{post}/like", {}, ANY_MEMBER),
    "unlike": ("/post/{post}/unlike", {}, ANY_MEMBER),
    "bookmark": ("/post/{post}/bookmark", {}, ANY_MEMBER),
    "unbookmark": ("/post/{post}/unbookmark", {}, ANY_MEMBER),
    "watch": ("/post/{post}/watch", {}, ANY_MEMBER),
    "unwatch": ("/post/{post}/unwatch", {}, ANY_MEMBER),
    "link to comment": ("/comment/{comment}", None, READER_OF_COMMENT),
    "edit comment": ("/comment/{comment}/edit", TEXT, OF_COMMENT),
    "delete comment": ("/comment/{comment}/delete", {}, OF_COMMENT | AND_BELOW),
    "history of comment": ("/comment/{comment}/history", None, READER_OF_COMMENT),
    "follow": ("/user/carol/follow", {}, {"a member": "S y y n y y y"}),
    "unfollow": ("/user/carol/unfollow", {}, {"a member": "S y y n y y y"}),
    "mute": ("/user/carol/mute", {}, {"a member": "S y y y y y y"}),
    "unmute": ("/user/carol/unmute", {}, {"a member": "S y y y y y y"}),
}
OF_POSTS = ["edit", "delete", "close", "open", "comment", "like", "unlike", "bookmark"]
OF_POSTS += ["unbookmark", "watch", "unwatch"]
CHANGING = {"publish", "edit", "delete", "comment", "like", "bookmark", "follow"}  # for certain
CHANGING |= {"edit comment", "delete comment", "mute"}


@pytest.fixture
def cast(app):
    for name, mask in ROLES.items():
        keep(Role(name=name, permissions=int(mask)))
    roles = dict.fromkeys(PEOPLE[1:], "User") | {"moderator": "Moderator"}
    roles |= {name: name for name in ROLES}
    make_user("carol")
    return {name: make_user(name, role=role, last_seen=utcnow()) for name, role in roles.items()}


@pytest.fixture
def browsers(app, cast):
    """One for each of PEOPLE, signed in."""
    browsers = {name: app.test_client() for name in PEOPLE}
    for name, person in cast.items():
        browsers[name].sign_in(person)
    return browsers


def content(cast, act, kind):
    """A post by the author with a comment of theirs below, one of both as the kind says."""
    author, staff = cast["author"], cast["moderator"]
    post = make_post(author)
    comment = make_comment(post, author, "A comment to quote.")
    about_comment = act.endswith(" comment") and not kind.startswith("below")
    thing = comment if about_comment else post
    if kind.endswith("hidden"):
        thing.hide(by=staff, reason="It is spam.")
    elif kind.endswith("deleted"):
        thing.delete()
    elif kind == "closed":
        post.close()
    db.session.commit()
    return post, comment


def meets(client, act, post, comment):
    path, form, _ = ACTS[act]
    path = path.format(post=post.id, comment=comment.id)
    answer = client.get(path) if form is None else client.post(path, data=form)
    if answer.location and answer.location.startswith("/auth/login"):
        return "S"
    return {200: "y", 302: "y", 401: "S", 403: "n", 404: "."}[answer.status_code]


def meet_what_the_table_says(browsers, cast, act, kinds):
    path, form, rows = ACTS[act]
    for kind in kinds:
        expected, met = dict(zip(PEOPLE, rows[kind].split(), strict=True)), {}
        things = content(cast, act, kind)
        before = everything_but_visits()
        for name in [name for name in PEOPLE if expected[name] != "y"]:
            met[name] = meets(browsers[name], act, *things)
        assert everything_but_visits() == before, kind

        for name in [name for name in PEOPLE if expected[name] == "y"]:
            things = content(cast, act, kind)
            before = act in CHANGING and everything_but_visits()
            met[name] = meets(browsers[name], act, *things)
            assert not before or everything_but_visits() != before, (kind, name)
        assert met == expected, (act, kind)


ASKED = {  # what the pages ask of a post or a comment
    "read": lambda post, person: post.visible_to(person),
    "edit": lambda post, person: post.editable_by(person),
    "delete": lambda post, person: post.deletable_by(person),
    "close": lambda post, person: post.closable_by(person),
    "comment": lambda post, person: post.commentable_by(person),
    "like": lambda post, person: post.markable_by(person),
    "link to comment": lambda comment, person: comment.visible_to(person),
    "edit comment": lambda comment, person: comment.editable_by(person),
    "delete comment": lambda comment, person: comment.deletable_by(person),
}


def test_posts_and_comments_answer_as_the_table_says(cast):
    """What cannot be seen is not there, as the pages say first."""
    people = {"visitor": AnonymousUser(), **cast}
    kinds = {"shown", "closed", "hidden", "deleted", "below hidden", "below deleted"}
    things = {(of, kind): content(cast, of, kind) for of in ("post", "a comment") for kind in kinds}
    said, expected = {}, {}
    for act, answers in ASKED.items():
        of = "a comment" if act.endswith(" comment") else "post"
        for kind, row in ACTS[act][2].items():
            thing = things[of, kind][of == "a comment"]
            expected[act, kind] = [word == "y" for word in row.split()]
            said[act, kind] = [
                thing.visible_to(person) and answers(thing, person) for person in people.values()
            ]

    assert said == expected


def test_pages_let_people_do_what_the_table_says(browsers, cast):
    """Each act by its author and by somebody else; what is hidden is not there."""
    met, expected = {}, {}
    for act, (_, _, rows) in ACTS.items():
        first = next(iter(rows))
        for kind, name in ((first, "author"), (first, "other"), ("hidden", "other")):
            if kind in rows:
                things = content(cast, act, kind)
                word = dict(zip(PEOPLE, rows[kind].split(), strict=True))[name]
                watched = word != "y" or act in CHANGING
                before = watched and everything_but_visits()
                met[act, kind, name] = meets(browsers[name], act, *things)
                expected[act, kind, name] = word
                if watched:
                    changed = everything_but_visits() != before
                    assert changed == (word == "y"), (act, kind, name)

    assert met == expected


@pytest.mark.large
@pytest.mark.parametrize("act", ACTS)
def test_each_may_do_what_the_table_says_and_nothing_else_happens(browsers, cast, act):
    meet_what_the_table_says(browsers, cast, act, ACTS[act][2])


def allowed(act, kind, name):
    kinds = ACTS[act][2]
    return dict(zip(PEOPLE, kinds[kind].split(), strict=True))[name] == "y"


def offered(page, act, post, comment):
    path = ACTS[act][0].format(post=post.id, comment=comment.id)
    if act == "comment":
        return f'action="{path}#comment-form"' in page
    return f'href="{path}"' in page or f'formaction="{path}"' in page


@pytest.mark.parametrize("kind", ["shown", "closed", "hidden"])
def test_the_page_of_a_post_offers_what_its_views_allow(browsers, cast, kind):
    things = content(cast, "read", kind)
    so_already = {"close" if kind == "closed" else "open", "unlike", "unbookmark"}
    for name in [name for name in PEOPLE[3:] if allowed("read", kind, name)]:
        now = so_already | {"watch" if name == "author" else "unwatch"}  # who writes, watches
        page = browsers[name].get(f"/post/{things[0].id}").text

        shown = {act for act in OF_POSTS if offered(page, act, *things)}
        assert shown == {act for act in OF_POSTS if allowed(act, kind, name)} - now, name


def test_a_thread_offers_with_a_comment_what_its_views_allow(browsers, cast):
    acts = ["edit comment", "delete comment"]
    for kind in ("shown", "hidden", "deleted", "below hidden"):
        post, comment = content(cast, acts[0], kind)
        for name in ("visitor", "author", "other", "moderator"):
            page = browsers[name].get(f"/post/{post.id}").text

            assert ("A comment to quote." in page) == allowed("link to comment", kind, name)
            shown = {act for act in acts if offered(page, act, post, comment)}
            assert shown == {act for act in acts if allowed(act, kind, name)}, (kind, name)


def test_who_may_comment_may_quote_what_everybody_sees(browsers, cast):
    for kind in ("shown", "closed", "hidden"):
        post, comment = content(cast, "close" if kind == "closed" else "edit comment", kind)
        for name in ("visitor", "no_comment", "author"):
            may = kind == "shown" and allowed("comment", "shown", name)

            assert (f"?quote={comment.id}#" in browsers[name].get(f"/post/{post.id}").text) == may
            page = browsers[name].get(f"/post/{post.id}?quote={comment.id}").text
            assert ("&gt; A comment to quote." in page) == may, (kind, name)


def test_forms_to_publish_and_to_follow_are_there_for_who_may(browsers):
    for name in PEOPLE:
        writes = '<form class="sheet writing"' in browsers[name].get("/").text
        follows = 'formaction="/user/carol/follow"' in browsers[name].get("/user/carol").text

        assert writes == allowed("publish", "the site", name)
        assert follows == allowed("follow", "a member", name)


def test_who_lost_the_permission_to_write_edits_no_more_but_may_delete(browsers, cast):
    """What one wrote stays one's own, also where one is silenced."""
    post, comment = content(cast, "read", "shown")
    cast["author"].role, client = Role.named("no_write"), browsers["author"]

    assert client.post(f"/post/{post.id}/edit", data=TEXT).status_code == 403
    assert f"/post/{post.id}/edit" not in client.get(f"/post/{post.id}").text
    assert client.post(f"/comment/{comment.id}/edit", data=TEXT).status_code == 302
    assert client.post(f"/post/{post.id}/delete").status_code == 302


def test_a_role_that_may_everything_but_moderate_sees_nothing_hidden(client, cast):
    """D004-2: permissions decide, whatever a role is called."""
    keep(Role(name="Boss", permissions=int(FOLLOW | COMMENT | WRITE | Permission.ADMIN)))
    post, _ = content(cast, "read", "hidden")
    client.sign_in(make_user("boss", role="Boss"))

    assert client.get(f"/post/{post.id}").status_code == 404


def test_nothing_that_members_wrote_is_changed_by_a_get(browsers, cast):
    """D000-11, D001-1."""
    post, comment = content(cast, "read", "shown")
    before = everything_but_visits()

    for act, (path, _, _) in ACTS.items():
        answer = browsers["author"].get(path.format(post=post.id, comment=comment.id))
        assert answer.status_code in (200, 302, 405), act
    assert everything_but_visits() == before


@pytest.mark.parametrize("word", ["WRITE", "COMMENT", "FOLLOW"])
def test_a_refusal_names_the_permission_that_is_missing(browsers, cast, word):
    """D004-1: with status 403."""
    post, _ = content(cast, "read", "shown")
    path = {"WRITE": "/", "COMMENT": f"/post/{post.id}", "FOLLOW": "/user/carol/follow"}[word]

    page = browsers[f"no_{word.lower()}"].post(path, data=TEXT)

    assert page.status_code == 403 and f"You need the permission {word}" in page.text

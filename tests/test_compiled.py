"""Statements are compiled once in a process: SQLAlchemy finds each again in its cache."""

import pytest
from factories import PASSWORD, make_post, make_user
from sqlalchemy import event

from app.extensions import db

pytestmark = pytest.mark.both_databases


@pytest.fixture
def compiled(app):
    """The statements that SQLAlchemy compiles while this test runs."""
    seen = []

    def look(connection, cursor, statement, parameters, context, many):
        if context.compiled and context.cache_hit.name != "CACHE_HIT":
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", look)
    yield seen
    event.remove(db.engine, "before_cursor_execute", look)


def test_who_does_the_same_again_has_nothing_compiled(client, alice, compiled):
    bob = make_user("bob")
    posts = [make_post(bob) for _ in range(3)]
    acts = {"/": {"body": "Hello, @bob. #greeting"}}
    acts |= {"/post/{}": {"body": "An answer."}, "/post/{}/like": {}, "/post/{}/bookmark": {}}
    acts |= {"/user/bob/follow": {}, "/user/bob/mute": {}, "/user/bob/unfollow": {}}
    form = {"login": "alice", "password": PASSWORD}
    acts |= {"/auth/logout": {}, "/auth/login": form}
    client.sign_in(alice)

    seen = {}
    for post in posts:
        for path, data in acts.items():
            compiled.clear()
            answer = client.post(path.format(post.id), data=data)
            assert answer.status_code == 302, path
            seen[path] = list(compiled)

    assert seen == dict.fromkeys(acts, [])

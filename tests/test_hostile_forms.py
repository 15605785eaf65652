"""Every form that a crawl finds, with what no person would send: never a 5xx, nothing half saved.

New forms go through what test_bad_input.py tries on others, from the day they are linked to.
"""

import io
import re
from urllib.parse import quote_plus, urlencode

import pytest
from crawling import crawl, kinds_of_forms
from factories import PASSWORD, everything_but_visits, keep, make_mail, make_report
from test_bad_input import BROKEN_UTF8, FEW_NUMBERS, JUNK, URLENCODED

from app.extensions import limiter
from app.models import Appeal, Comment, Page, Post, Role, RoleRequest, Sanction

TYPED = ("text", "search", "textarea", "email", "number", "date", "datetime-local", "hidden")
WORDS = ("text", "search", "textarea", "email")
KINDS = {kind: {**JUNK, **BROKEN_UTF8}[kind] for kind in ("too long", "NUL", "lone surrogate")}
ODD = [b"a\0b", b"-1", b"9" * 30, b"2026-02-30"]


pytestmark = pytest.mark.large


@pytest.fixture(params=["bob", "ada"])
def forms(request, client, alice, bob, ada):
    """The forms that a member and an administrator find, one of each kind."""
    Page.insert_pages()
    post = Post.publish("Hello @alice #tag.", by=alice, form_key="a")
    Comment.publish(post, "Well.", by=bob, form_key="b")
    Post.publish("Mine.", by=bob, form_key="c")
    keep(Role(name="Helper", permissions=1))
    moderator = Role.named("Moderator")
    moderator.requestable = True
    RoleRequest.ask(alice, moderator, "Because.")
    warning = Sanction.impose(bob, "warning", by=ada, reason="Be kind.")
    Appeal.open(warning, by=bob, body="I was.")
    Sanction.impose(bob, "notice", by=ada, reason="Be kind.")
    make_mail()
    make_report(post, by=bob)
    client.sign_in(dict(bob=bob, ada=ada)[request.param])
    return [form for form in kinds_of_forms(crawl(client)) if form.action != "/auth/logout"]


def believable(form):
    """What a person would send, so that only the one bad field can be why it is refused."""
    sent = dict(form.sends)
    for name, type_ in form.types.items():
        if type_ in ("text", "textarea") and not sent.get(name):
            sent[name] = "Words"
        elif type_ == "email":
            sent[name] = "nora@example.org"
        elif type_ == "password":
            sent[name] = PASSWORD
    return sent


def send(client, form, sent, field, junk):
    """Send what is believable, but for one field of raw bytes."""
    limiter.reset()
    sent = {**sent, field: junk}
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in sent.items())
    if form.method == "post":
        return client.post(form.action, data=body, content_type=URLENCODED)
    return client.get(f"{form.action.partition('?')[0]}?{body}")


def test_junk_in_any_field_for_words_is_refused_everywhere(client, forms):
    """R-86, R-88: whatever else is right."""
    posts = [form for form in forms if form.method == "post"]
    before, tried = everything_but_visits(), 0
    for form in posts:
        for field in (name for name, type_ in form.types.items() if type_ in WORDS):
            for kind, junk in KINDS.items():
                answer = send(client, form, believable(form), field, junk)
                assert answer.status_code in (200, 400, 403), (form.action, field, kind)
                tried += 1
        assert everything_but_visits() == before, form.action

    assert tried > 30


@pytest.mark.postgresql  # which takes less than SQLite does
def test_junk_in_any_other_field_breaks_nothing(client, forms):
    """R-86: hidden ones, numbers, dates, choices; and questions sent by GET."""
    for form in forms:
        for field, type_ in form.types.items():
            if form.method == "post" and type_ in WORDS:
                continue
            for junk in ODD:
                answer = send(client, form, believable(form), field, junk)
                assert answer.status_code < 500, (form.method, form.action, field, junk[:40])


def test_a_list_a_file_and_a_second_value_are_no_text(client, forms):
    """R-86."""
    for form in forms:
        fields = [name for name, type_ in form.types.items() if type_ in WORDS]
        if form.method == "get" or not fields:
            continue
        good = believable(form)
        for field in fields:
            limiter.reset()
            rest = {name: value for name, value in good.items() if name != field}
            lists = {f"{field}[]": "x", f"{field}.x": "x", f"{field}[0]": "x"}
            twice = urlencode([*good.items(), (field, "a"), (field, "b")])
            file = {field: (io.BytesIO(b"\x89PNG\r\n"), "a\x00.png")}
            answers = [
                client.post(form.action, data={"csrf_token": "x", **lists}),
                client.post(form.action, data={**rest, **file}),
                client.post(form.action, data=twice, content_type=URLENCODED),
            ]
            assert all(answer.status_code < 500 for answer in answers), (form.action, field)
            assert answers[2].status_code in (200, 400, 403, 404), (form.action, field)


@pytest.mark.both_databases
def test_another_number_in_any_address_is_not_there(client, forms):
    """R-86, R-90: 2^31, 2^63, negative, other digits and junk."""
    numbered = {re.sub(r"\d+", "{}", form.action): form for form in forms}
    numbered = {action: form for action, form in numbered.items() if "{}" in action}
    assert numbered
    for action, form in numbered.items():
        for number in FEW_NUMBERS:
            limiter.reset()
            path = action.replace("{}", quote_plus(number), 1).replace("{}", "1")
            for answer in (client.post(path, data=believable(form)), client.get(path)):
                assert answer.status_code < 500, path


def test_a_form_that_is_sent_twice_breaks_nothing(client, forms):
    """A double click: the second of them gets an answer, too."""
    for form in forms:
        if form.method == "post":
            limiter.reset()
            for _ in range(2):
                assert client.post(form.action, data=believable(form)).status_code < 500, form

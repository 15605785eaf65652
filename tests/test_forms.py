"""What all forms have in common: line ends, what is empty, and which way text is read."""

import re

import pytest
from factories import make_post
from flask import request
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from app.forms import ABOUT_LENGTH, Form
from app.models import Comment, Page, Post
from app.text.names import is_blank

NOTHING = [
    " \n\t",
    "\u00a0\u2003",
    "\u200b\u2060",
    "\u3164\u2800",
    "[a]: https://example.org",
    "&nbsp;",
    "&#8203; &zwnj;",
    "#",
    "# \n## ",
    "```\n```",
    "~~~python\n\n~~~",
    ">",
    "> \n- \n* ",
    "---",
    "|||\n|-|-|\n|||",
]
SOMETHING = [".", "0", "1.", "\\#", "😀", "`x`", "[](/x)", "![](/x)", "```\n.\n```", "&amp;", "日"]


def forms(cls=FlaskForm):
    for form in cls.__subclasses__():
        yield form
        yield from forms(form)


def test_no_form_stands_alone():
    """So no field of several lines counts a line end twice."""
    ours = {form for form in forms() if form.__module__.startswith("app.")}

    assert [form for form in ours if not issubclass(form, Form)] == []
    assert len(ours) > 30


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_end_of_a_line_is_one_character_in_every_form(app, end):
    class AnyForm(Form):
        one, other = TextAreaField(), TextAreaField()

    with app.test_request_context(method="POST", data={"one": f"a{end}{end}b", "other": end}):
        form = AnyForm()
        assert request.form["one"].count("a") == 1
        assert (form.one.data, form.other.data) == ("a\n\nb", "\n")


def test_about_me_is_as_long_as_the_browser_counts(client, alice):
    client.sign_in(alice)
    about = "ab\r\n" * (ABOUT_LENGTH // 3) + "a"

    assert client.post("/settings/profile", data={"about_me": about}).status_code == 302
    assert len(alice.about_me) == ABOUT_LENGTH // 3 * 3 + 1 and "\r" not in alice.about_me


def test_a_text_in_which_nobody_sees_anything_is_refused_as_an_empty_one(client, alice):
    post = make_post(alice)
    client.sign_in(alice)
    for path, model in (("/", Post), (f"/post/{post.id}", Comment)):
        before = model.query.count()
        for text in NOTHING:
            page = client.post(path, data={"body": text})
            assert page.status_code == 200 and "Write something first." in page.text, text
        assert model.query.count() == before
    assert client.post(f"/post/{post.id}/edit", data={"body": "&nbsp;"}).status_code == 200


def test_what_is_refused_as_empty_is_not_lost(client, alice):
    client.sign_in(alice)

    page = client.post("/", data={"body": "[a]: https://example.org"}).text

    assert "[a]: https://example.org</textarea>" in page


def test_whatever_can_be_seen_is_a_text(client, alice):
    client.sign_in(alice)

    assert {text: client.post("/", data={"body": text}).status_code for text in SOMETHING} == (
        dict.fromkeys(SOMETHING, 302)
    )


def test_pages_and_messages_are_not_empty_either(client, ada, alice):
    client.sign_in(ada)
    for body in ("# ", "[a]: /b", "\u2800"):
        form = dict(slug="empty", title="Empty", body=body, save="1")
        assert "Enter a text." in client.post("/admin/pages/new", data=form).text
    assert Page.at("empty") is None
    form = dict(slug="empty", title="\u2800", body="x", save="1")
    assert "Enter a title." in client.post("/admin/pages/new", data=form).text


def test_what_people_type_and_wrote_may_be_read_from_the_right(client, alice):
    alice.about_me, alice.first_name = "שלום", "שרה"
    post = make_post(alice, "שלום")
    client.sign_in(alice)
    for path in ("/", f"/post/{post.id}", "/settings/profile", "/user/alice", "/search?q=שלום"):
        page = client.get(path).text
        fields = re.findall(r"<textarea [^>]*>|<input [^>]*type=\"(?:text|search)\"[^>]*>", page)
        shown = [field for field in fields if " hidden" not in field]
        assert shown and [field for field in shown if 'dir="auto"' not in field] == [], path
        words = re.findall(r"<(?!input|textarea)[^<]*>(?:<p>)?[^<]*(?:<mark>)?שלום", page)
        main = [tag for tag in words if "<title" not in tag and "-hidden" not in tag]
        assert all("dir=" in tag or tag.startswith("<p>") for tag in main), (path, main)


def test_signs_that_show_nothing_are_blank():
    blank = "\u0301", "\ue000", "\U0001d159", "\ufffc", "\u2800", "\u200b\u00ad", " \n"
    assert [text for text in blank if not is_blank(text)] == []
    assert [text for text in ("a", "1", "_", "\u65e5", "\U0001f600", "-") if is_blank(text)] == []

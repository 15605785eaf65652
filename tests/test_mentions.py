"""Names and tags in a text: which lead somewhere, and what only looks like one."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from app.text.markdown import MOST_NAMED, Text, render, tag_key, tag_of

LINKED = re.compile(r'<a href="/(?:user|tag)/[^"]*">(.*?)</a>')


def named(text):
    """The names and tags that are links, were there a member of every name."""
    draft = Text(text)
    html = draft.html({key: key for key in draft.mentions})
    return [words.replace("&amp;", "&") for words in LINKED.findall(html)]


NAMED = dict(
    [
        ("Ask @bob.", ["@bob"]),
        ('@bob, @carol: (@dave) "@erin" @frank\'s', ["@bob", "@carol", "@dave", "@erin", "@frank"]),
        ("@snake_case_name and @_no", ["@snake_case_name"]),
        ("_Thanks, @snake_case_name_", ["@snake_case_name"]),
        ("**@bob** *@a_b_c* ~~@d~~", ["@bob", "@a_b_c", "@d"]),
        ("@anna.maria.smith...", ["@anna.maria.smith"]),
        ("@Bob", ["@Bob"]),
        (
            "# @bob\n\n- @carol\n\n> @dave\n\n|@e|\n|-|\n|@f|",
            ["@bob", "@carol", "@dave", "@e", "@f"],
        ),
        ("one\n@bob", ["@bob"]),
        ("one  \n@bob", ["@bob"]),
        ("bob@example.org, <carol@example.org>", []),
        ("b*ob*@example.org `bob`@example.org", []),
        ("@bob@mastodon.example", []),
        ("https://example.org/@bob and example.org/#tag", []),
        ("`@bob` and\n\n    @carol\n\n```\n@dave #tag\n```", []),
        ("[@bob #tag](https://example.org)", []),
        (r"\@bob \#tag &#64;carol", []),
        (r"\\@bob", ["@bob"]),
        ("@bobé @böb @" + "x" * 65, []),
        ("@" + "x" * 64, ["@" + "x" * 64]),
        ("@ @@bob @1 @é", []),
        ("#flask #Flask_2 #été #日本語", ["#flask", "#Flask_2", "#été", "#日本語"]),
        ("#हिन्दी #สวัสดี #e\u0301te\u0301", ["#हिन्दी", "#สวัสดี", "#e\u0301te\u0301"]),
        ("#1 #2024 #_ ##x a#b &#35; #" + "x" * 51, []),
        ("#1st, #x.", ["#1st", "#x"]),
        ("C# and F#", []),
    ],
)


def test_what_is_a_name_and_what_only_looks_like_one():
    assert {text: named(text) for text in NAMED} == NAMED


def test_who_is_not_there_is_not_linked():
    assert str(Text("@bob and @carol").html({"bob": "Bob"})) == (
        '<p><a href="/user/Bob">@bob</a> and @carol</p>\n'
    )


def test_a_text_names_twenty_people_at_most():
    text = " ".join(f"@member{number}" for number in range(50))

    assert len(Text(text).mentions) == len(named(text)) == MOST_NAMED


CALLED = {
    "> @carol said\n\nYes, @dave.": ["dave"],
    "@bob:\n> with @carol\n\nYes, @dave.": ["bob", "dave"],
    "> @carol\n> > @dave\n\n- > @erin\n- @frank": ["frank"],
    "> @carol\n\n@Carol!": ["carol"],
    "> @carol\nand @dave": [],  # a quotation goes on until there is an empty line
}


def test_a_name_in_a_quotation_is_linked_and_calls_nobody():
    assert {text: Text(text).called for text in CALLED} == CALLED
    assert all(len(named(text)) == text.count("@") for text in CALLED)


def test_who_is_called_is_linked_however_many_are_quoted():
    text = "> " + " ".join(f"@member{number}" for number in range(50)) + "\n\n@bob"

    assert Text(text).called == ["bob"] and "@bob" in named(text)


def test_an_escaped_sign_is_still_seen():
    assert str(Text(r"\@bob & \#tag").html({})) == "<p>@bob &amp; #tag</p>\n"


def test_a_tag_is_one_however_it_is_written():
    assert Text("#Été #ÉTÉ #e\u0301te\u0301 #_été_").tags == ["été"]


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_a_tag_that_is_kept_is_kept_as_it_is(text):
    """Else its page would lead to itself for ever."""
    tag = tag_of(text)
    assert tag is None or tag_of(tag) == tag
    assert tag == (tag_key(text) if tag else None)


@settings(max_examples=40)
@given(st.text(alphabet="@#_.*~`\\[]()<>&; abéß9हि\n", max_size=80))
def test_names_never_change_what_is_read(text):
    draft = Text(text)
    with_links = str(draft.html({key: key for key in draft.mentions}))

    assert LINKED.sub(r"\1", with_links) == str(render(text))

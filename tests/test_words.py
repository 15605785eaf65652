"""Words as the search knows them, and excerpts: escaped text, and <mark> around what was found."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from app.words import (
    EXCERPT,
    Term,
    beginning,
    excerpt,
    marked,
    plain,
    terms_of,
    without_controls,
    words_of,
)

MIGRATION = Path(__file__).parent.parent / "migrations/versions/20261124_search.py"
TAG = re.compile(r"<[^>]*>?")
ODD = "aAbBßİıςΣéÉe\u0301ﬁ½ŉﷺ東京カｶﾞか\u3099สวัहिन्_'\"<>&;*:%\\() \n\u200d\ufe0f❤😀"


WORDS = dict(
    [
        ("Café CAFÉ cafe\u0301", "cafe"),
        ("Straße STRASSE", "strasse"),
        ("Łódź, Søren, Æsir", "lodz soren aesir"),
        ("İstanbul ISPARTA ısparta", "istanbul isparta"),
        ("Οδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("ёлка ЕЛКА", "елка"),
        ("snake_case, don't; x@y.org 3.14", "snake case don t x y org 3 14"),
        ("東京大学", "東京 京大 大学 学"),
        ("か\u3099く", "がく く"),
        ("हिन्दी", "हिन्दी"),
        ("❤\ufe0f 😀 !?", ""),
        ("x" * 70, "x" * 64),
    ],
)


def test_the_words_of_a_text():
    assert {text: words_of(text) for text in WORDS} == WORDS


def test_the_last_word_of_a_question_may_be_a_beginning_and_short_ones_are_whole():
    assert terms_of("Hello Wor") == [Term("hello"), Term("wor", beginning=True)]
    assert terms_of("hello wo") == [Term("hello"), Term("wo")]


def test_a_letter_of_a_script_without_spaces_is_found_anywhere():
    assert terms_of("学") == [Term("学", beginning=True)]
    assert any(terms_of("学")[0].matches(word) for word in words_of("東京大学").split())


def test_of_a_question_without_an_end_only_the_first_words_count():
    assert len(terms_of(" ".join(map(str, range(5000))))) == 10
    assert terms_of('" ( * : % \x00 \U0001f600' * 2000) == []


@settings(max_examples=40)
@given(st.text() | st.text(alphabet=ODD))
def test_whoever_asks_for_a_word_of_a_text_finds_it(text):
    words = words_of(text).split(" ")

    assert all(any(term.matches(word) for word in words) for term in terms_of(text))


@settings(max_examples=40)
@given(st.text() | st.text(alphabet=ODD))
def test_a_word_holds_nothing_that_means_something_to_a_database(text):
    assert not re.search(r"[\s'\"\\:&|!()<>*@\x00]", words_of(text).replace(" ", ""))


@settings(max_examples=40)
@given(st.text() | st.text(alphabet=ODD))
def test_the_migration_makes_the_same_words(text):
    assert migration.words_of(text) == words_of(text)


def load(path):
    spec = spec_from_file_location("search_migration", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


migration = load(MIGRATION)


# Excerpts


@settings(max_examples=40)
@given(st.text(max_size=400) | st.text(alphabet=ODD, max_size=400), st.text(alphabet=ODD))
def test_an_excerpt_holds_no_tag_but_mark_and_no_other_text(text, question):
    html = excerpt(text, terms_of(question), 80)

    assert set(TAG.findall(html)) <= {"<mark>", "</mark>"}
    assert re.fullmatch(r"(?:[^<]|<mark>[^<]+</mark>)*", html, re.DOTALL)
    shown = Markup(TAG.sub("", html)).unescape().strip("…").strip()
    assert shown in Markup(escape(text)).unescape() or not text.isascii()


@settings(max_examples=40)
@given(st.text(alphabet=ODD, max_size=60))
def test_a_short_text_is_shown_whole(text):
    assert marked("<b> & " + text, [Term("b")]).startswith("&lt;<mark>b</mark>&gt; &amp; ")


MARKED = [
    ("A café & a cafe", "CAFE", "A <mark>café</mark> &amp; a <mark>cafe</mark>"),
    ("an ant", "an ant", "<mark>an</mark> <mark>ant</mark>"),
    ("breads, bread", "bread", "<mark>breads</mark>, <mark>bread</mark>"),
    ("東京大学です", "京大学", "東<mark>京大学</mark>です"),
    ("大学", "大", "<mark>大</mark>学"),
    ("nothing", "else", "nothing"),
]


def test_what_was_asked_for_is_marked():
    for text, question, html in MARKED:
        assert excerpt(text, terms_of(question)) == html


def test_an_excerpt_of_a_long_text_shows_where_the_words_stand():
    text = (
        "Once upon a time there was a miller. " * 100 + "Then came bread and butter. " + "x " * 500
    )

    html = excerpt(text, terms_of("bread butter"))

    assert "<mark>bread</mark> and <mark>butter</mark>" in html
    assert html.startswith("…") and html.endswith("…")
    assert len(Markup(html).striptags()) <= EXCERPT + 2


def test_the_beginning_of_a_text_ends_with_a_word():
    assert beginning("One, two, three", 10) == "One, two…"
    assert beginning("x" * 30, 10) == "x" * 9 + "…"
    assert beginning("Short", 10) == "Short"


def test_plain_text_has_no_signs_of_html():
    assert plain("<p>a<em>b</em> &lt;i&gt;</p>\n<ul><li>c</li>\n<li>d</li></ul>") == "ab <i> c d"


def test_what_no_xml_may_hold_is_left_out():
    assert without_controls("a\x00\x0b\x1f\ufffe\ud800b\n") == "ab\n"

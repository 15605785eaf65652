"""Search words and excerpts: escaped text, with <mark> around what was found."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from app.text.search_words import (
    EXCERPT,
    Term,
    beginning,
    excerpt,
    marked,
    plain,
    question_of,
    relevance,
    without_controls,
    words_of,
)

TAG = re.compile(r"<[^>]*>?")
ODD = "aAbBßİıςΣéÉe\u0301ﬁ½ŉﷺ東京カｶﾞか\u3099สวัहिन्_'\"<>&;*:%\\() \n\u200d\ufe0f❤😀"


WORDS = dict(
    [
        ("Café CAFÉ cafe\u0301", "cafe cafe cafe"),
        ("Straße STRASSE", "strasse strasse"),
        ("Łódź, Søren, Æsir", "lodz soren aesir"),
        ("İstanbul ISPARTA ısparta", "istanbul isparta isparta"),
        ("Οδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ οδυσσευσ"),
        ("ёлка ЕЛКА", "елка елка"),
        ("snake_case, don't; x@y.org 3.14", "snake case dont x y org 3 14 ＋ don t"),
        ("One fish, two fish", "one fish two fish"),
        ("l’amour, rock 'n' roll", "lamour rock n roll ＋ l amour"),
        ("C++, C# (F#)! notepad++ c++11 a+b 18+", "c＋＋ c＃ f＃ notepad＋＋ c 11 a b 18"),
        ("東京大学", "東京 京大 大学 学"),
        ("か\u3099く", "がく く"),
        ("हिन्दी", "हिन्दी"),
        ("❤\ufe0f 😀 !?", ""),
        ("x" * 70, "x" * 64),
    ],
)


def test_the_words_of_a_text():
    assert {text: words_of(text) for text in WORDS} == WORDS


def phrases(text):
    """What a question looks for: words with spaces between them, an asterisk for a beginning."""
    lines = []
    for kind in ("phrases", "excluded"):
        found = getattr(question_of(text), kind)
        lines.append([" ".join(t.word + "*" * t.beginning for t in phrase) for phrase in found])
    return lines


QUESTIONS = {
    "Hello Wor": (["hello", "wor*"], []),
    "hello w": (["hello", "w"], []),
    "hello wo": (["hello", "wo*"], []),
    '"red Green" blue': (["red green", "blue*"], []),
    '"red green': (["red green"], []),
    "“red green” x": (["red green", "x"], []),
    "-spam ham": (["ham*"], ["spam"]),
    'ham -"cold spam" -egg': (["ham"], ["cold spam", "egg"]),
    "well-known": (["well", "known*"], []),
    "a - b": (["a", "b"], []),
    "don't": (["dont*"], []),
    "C++ c#": (["c＋＋", "c＃*"], []),
    "学": (["学*"], []),
    "京大学": (["京大", "大学*"], []),
    "-only -this": ([], ["only", "this"]),
    '"" * &': ([], []),
}


def test_what_a_question_looks_for():
    assert {text: tuple(phrases(text)) for text in QUESTIONS} == QUESTIONS


def test_what_is_not_looked_for_is_told():
    ignored = {
        "red & green": ["&"],
        "red green": [],
        '"" red': ['""'],
        " ".join(map(str, range(12))): ["10", "11"],
        "x" * 200 + " more": ["more"],
    }
    assert {text: question_of(text).ignored for text in ignored} == ignored


def test_a_letter_of_a_script_without_spaces_is_found_anywhere():
    (term,) = question_of("学").terms
    assert any(term.matches(word) for word in words_of("東京大学").split())


def test_of_a_question_without_an_end_only_the_first_words_count():
    assert len(question_of(" ".join(map(str, range(5000)))).terms) == 10
    assert question_of('" ( * : % \x00 \U0001f600' * 2000).terms == []


def test_a_text_meets_a_question():
    words = words_of("The red green fox doesn't like C++ or c#.").split()
    met = ["red fox", '"red green"', "doesnt", "doesn't", "c++", "-blue red", "gre"]
    not_met = ['"red fox"', "blue", "-red fox", '-"red green" fox', '"green red"', "c", "cpp"]

    assert [text for text in met if not question_of(text).is_met_by(words)] == []
    assert [text for text in not_met if question_of(text).is_met_by(words)] == []


def test_what_says_it_more_often_or_in_fewer_words_or_together_is_a_better_match():
    def score(text, question):
        return relevance(words_of(text).split(), question_of(question))

    assert score("bread and bread", "bread") > score("bread and milk", "bread")
    assert score("bread", "bread") > score("bread " + "milk " * 50, "bread")
    assert score("a fresh bread", "fresh bread") > score("a bread, fresh", "fresh bread")
    assert score("milk", "bread") == 0


@settings(max_examples=40)
@given(st.text() | st.text(alphabet=ODD))
def test_whoever_asks_for_a_word_of_a_text_finds_it(text):
    """But for signs that mean something in a question."""
    words = words_of(text).split(" ")
    plain_text = re.sub('[-\u2212"\u201c\u201d\u201e]', " ", text)
    question = question_of(plain_text)

    assert question_of(plain_text).is_met_by(words) or words_of(plain_text).split(" ") != words
    assert question.excluded == []


@settings(max_examples=40)
@given(st.text() | st.text(alphabet=ODD))
def test_a_word_holds_nothing_that_means_something_to_a_database(text):
    assert not re.search(r"[\s'\"\\:&|!()<>*@\x00]", words_of(text).replace(" ", ""))


# Excerpts


@settings(max_examples=40)
@given(st.text(max_size=400) | st.text(alphabet=ODD, max_size=400), st.text(alphabet=ODD))
def test_an_excerpt_holds_no_tag_but_mark_and_no_other_text(text, question):
    html = excerpt(text, question_of(question).terms, 80)

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
        assert excerpt(text, question_of(question).terms) == html


def test_an_excerpt_of_a_long_text_shows_where_the_words_stand():
    text = (
        "Once upon a time there was a miller. " * 100 + "Then came bread and butter. " + "x " * 500
    )

    html = excerpt(text, question_of("bread butter").terms)

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

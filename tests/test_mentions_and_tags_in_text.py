"""Mentions and tags become links and nothing else does, whatever stands around them."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_markdown import COSTLY, HARMFUL, Reader, check_cost, fill
from working import worked

from app.text.markdown import MOST_NAMED, Text, render, tag_key

LONGEST = 10_000  # characters of a post
NAMED = re.compile(r'<a href="/(?:user|tag)/[^"]*">([^<]*)</a>')
AROUND = ["{}@alice #tag", "@alice {}", "#tag{}", "@{}", "#{}", "[@alice {}](/ok)", "*@a {} #b*"]
AROUND += ["> @alice {}\n> #tag", "|@a|#b|\n|-|-|\n|{}|@c|", "# @alice {}", "`@alice` {} #tag"]


class Names(HTMLParser):
    """Whether a link stands within a link, or in code."""

    def __init__(self, html):
        super().__init__()
        self.open, self.faults = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "a" and {"a", "code", "pre"} & set(self.open):
            self.faults.append(f"link in {self.open}")
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.open.pop()


def html_of(text, people=None):
    """The HTML, where everybody who is mentioned is a member, after a look through it."""
    draft = Text(text)
    assert len(draft.mentions) <= MOST_NAMED and len(draft.tags) <= MOST_NAMED
    html = draft.html({key: key for key in draft.mentions} if people is None else people)
    assert Reader(html).faults == [], html
    return html


def test_what_is_meant_to_harm_is_text_beside_names_too():
    """R-13, R-15."""
    for around in AROUND:
        for text in HARMFUL[::4]:
            html_of(around.format(text))


@pytest.mark.large
def test_all_that_is_meant_to_harm_is_text_beside_names_too():
    """R-13, R-15."""
    for around in AROUND:
        for text in HARMFUL:
            html_of(around.format(text))


PARTS = ["@alice", "@a.b", "@a.", "#tag", "#ä%", "#ß", "#1", "@", "#", "@@", "##", "@a@b", "#a#b"]
PARTS += [*HARMFUL, *"<>[]()!*_`~|-\\&;:\"'/ \n\t.", "](/ok)", "\n\n", "```\n", "    ", "&#64;a"]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(PARTS)))
def test_no_mixture_with_names_does_harm(parts):
    """R-13, R-15."""
    html_of("".join(parts))


@settings(max_examples=40)
@given(st.text())
def test_no_text_with_names_does_harm(text):
    html_of(f"@{text} #{text} @a")


@settings(max_examples=50)
@given(st.text(alphabet="@#aB.ß_1*`~> -\n&;"))
def test_without_its_links_a_text_is_what_it_is_without_names(text):
    """A link is put around a name; no letter comes, goes or moves."""
    html = html_of(text)

    assert NAMED.sub(r"\1", html) == render(text)
    assert Names(html).faults == []
    assert html == html_of(text)


ODD = ["x/../../logout", '"><script>ran()</script>', "javascript:ran()", "//evil.example", "a b"]
ODD += ["", "\\evil", "\0", "x" * 5000, "a\nb", "?x=1#y"]


def test_no_name_of_a_person_leads_out_of_the_users():
    """Even one that no sign-up would take."""
    for name in ODD:
        reader = Reader(html_of("Hello @alice, @bob.", {"alice": name}))
        assert all(link.startswith("/user/") for link in reader.links), name
        assert reader.text == "Hello @alice, @bob.\n", name


LINKS = dict(
    [
        ("@alice", ["/user/alice"]),
        ("@a.b_c9.", ["/user/a.b_c9"]),
        ("(@alice), *@alice*: **~~@alice~~**", ["/user/alice"] * 3),
        ("# @alice", ["/user/alice"]),
        ("`@alice` #`a`", []),
        ("    @alice\n\n```\n@alice #a\n```", []),
        ("[@alice #a](/ok)", ["/ok"]),
        ("[*@alice*](/ok) @bob", ["/ok", "/user/bob"]),
        ("<mailto:me@alice>", ["mailto:me@alice"]),
        ("me@alice /@alice .@alice #@alice @@alice", []),
        ("\\@alice &#64;alice", []),
        ("@9a @.a @_a", []),
        ("@" + "a" * 65, []),
        ("@alicé", []),
        ("#Straße #STRASSE", ["/tag/strasse"] * 2),
        ("#naïve #日本", ["/tag/na%C3%AFve", "/tag/%E6%97%A5%E6%9C%AC"]),
        ("#100%", []),
        ('#a"onclick=ran()', ["/tag/a"]),
        ("#1 #2024 #_ #__", []),
        ("#a_ #__a", ["/tag/a"] * 2),
        ("#" + "a" * 51, []),
        ("x#a &#a ##a @#a a/#a", []),
        ("#C++, #c# and (#F#)", ["/tag/c%2B%2B", "/tag/c%23", "/tag/f%23"]),
        ("#Node.js. #e-mail- #.NET", ["/tag/node.js", "/tag/e-mail", "/tag/.net"]),
        ("#c+ #c++17 #c#d #at&t #1.2 #. #-", []),
        (
            "https://example.org/#a/@bob ann@bob.example",
            ["https://example.org/#a/@bob", "mailto:ann@bob.example"],
        ),
    ],
)


def test_which_words_are_names():
    assert {text: Reader(html_of(text)).links for text in LINKS} == LINKS


def test_no_more_than_twenty_are_named():
    for sign in "@#":
        text = " ".join(f"{sign}n{number}" for number in range(50))
        assert len(Reader(html_of(text)).links) == MOST_NAMED


@settings(max_examples=50)
@given(st.from_regex(r"\A[\w.+#-]{1,50}\Z"))
@example("ß" * 24 + "a_b")  # in small letters, it is cut at the line
def test_a_tag_and_its_address_are_one(word):
    key = tag_key(word)

    assert key is None or (tag_key(key) == key and len(key) <= 50)
    links = Reader(html_of(f"#{word}")).links
    assert links == ([] if key is None else links[:1])
    assert [unquote(link.removeprefix("/tag/")) for link in links] == [key] * len(links)


# What it costs

NAMES = {
    **{
        part: fill(part)
        for part in ("@a ", "#a ", "@", "#", "@a", "#a", "@a.", "@a,", "#ß ", "@a\n")
    },
    **{part: fill(part) for part in ("*@a* ", "[@a](/b) ", "`@a` ", "\\@a ", "@a|", "@a_ ", "#ﷺ ")},
    "one long name": lambda n: "@" + "a" * n,
    "one long tag": lambda n: "#" + "a" * n,
    "dots": lambda n: "@a" + "." * n,
    "nested emphasis": lambda n: "*" * (n // 3) + "@a #b " * (n // 18) + "*" * (n // 3),
    "different names": lambda n: " ".join(f"@n{i} #n{i}" for i in range(n // 12)),
    "long names": lambda n: f"@{'a' * 64} " * (n // 66),
}


def look(text):
    """The HTML, where everybody who is mentioned is a member."""
    draft = Text(text)
    return draft.html({key: key for key in draft.mentions})


@pytest.mark.large
def test_no_post_with_names_is_costly(subtests):
    for kind, make in NAMES.items():
        with subtests.test(kind):
            check_cost(make, look)


@pytest.mark.large
def test_no_post_is_costly():
    """R-20: as long as posts are, by what the processor worked."""
    for kind, make in COSTLY.items():
        seconds, html = worked(lambda make=make: look(make(LONGEST)), enough=3)
        assert seconds < 3, kind
        assert len(html) < 500_000, kind


def test_no_post_full_of_names_is_costly():
    """R-20: the costliest two; the rest takes its time: see above."""
    for kind in ("@a.", "#ß "):
        seconds, html = worked(lambda kind=kind: look(NAMES[kind](LONGEST)), enough=3)
        assert seconds < 3, kind
        assert len(html) < 500_000, kind

"""Whatever is written in Markdown, what comes out is harmless, and comes soon."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from working import worked

from app.text.markdown import LINK, REL, TAGS, render

ATTRIBUTES = {"a": {"href", "rel"}, "code": {"class"}, "ol": {"start"}, "th": {"scope"}}
VOID = {"br", "hr"}
THREE_TIMES = 3  # what ten times the text may cost more than ten times as much

HARMFUL = [
    "<script>ran()</script>",
    "<ScRiPt>ran()</sCrIpT>",
    "<script src=//evil.example></script>",
    "<script\n>ran()</script\n>",
    "<<script>ran()//<</script>",
    "<scr<script>ipt>ran()</script>",
    "<img src=x onerror=ran()>",
    "<img src=x onerror='ran()'//",
    "<svg onload=ran()>",
    "<svg><script>ran()</script></svg>",
    "<svg><animate onbegin=ran() attributeName=x dur=1s>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=ran()>",
    "<math href=javascript:ran()>x</math>",
    "<body onload=ran()>",
    "<iframe src=javascript:ran()></iframe>",
    "<iframe srcdoc='<script>ran()</script>'></iframe>",
    "<object data=javascript:ran()></object>",
    "<embed src=javascript:ran()>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=javascript:ran()'>",
    "<style>@import '//evil.example';</style>",
    "<p style=background:url(//evil.example)>x</p>",
    "<form action=//evil.example><button>x</button></form>",
    "<input autofocus onfocus=ran()>",
    "<details open ontoggle=ran()>",
    "<video><source onerror=ran()></video>",
    "<audio src=x onerror=ran()>",
    "<marquee onstart=ran()>",
    "<template><script>ran()</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=ran()>'>",
    "<textarea><img src=x onerror=ran()></textarea>",
    "<title><img src=x onerror=ran()></title>",
    "<xmp><img src=x onerror=ran()></xmp>",
    "<plaintext><img src=x onerror=ran()>",
    "<!--><img src=x onerror=ran()>-->",
    "<!-- --!><img src=x onerror=ran()>",
    "<![CDATA[><img src=x onerror=ran()>]]>",
    "<?php ran() ?><img src=x onerror=ran()>",
    "<a href=javascript:ran()>x</a>",
    "<a href='&#106;avascript:ran()'>x</a>",
    "<div\n\nonclick=ran()>x</div>",
    "</div></main></body><script>ran()</script>",
    "&lt;script&gt;ran()&lt;/script&gt;",
    "&#60;script&#62;ran()&#60;/script&#62;",
    "\\<script>ran()\\</script>",
    "[x](javascript:ran())",
    "[x](JavaScript:ran())",
    "[x](  javascript:ran())",
    "[x](<javascript:ran()>)",
    "[x](<java\tscript:ran()>)",
    "[x](java&Tab;script:ran&lpar;&rpar;)",
    "[x](java&NewLine;script:ran())",
    "[x](&#106;avascript:ran())",
    "[x](&#x6A;avascript&colon;ran())",
    "[x](javascript&#58;ran())",
    "[x](\\javascript:ran())",
    "[x](j\\avascript:ran())",
    "[x](\x01javascript:ran())",
    "[x](javascript://%0aran())",
    "[x](vbscript:ran())",
    "[x](data:text/html,<script>ran()</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5yYW4oKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=ran()>)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://evil.example/x)",
    "[x](feed:javascript:ran())",
    "[x](view-source:javascript:ran())",
    "[x](intent://x)",
    "[x](//evil.example)",
    "[x](\\//evil.example)",
    "[x](/\\/evil.example)",
    "[x](/\\\\evil.example)",
    "[x](/&#92;evil.example)",
    "[x](/&#9;/evil.example)",
    "[x](/&#47;evil.example)",
    "[x](https:evil.example)",
    "[x](https:\\\\evil.example)",
    "[x](http:/evil.example)",
    "[x]: javascript:ran()\n\n[x]",
    "[x]:\njavascript:ran()\n\n[x][]",
    "[x]: <java\tscript:ran()>\n\n[click][x]",
    '[x]: /ok "x" onclick="ran()"\n\n[x]',
    '[x](/ok "\\" onclick=ran() x=\\"")',
    '[x](/ok"onclick="ran\\(\\)")',
    "[x](https://ok.example/\"onmouseover='ran()')",
    "[x](/ok 'title\" onclick=\"ran()')",
    "[![x](javascript:ran())](javascript:ran())",
    "![x](javascript:ran())",
    "![x](https://evil.example/pixel.gif)",
    '![x" onerror="ran()](x)',
    "<javascript:ran()>",
    "<JAVASCRIPT:ran()>",
    "<data:text/html,ran()>",
    "<x:ran()>",
    '<https://ok.example/"onclick=ran()>',
    '<a@ok.example"onclick=ran()>',
    '```"onclick=ran()\n</code></pre><script>ran()</script>\n```',
    '``` x" onmouseover="ran()\nx\n```',
    "~~~<script>ran()</script>\nx\n~~~",
    "`<script>ran()</script>`",
    "    <script>ran()</script>",
    "# <script>ran()</script>",
    "> <img src=x onerror=ran()>",
    "- <img src=x onerror=ran()>",
    "|<script>ran()</script>|\n|-|\n|<img src=x onerror=ran()>|",
    '|a|\n|:-:" onclick=ran()|\n|b|',
    "*<b onclick=ran()>*",
    "~~<svg onload=ran()>~~",
    "**[x](javascript:ran())**",
    "[*<script>ran()</script>*](/ok)",
    "[<img src=x onerror=ran()>](/ok)",
    "[x](/ok)<script>ran()</script>",
    "{{ config }} {% raw %} ${ran()}",
    "\u2028<script>ran()</script>\u2029",
    "＜script＞ran()＜/script＞",
    "\ufeff<script>ran()</script>",
]


class Reader(HTMLParser):
    """Reads as a browser does, and holds each tag and attribute against what is allowed."""

    def __init__(self, html):
        super().__init__()
        self.faults, self.open, self.links, self.tags, self.text = [], [], [], [], ""
        self.feed(html)
        self.close()
        if self.open:
            self.faults.append(f"left open: {self.open}")

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in TAGS:
            self.faults.append(f"tag {tag}")
        if tag not in VOID:
            self.open.append(tag)
        for name, _ in attributes:
            if name not in ATTRIBUTES.get(tag, ()):
                self.faults.append(f"attribute {name} of {tag}")
        values = dict(attributes)
        if tag == "a" and "href" in values:
            self.look_at_link(values)

    def look_at_link(self, values):
        self.links.append(values["href"])
        if not re.match(r"(https?://|mailto:|/(?![/\\]))", values["href"], re.IGNORECASE):
            self.faults.append(f"link to {values['href']}")
        outside = not values["href"].startswith("/")
        if values.get("rel") != (REL if outside else None):
            self.faults.append(f"rel of {values['href']}")

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.faults.append(f"closed: {tag}")

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.faults.append(f"comment {data}")

    def handle_decl(self, data):
        self.faults.append(f"declaration {data}")

    unknown_decl = handle_pi = handle_decl


AROUND = ["> {}", "- {}", "1. {}", "# {}", "|a|\n|-|\n|{}|", "*{}*"]


def read(text):
    reader = Reader(render(text))
    assert reader.faults == [], render(text)
    return reader


def test_what_is_meant_to_harm_is_text():
    """R-13, R-15, R-16."""
    assert {text: Reader(render(text)).faults for text in HARMFUL} == dict.fromkeys(HARMFUL, [])


def test_what_is_meant_to_harm_is_text_wherever_it_stands():
    """R-13."""
    for around in AROUND:
        read("\n\n".join(around.format(text) for text in HARMFUL))


@pytest.mark.large
def test_each_that_is_meant_to_harm_is_text_alone_wherever_it_stands():
    """R-13."""
    for around in AROUND:
        for text in HARMFUL:
            read(around.format(text))


def test_all_of_it_together_does_no_harm_either():
    """R-13: what one leaves open, another may close."""
    for glue in ("", "\n", "\n\n", "`", '"', "<", "[", "]("):
        read(glue.join(HARMFUL))
        read(glue.join(reversed(HARMFUL)))


@settings(max_examples=50)
@given(st.lists(st.sampled_from([*HARMFUL, *"<>[]()!*_`~|#-\\&;:\"'/ \n\t", "a", "\n\n"])))
def test_no_mixture_does_harm(parts):
    """R-13, R-15."""
    read("".join(parts))


@settings(max_examples=50)
@given(st.text())
def test_no_text_does_harm(text):
    """R-13."""
    read(text)


@settings(max_examples=40)
@given(st.text(st.characters(categories=("L", "N", "Zs"), include_characters="\n")))
def test_every_letter_that_was_typed_can_be_read(text):
    shown = read(text).text

    assert [c for c in shown if c.isalnum()] == [c for c in text if c.isalnum()]


@settings(max_examples=50)
@given(st.text(alphabet="ab:/\\&#;.jscript\t%@?47xX9", max_size=40))
def test_no_address_leads_elsewhere_than_it_may(address):
    """R-15."""
    read(f"[x]({address}) [y](<{address}>) <{address}>\n\n[z]: {address}\n\n[z] [w](/{address})")


LINKS = {
    "http://example.org": ["http://example.org"],
    "HTTPS://Example.org/a?b=c&d#e": ["HTTPS://Example.org/a?b=c&d#e"],
    "mailto:alice@example.org": ["mailto:alice@example.org"],
    "/rules": ["/rules"],
    "/": ["/"],
    "https://exämple.org/ä": ["https://xn--exmple-cua.org/%C3%A4"],
    "/\\evil.example": ["/%5Cevil.example"],
    **{bad: [] for bad in ("", "x", "#x", "?x", "../x", "//x", "ftp://x", "tel:1", "http:x")},
}


def test_links_that_may_be_are_links_and_all_others_are_words():
    """R-15."""
    assert {address: read(f"[x]({address})").links for address in LINKS} == LINKS


def test_links_to_elsewhere_are_not_vouched_for():
    """R-16: but those to pages of the site are."""
    html = render("[a](https://example.org) [b](/about)")

    assert html == (
        f'<p><a href="https://example.org" rel="{REL}">a</a> <a href="/about">b</a></p>\n'
    )


HEADINGS = {
    "# a": ["h2"],
    "a\n=": ["h2"],
    "# a\n## b\n### c": ["h2", "h3", "h4"],
    "###### a": ["h2"],
    "# a\n###### b\n# c\n### d": ["h2", "h3", "h2", "h3"],
    "# a\n## b\n### c\n#### d\n##### e\n###### f": ["h2", "h3", "h4", "h5", "h6", "h6"],
}


def test_headings_stand_below_the_title_and_leave_no_step_out():
    assert {text: read(text).tags for text in HEADINGS} == HEADINGS


def test_a_table_has_no_alignment_and_scrolls_by_itself():
    html = render("|a|b|\n|:-|-:|\n|1|2|")

    assert html.startswith('<div><table>\n<thead>\n<tr>\n<th scope="col">a</th>')
    assert html.endswith("<td>2</td>\n</tr>\n</tbody>\n</table></div>\n")


MEANT = dict(
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>\n"),
        ("a  \nb\nc", "<p>a<br>\nb<br>\nc</p>\n"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("``` python x\na<b\n```", '<pre><code class="language-python">a&lt;b\n</code></pre>\n'),
        ("~~~c++\n~~~", '<pre><code class="language-c++"></code></pre>\n'),
        ('```"onclick=x\n```', "<pre><code></code></pre>\n"),
        ("---", "<hr>\n"),
        ("![a](/b.png)", '<p><a href="/b.png">a</a></p>\n'),
        ("![a][b]\n\n[b]: /c", '<p><a href="/c">a</a></p>\n'),
        ("[![a](/b.png)](/c)", '<p><a href="/c">a</a></p>\n'),
        ("a![b", "<p>a![b</p>\n"),
        ("![](/b.png) [ ](/c)", '<p><a href="/b.png">/b.png</a> <a href="/c"> /c</a></p>\n'),
        ("", ""),
    ],
)  # fmt: skip


def test_markdown_means_what_it_means_elsewhere():
    assert {text: render(text) for text in MEANT} == MEANT


# What it costs


def fill(part):
    return lambda length: (part * (length // len(part) + 1))[:length]


def wide_table(length):
    cells = length // 8
    return "|a" * cells + "|\n" + "|-" * cells + "|\n" + "a\n" * (length // 4)


def many_tables(length):
    table = "|a" * 100 + "|\n" + "|-" * 100 + "|\n" + "a\n" * 100 + "\n"
    return fill(table)(length)


COSTLY = {
    **{part: fill(part) for part in ("[", "![", "[a](", "[a](<b", "[[a]", "[]()", "*", "`", "<")},
    **{part: fill(part) for part in ("*a **b ", "**x", "a**b_c* ", "*_~~", "~a~~ ", "` a", "<!--")},
    **{part: fill(part) for part in ("> ", "- ", "> - ", "1. ", "# a\n", "a\n=\n", "a\n", "\t")},
    **{part: fill(part) for part in ("&", "&#0;", "\\", "<a ", "<http://a", "<a@", "[a]:", "]")},
    **{
        part: fill(part) for part in ("http://a ", "http://", "http://a(", "http://a/(", "www.a.b[")
    },
    **{
        part: fill(part)
        for part in ("a@b.cc ", "a@", "a.a.", "a@b.", "http://a&gt;", "www.", "a-b")
    },
    **{part: fill(part) for part in ("![a](b)", "[![a](/b)](/c)", "[](/a)", "https://\u00e4.")},
    "a path of brackets": lambda n: "https://a/" + "[(" * (n // 2),
    "a path of ends": lambda n: "https://a/" + ".&gt;" * (n // 5),
    **{part: fill(part) for part in ('[a](/b "c', "[a](b(c", "|-|-|\n", "x|x\n-|-\n", "|a|b|\n")},
    "nested emphasis": lambda n: "*" * (n // 2) + "a" + "*" * (n // 2),
    "nested links": lambda n: "[" * (n // 4) + "a" + "](/b)" * (n // 7),
    "nested brackets": lambda n: "[a](" + "(" * n,
    "nested lists": lambda n: "".join(" " * i + "- a\n" for i in range(int((2 * n) ** 0.5))),
    "ticks": lambda n: "".join("`" * i + "a" for i in range(1, int((2 * n) ** 0.5))),
    "references": lambda n: "".join(f"[{i}]: /x\n" for i in range(n // 9)),
    "one long reference": lambda n: "[a]: /" + "x" * (n // 2) + "\n\n" + "[a] " * (n // 8),
    "long titles": lambda n: "[a]: /x '" + "x" * (n // 2) + "'\n\n" + "[a] " * (n // 8),
    "wide table": wide_table,
    "many tables": many_tables,
}


def check_cost(make, of):
    """R-20: eight times as long, and not much more than eight times as costly; harmless besides.

    What a processor worked counts, the best of up to six rounds: all else only ever adds.
    """
    short = long = float("inf")
    for _ in range(6):
        short = min(short, worked(lambda: of(make(4_000)))[0])
        seconds, html = worked(lambda: of(make(32_000)))
        long = min(long, seconds)
        if long < 8 * THREE_TIMES * max(short, 0.01):
            break

    assert long < min(8 * THREE_TIMES * max(short, 0.01), 3)
    assert len(html) < 1_000_000 and Reader(html).faults == []


@pytest.mark.large
def test_no_text_is_costly(subtests):
    for kind, make in COSTLY.items():
        with subtests.test(kind):
            check_cost(make, render)


@pytest.mark.parametrize("kind", ["**x", "|a|b|\n"])
def test_no_long_text_is_costly(kind):
    """The rest of them takes its time: see above."""
    seconds, _ = worked(lambda: render(COSTLY[kind](16_000)), enough=3)

    assert seconds < 3


def test_links_by_one_long_reference_come_to_an_end():
    """R-20: the text of half a page would become 64 MB."""
    reader = read(COSTLY["one long reference"](32_000))  # its links may be 200,000 characters

    assert len(reader.links) == 12 and reader.tags.count("a") > 1000


def test_cells_that_nobody_typed_come_to_an_end(monkeypatch):
    """R-20: each table alone may be modest; with the limit that it has: test_no_text_is_costly."""
    monkeypatch.setattr("app.text.markdown.MOST_CELLS", 1500)
    table = "|a" * 20 + "|\n" + "|-" * 20 + "|\n" + "a\n" * 20 + "\n"

    assert read(table * 3).tags.count("td") == 1200
    assert 0 < read(table * 10).tags.count("td") < 1500


def test_a_table_of_everyday_size_is_taken_whole():
    rows = "|a|b|c|d|\n|-|-|-|-|\n" + "|1|2|3|4|\n" * 300

    assert read(rows).tags.count("td") == 1200


def test_the_pattern_of_links_cannot_be_made_to_think():
    """R-20."""
    seconds, match = worked(lambda: LINK.fullmatch("/" + "a" * 100_000 + "\\"), enough=1)

    assert match is None
    assert seconds < 1

"""Addresses that stand bare in a text become links, and nothing else of it does."""

import re

from factories import make_comment, make_post
from hypothesis import given, settings
from hypothesis import strategies as st
from test_markdown import REL, Reader

from app.extensions import db
from app.models import Page
from app.text.markdown import Text, linked, render

E = "https://example.org"
LINKS = {
    f"See {E}/a_(b), and www.example.org.": [f"{E}/a_(b)", "https://www.example.org"],
    f"({E}/a) [{E}/b] “{E}/c” <{E}/d> '{E}/e'": [f"{E}/{path}" for path in "abcde"],
    f"({E}/a(b) and {E}/)": [f"{E}/a(b)", f"{E}/"],
    f"{E}/a(b": [f"{E}/a"],
    f"{E}/a... {E}/b?! {E}/c; {E}/d: {E}/e…": [f"{E}/{path}" for path in "abcde"],
    f"{E}'s page, {E},{E}.": [E, E, E],
    f"{E}/a&amp;b &lt;{E}/c&gt;": [f"{E}/a&b", f"{E}/c"],
    f"{E}/?a=1&b=2#c;d": [f"{E}/?a=1&b=2#c;d"],
    f"*{E}/a* **{E}/b** ~~{E}/c~~ _{E}/_d_e_": [f"{E}/{path}" for path in ("a", "b", "c", "_d_e")],
    f"{E}/a_b*c*d": [f"{E}/a_b*c*d"],
    "HTTP://EXAMPLE.ORG WWW.Example.org/x": ["HTTP://EXAMPLE.ORG", "https://WWW.Example.org/x"],
    "http://localhost:5000/x http://203.0.113.7": ["http://localhost:5000/x", "http://203.0.113.7"],
    "https://bob@example.org:8080/": ["https://bob@example.org:8080/"],
    "https://müller.example/ä": ["https://xn--mller-kva.example/%C3%A4"],
    f"请看{E}/x。谢谢": [f"{E}/x"],
    f"# {E}\n\n- {E}\n\n|a|\n|-|\n|{E}|": [E, E, E],
    "Ask ann@example.org, or a_b+c@sub.example.org.": [
        "mailto:ann@example.org",
        "mailto:a_b+c@sub.example.org",
    ],
    "(ann@müller.example)": ["mailto:ann@xn--mller-kva.example"],
    "mailto:ann@example.org": ["mailto:ann@example.org"],
    f"[{E}/a www.example.org ann@example.org](/x)": ["/x"],
    f"[see {E}/](/x)": ["/x"],
    f"![{E}](/x)": ["/x"],
    f"`{E}` ``www.example.org``\n\n    {E}\n\n```\n{E} ann@example.org\n```": [],
    "file.py, README.md, Node.js, e.g. this, v1.2.3, example.org, //example.org": [],
    "www. www.foo http:// https:///x x.www.example.org": [],
    "git@github.com:a/b a@b a@b.c lodash@4.17.21 @ann.example ann@example.org@x": [],
    "ftp://example.org javascript://example.org xhttps://example.org": [],
    "https\\://example.org ann\\@example.org": [],
}


def links(text):
    reader = Reader(render(text))
    assert reader.faults == []
    return reader.links


def test_which_bare_addresses_are_links():
    assert {text: links(text) for text in LINKS} == LINKS


def test_an_address_is_shown_as_it_was_typed():
    assert ">https://müller.example/ä</a>" in render("https://müller.example/ä")


def test_an_address_of_a_page_is_no_link():
    assert (len(links(f"{E}/{'a' * 3_900}")), links(f"{E}/{'a' * 4_100}")) == (1, [])


@settings(max_examples=50)
@given(st.text(alphabet="https:/w.a@b-_*()[]&; \n\\é。", max_size=60))
def test_no_link_is_put_into_another_and_no_letter_goes(text):
    html = render(f"{E}/{text} www.example.org/{text}")

    assert Reader(html).faults == []
    assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<a ", html)


PLAIN = {
    "See https://example.org/a_(b), www.example.org or ann@example.org.": (
        f'See <a href="{E}/a_(b)" rel="{REL}">{E}/a_(b)</a>, '
        f'<a href="https://www.example.org" rel="{REL}">www.example.org</a> or '
        f'<a href="mailto:ann@example.org" rel="{REL}">ann@example.org</a>.'
    ),
    '<b> & "x"\nhttps:// www.x *a*': "&lt;b&gt; &amp; &#34;x&#34;\nhttps:// www.x *a*",
    f"{E}/<script>": f'<a href="{E}/" rel="{REL}">{E}/</a>&lt;script&gt;',
    f'{E}/?a="onclick=b': f'<a href="{E}/?a=" rel="{REL}">{E}/?a=</a>&#34;onclick=b',
    f"{E}/?a&b": f'<a href="{E}/?a&amp;b" rel="{REL}">{E}/?a&amp;b</a>',
    "": "",
}


def test_a_plain_text_has_links_too():
    assert {text: linked(text) for text in PLAIN} == PLAIN


@settings(max_examples=50)
@given(st.text(alphabet="https:/w.a@b-_*()[]&; \n\\é。<>\"'", max_size=60))
def test_no_plain_text_does_harm(text):
    html = str(linked(f"{E}/{text} www.example.org/{text} ann@example.org{text}"))

    assert Reader(html).faults == []
    assert Reader(html).text == f"{E}/{text} www.example.org/{text} ann@example.org{text}"


def test_a_profile_has_links(client, alice):
    alice.about_me = f"Me: {E}/me."
    db.session.commit()

    assert f'Me: <a href="{E}/me" rel="{REL}">{E}/me</a>.' in client.get("/user/alice").text


def test_they_are_links_wherever_markdown_is(client, alice):
    text = f"See {E}/a_(b)."
    post = make_post(alice, text)
    comment = make_comment(post, author=alice, text=text)
    Page.create("links", "Links", text)
    db.session.commit()

    for path in (f"/post/{post.id}", "/", "/user/alice", "/page/links"):
        assert f'href="{E}/a_(b)"' in client.get(path).text, path
    assert f'href="{E}/a_(b)"' in comment.body_html


def test_an_address_ends_where_another_script_or_a_dash_goes_on():
    for sign in "،؛؟।॥։።၊—•→‼⁇":
        html = str(Text(f"See https://example.org/x{sign} more").html({}))
        assert 'href="https://example.org/x"' in html, sign
    for text in ("___https://example.org___", "_www.example.org_", "https://example.org/x–"):
        assert "example.org_" not in str(Text(text).html({})) and "<a href" in Text(text).html({})


def test_where_no_browser_could_go_is_no_link():
    for text in (
        "http://example.org:99999/x",
        "http://999.1.1.1/",
        "[x](http://example.org:99999)",
    ):
        assert "<a" not in Text(text).html({}), text
    assert 'href="http://10.0.0.1:80/a"' in Text("http://10.0.0.1:80/a").html({})

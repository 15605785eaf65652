"""Domains in prose: found in every form that a reader would follow, and nowhere else."""

from working import worked

from app.text.written_domains import hosts_named, hosts_written

FOLLOWED = [
    "e v i l . c o m",
    "e v i l.com",
    "evil\ua4f8com",
    "evil\u06d4com",
    "EVIL[dot]COM/x",
    "evil [ . ] com",
    "http:evil.com",
    "https:\\\\evil.com",
    "spam.example",
    "www.spam.example",
    "WWW.SPAM.EXAMPLE",
    "evil[.]example",
    "evil (dot) example",
    "evil [dot] example",
    "evil{.}example",
    "evil(.)example",
    "evil -dot- example",
    "evil dot com",
    "evil dot example",
    "hxxp://evil.example",
    "hxxps[:]//evil[.]example/x",
    "http :// evil . com",
    "spam .com",
    "spam . example",
    "SPAM.COM",
    "Spam.Com",
    "spam。example",
    "spam．example",
    "ｓｐａｍ．ｅｘａｍｐｌｅ",
    "spam.example:8080",
    "spam.example./",
    "good.example@evil.example",
    "https://good@evil",
    "//evil.example/x",
    "ftp://evil.example",
    "spam%2Eexample",
    "müller.de",
    "пример.рф",
    "xn--mller-kva.example",
    "ann@evil.example",
    "evil.co.uk",
    "See evil.io/x, now",
    "t.me/spam",
    "bit.ly/3x",
    "example.py/download",
    "http://203.0.113.7",
    "203.0.113.7:80",
    "evil.test",
    "https://😀.example",
    "spam․example",
    "spam·example",
    "evil.name/x",
    "www.evil.py",
    "a.b.evil.md",
    "a.b.c.evil.example",
    "evil.example's",
    '"evil.example"',
    "evil.example?x",
    "evil (d0t) example",
    "evil_dot_example",
    "/evil.example",
    "x/evil.com",
]
PROSE = [
    "plan a b c d . e f",
    "U. S. A. I am",
    "1. 2. 3. 4. 5.",
    "W. B. Yeats",
    "a polka-dot-dress",
    "dot-dot-dot",
    "e.g. this",
    "i.e. that",
    "v1.2.3",
    "1.2.3.4",
    "3.14",
    "file.py",
    "README.md",
    "Node.js",
    "main.rs and run.sh",
    "self.name",
    "user.id",
    "os.path.join()",
    "app.run()",
    "Hello.World",
    "I agree.It is",
    "end.Then",
    "the .NET framework",
    "ASP.NET",
    "etc.",
    "a.m. to p.m.",
    "U.S.A.",
    "Ph.D.",
    "...and so on",
    "well...is it",
    "polka dot dress",
    "the red dot in the middle",
    "connect the dots",
    "The time is 12.30 h",
    "config.yaml/json",
    "Vue.js/React",
    "x = [.]",
    "Mr.Smith",
    "12.2025",
    "col·lecció",
    "foo.tar.gz",
    "I came . I saw",
    "either/or",
    "index.html",
    "C:\\temp\\a.txt",
    "rock'n'roll",
    '"yes."No',
    "really?!.no",
    "python3.11",
    "1.Platz",
    "(see above).In short",
    "dot dot dot",
    "@ann",
    "@ann.b hello",
    "array[0].x",
    "...",
    "a . b",
    "0.5.Then",
    "wow.",
    "def f(x.y)",
]


def test_whatever_a_reader_or_a_browser_follows_is_a_domain():
    assert [text for text in FOLLOWED if not hosts_written(f"See {text}, please.")] == []


def test_ordinary_prose_names_no_domain():
    assert {text: hosts_written(f"So {text} and") for text in PROSE} == dict.fromkeys(PROSE, set())


IN_CODE = {"www.evil.example": True, "evil[.]example": True, "http://evil.example": True}
IN_CODE |= {"app.name": False, "evil.example": False, "range[1:]": False}


def test_in_code_only_what_is_marked_is_one():
    assert {text: bool(hosts_written(text, in_code=True)) for text in IN_CODE} == IN_CODE


NAMED = ["casino . example", "casino dot example", "casino[.]example", "casino%2Eexample"]
NAMED += ["hxxps://casino.example:80/", "ann@casino.example", "casino。example", "CASINO.EXAMPLE"]


def test_a_watched_domain_is_named_in_every_form():
    assert [text for text in NAMED if "casino.example" not in hosts_named(text)] == []


def test_it_takes_no_time_that_grows_faster_than_the_text():
    for part in (
        "a",
        "a.",
        "a+",
        " ",
        "a ",
        "[",
        "http:/",
        "a@",
        "dot ",
        "-dot",
        "%2E",
        "[.]",
        "a-",
    ):
        seconds, _ = worked(lambda part=part: hosts_written(part * (10_000 // len(part))), enough=1)
        assert seconds < 1, part
        seconds, _ = worked(lambda part=part: hosts_named(part * (10_000 // len(part))), enough=1)
        assert seconds < 1, part


def test_the_dot_com_of_prose_is_no_domain_but_that_of_a_name_is():
    prose = "the dot com bubble", "the .com domain", "an early dot com"
    names = "casino dot com", "Spam.Net", "**Casino.Bet**", "spam .com"

    assert [text for text in prose if hosts_written(text)] == []
    assert [text for text in names if not hosts_written(text)] == []

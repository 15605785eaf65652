"""Written domains: domain names in plain text, which readers can visit without a link.

In prose, file names and sentences without a space between them look like domains. So a name counts
only if it ends in a top-level domain and is not more likely something else. It always counts if it
is marked as a domain: by `https:`, `www.`, [.] or (dot).
"""

import re
from pathlib import Path
from urllib.parse import unquote

from .domains import domain_key
from .search_words import MARKS

LIST = Path(__file__).with_name("top_level_domains.txt").read_text(encoding="utf-8")
TOP_LEVEL = set(LIST.partition("\n")[2].split()) | {"example", "test", "onion", "i2p", "eth"}
TOP_LEVEL.discard("dot")  # it exists, but in a text it is a word
# Which of them a word before a space may go with, as in `spam .com`; and a Capital, as in spam.Com
PLAIN = {"com", "org", "info", "biz", "xyz", "online", "site", "shop", "store", "club", "top"}
PLAIN |= {"io", "ru", "example"}
CAPITAL = PLAIN | {"net", "bet", "casino", "live", "pro", "vip"}  # as a last word: Spam.Net
BEFORE_NOUN = {"a", "an", "the", "this", "that", "of", "every", "early", "old", "or", "and", "as"}
FILES = {"py", "md", "rs", "sh", "pl", "ps", "pm", "ml", "mk", "cc", "zip", "mov", "am"}
FILES |= {"id", "name"}  # fields: user.name
NAMES = {"asp.net", "vb.net", "ado.net"}
WORD = rf"[\w{MARKS}-]+"
DOT = "[.\ue000]"
MARKED = "\ue000"  # a dot that was written so that no program takes it for one
DOT_WORDS = "dot|d0t|punkt|punto|point|ponto|точка"
HIDDEN_DOT = re.compile(
    rf"\s{{0,3}}[\[({{<]{{1,3}}\s{{0,3}}(?:[.\u3002]|{DOT_WORDS})\s{{0,3}}[\])}}>]{{1,3}}\s{{0,3}}",
    re.IGNORECASE,
)
WORN_DOT = re.compile(r"\s{0,3}[-_*~|/]{1,3}dot[-_*~|/]{1,3}\s{0,3}", re.IGNORECASE)
HIDDEN_SIGN = re.compile(r"[\[({]([:/@])[\])}]")
SPELT_DOT = re.compile(
    r"(?<=\w)\s{1,3}dot\s{1,3}(?=(\w+))|(?<=\w) {1,3}[.] {0,3}(?=(\w+))", re.IGNORECASE
)
DOTS = "\u3002\uff0e\uff61\u2024\u00b7\u2022\u22c5\u2027\u2219"
DOTS += "\u06d4\u0701\u0702\ua4f8\ua60e\U00010a50\U0001d16d"  # of other scripts, much alike
OTHER_DOTS = str.maketrans(dict.fromkeys(DOTS, "."))
SPELT = re.compile(r"(?<![\w.])\w(?: ?[.]? ?\w(?!\w)){4,}")
WEB = re.compile(r"\bh[tx]{2}ps?\s{0,3}:\s{0,3}[/\\]+\s{0,3}([^\s/\\?#<>\"]+)", re.IGNORECASE)
NAMED = re.compile(rf"(?<![\w-]){WORD}(?:[.]+{WORD})+")
ANY_DOT = re.compile(r"\s{1,3}(?:dot\s{1,3}|[.]\s{0,3})", re.IGNORECASE)
NUMBERS = re.compile(r"(?:\d{1,3}[.]){3}\d{1,3}")
NAME = re.compile(
    rf"(?<![\w-])(?P<before>\w{{1,20}}:/+|[\w.+-]{{0,64}}@)?(?P<name>{WORD}(?:{DOT}{WORD})+)(?P<after>[(/:]?\d?)"
)


def as_written(text: str) -> str:
    """Return the text with spelled-out dots as dots; those in disguise become MARKED."""
    text = WORN_DOT.sub(".", HIDDEN_DOT.sub(MARKED, unquote(text)))
    text = HIDDEN_SIGN.sub(r"\1", text)
    text = SPELT.sub(lambda match: match[0].replace(" ", ""), text.translate(OTHER_DOTS))
    return SPELT_DOT.sub(_spelt_dot, text)


def hosts_written(text: str, *, in_code: bool = False) -> set[str]:
    """Return the keys of domains written in a text; in code, only of those marked as domains."""
    text = as_written(text)
    web = WEB.finditer(text.replace(MARKED, "."))
    hosts = {match[1].rpartition("@")[2].partition(":")[0] for match in web}
    for match in NAME.finditer(text):
        if _is_marked(match) or not (in_code or _is_something_else(match)):
            hosts.add(match["name"].replace(MARKED, "."))
    return {key for key in map(domain_key, hosts) if key}


def hosts_named(text: str) -> set[str]:
    """Return the keys of all that looks like a domain in a text, file names included."""
    text = as_written(text).replace(MARKED, ".")
    names = {*NAMED.findall(text), *NAMED.findall(ANY_DOT.sub(".", text))}
    return {domain_key(name) for name in names}


def _spelt_dot(match: re.Match[str]) -> str:
    before = re.search(r"\w+\Z", match.string[max(0, match.start() - 20) : match.start()])
    if before and before[0].lower() in BEFORE_NOUN:  # the dot com bubble
        return match[0]
    end = (match[1] or match[2]).lower()
    known = end in PLAIN or (match[1] and end in TOP_LEVEL and len(end) > 2)
    return "." if known else match[0]


def _is_marked(match: re.Match[str]) -> bool:
    name, before = match["name"].lower(), match["before"] or ""
    marked = MARKED in name or name.startswith("www.") or before.endswith("/")
    return marked and _ends_in_letters(name)


def _is_something_else(match: re.Match[str]) -> bool:
    name, after = match["name"], match["after"]
    *labels, end = name.split(".")
    if NUMBERS.fullmatch(name):
        return after[:1] not in ("/", ":") or after == ":"
    if domain_key(end) not in TOP_LEVEL_KEYS or after.startswith("("):
        return True
    if after[:1] in ("/", ":") and after != ":":
        return False
    if match["before"]:
        return False  # a mail address
    if name.lower() in NAMES or (len(labels) == 1 and end.lower() in FILES):
        return True
    return end.istitle() and end.lower() not in CAPITAL and labels[-1][-1:].islower()


def _ends_in_letters(name: str) -> bool:
    end = re.split(DOT, name)[-1]
    return end.startswith("xn--") or (len(end) > 1 and not any(map(str.isdigit, end)))


TOP_LEVEL_KEYS = {domain_key(end) for end in TOP_LEVEL}

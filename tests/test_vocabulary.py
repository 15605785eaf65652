"""Words that pages and mails no longer use; see docs/develop.md."""

import re

from services import ROOT

OLD = r"""
mail room|take it in hand|let it go|in hand|look into your mail|given up|whoever|whom you|
what you are told of|keeping the peace|coming in|further →|make an account|
gather my data|runs out in the end|wants to be mended|a slip in|it goes with me
"""
OLD = re.compile(rf"\b(?:{OLD.replace(chr(10), '').strip('|')})\b", re.IGNORECASE)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def test_no_page_or_mail_uses_a_word_of_the_old_vocabulary():
    found = {}
    for path in (ROOT / "app/templates").rglob("*"):
        if path.suffix in (".html", ".txt", ".md"):
            text = COMMENT.sub("", path.read_text())
            if words := sorted({match[0] for match in OLD.finditer(text)}):
                found[str(path.relative_to(ROOT))] = words

    assert found == {}

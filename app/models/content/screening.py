"""Screening of new texts: whether they are published, held for approval, or refused.

Staff are exempt. In an edit, only what is new is screened.
"""

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app

from ...text.disguises import unmasked
from ...text.domains import ends_of, hosts_linked
from ...text.names import without_unseen
from ...text.search_words import plain
from ...text.written_domains import hosts_written
from ..users.user import User
from .watched_word import WatchList, refuse

MENTION = re.compile(r'<a href="[^"]*/user/([^"]*)">@\1</a>')
CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
FIRST, LINK, WORD = "first", "link", "word"


@dataclass(frozen=True)
class Hold:
    """Why a text is held: the author is new, or it has a link or a watched word."""

    reason: str
    word: str = ""


def hold_of(html: str, by: User, *, before: str | None = None) -> Hold | None:
    """Return why a text is held for approval, or None. Raise WordRefused if it is refused.

    For an edit, `before` is the former HTML.
    """
    if by.is_moderator():
        return None
    watched = WatchList.now()
    found = watched.found_in_html(html)
    refuse(found)
    known = set(watched.found_in_html(before)) if before and found else ()
    if news := [match for match in found if match not in known]:
        return Hold(WORD, news[0].pattern)
    if by.links_wait_until and hosts_outside(html) - hosts_outside(before or ""):
        return Hold(LINK)
    return Hold(FIRST) if before is None and by.texts_wait_until else None


def hosts_outside(html: str) -> set[Any]:
    """Return the hosts of other sites that rendered HTML links to or names in its text."""
    config = current_app.config
    own = {config["SERVER_NAME"] or "", *config["TRUSTED_HOSTS"]}
    own = {host.partition(":")[0].strip(".").lower() for host in own} - {""}
    return {
        host for host in hosts_linked(html) | _hosts_in_words(html) if own.isdisjoint(ends_of(host))
    }


def _hosts_in_words(html: str) -> set[Any]:
    code = plain(" ".join(CODE.findall(html)))
    words = without_unseen(plain(CODE.sub(" ", MENTION.sub(" ", html))))
    hosts = hosts_written(words) | hosts_written(unmasked(words))
    return hosts | hosts_written(without_unseen(code), in_code=True)

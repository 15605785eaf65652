"""Watched words: words, phrases and domains for which a text is held or refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from markupsafe import Markup
from sqlalchemy import Select, String, UniqueConstraint, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Model, db
from ...text.disguises import Disguised, unmasked
from ...text.domains import domain_of, ends_of, hosts_linked
from ...text.names import without_unseen
from ...text.search_words import in_order, plain
from ...text.written_domains import hosts_named
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from ..fields import Id, Moment, utcnow
from ..site.setting import Setting, kept_by_version
from ..users.user import User

WORD, DOMAIN = "word", "domain"
HOLD, REFUSE = "hold", "refuse"
KINDS = {WORD: "A word or a phrase", DOMAIN: "A domain, with all below it"}
EFFECTS = {HOLD: "Hold the text for approval", REFUSE: "Refuse the text"}
LONGEST_KEY = 255
MOST = 2_000  # entries, as each text is compared with all of them


class WordRefused(Refused):
    """A text with a refused word, which the message names."""


class WatchedWord(Model):
    """An entry of the list; `pattern` is as typed, `key` as compared."""

    __tablename__ = "watched_words"
    __table_args__ = (UniqueConstraint("kind", "key", name="uq_watched_words_key"),)
    noun = "word"

    id: Mapped[Id]
    created_at: Mapped[Moment] = mapped_column(default=utcnow)
    kind: Mapped[str] = mapped_column(String(8))
    pattern: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    act: Mapped[str] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(String(200), default="")
    by_name: Mapped[str] = mapped_column(String(64))

    @classmethod
    def in_order(cls) -> Select:
        return select(cls).order_by(cls.kind.desc(), cls.key)

    @classmethod
    def add(cls, kind: str, pattern: str, act: str, *, by: User, note: str = "") -> Self:
        """Add an entry. Raise Refused if nothing can match it, or if it exists already."""
        key = key_of(kind, pattern)
        if (db.session.scalar(select(func.count()).select_from(cls)) or 0) >= MOST:
            raise Refused(f"The list is full. The limit is {MOST:,}.")
        values: dict[str, Any] = dict(kind=kind, key=key, pattern=pattern, act=act, note=note)
        word = cls(by_name=by.username, **values)
        try:
            with db.session.begin_nested():
                db.session.add(word)
        except IntegrityError:
            raise Refused("This is already on the list.") from None
        Setting.touch()
        AuditEntry.record(Action.ADD_WORD, word, by=by, reason=note, after=act, name=pattern)
        return word

    def remove(self, *, by: User) -> bool:
        """Remove the entry; return False if it was removed already."""
        cls = type(self)
        gone = delete(cls).where(cls.id == self.id).returning(cls.pattern, cls.act)
        row = db.session.execute(gone, execution_options={"synchronize_session": False}).first()
        if row is not None:
            Setting.touch()
            said: dict[str, Any] = dict(before=row.act, name=row.pattern)
            AuditEntry.record(Action.REMOVE_WORD, self, by=by, **said)
        return row is not None


def words_in(text: str, **asked: Any) -> str:
    """The words of a text as they are compared, in one line."""
    return " ".join(in_order(without_unseen(text), **asked))


def key_of(kind: str, pattern: str) -> str:
    """Return what is compared. Refused where no text can hold that."""
    key = domain_of(pattern) if kind == DOMAIN else words_in(pattern, asked=True)
    if not key and kind == DOMAIN:
        raise Refused("Enter a domain, such as casino.example.")
    if not key or len(key) < 2:
        raise Refused("Enter at least two letters or numbers.")
    if len(key) > LONGEST_KEY:
        raise Refused("This is too long.")
    return key


def looks_of(match: "Match") -> set[str]:
    """Return what a watched word may look like, as disguises are taken off."""
    spellings = {match.pattern, match.pattern.lower(), match.pattern.upper()}
    looks = {words_in(unmasked(without_unseen(spelling)), asked=True) for spelling in spellings}
    return looks | {match.key}


@dataclass(frozen=True)
class Match:
    """What of the list was found in a text."""

    kind: str
    key: str
    pattern: str
    act: str


class WatchList:
    """The list as a process keeps it, see `WatchList.now`."""

    def __init__(self) -> None:
        columns = (getattr(WatchedWord, name) for name in Match.__annotations__)
        rows = db.session.execute(select(*columns).order_by(WatchedWord.id))
        self.matches = [Match(*row) for row in rows]
        domains = (match for match in self.matches if match.kind == DOMAIN)
        self.domains = {domain_of(match.pattern) or match.key: match for match in domains}
        self.words = [(m, looks_of(m)) for m in self.matches if m.kind == WORD]

    @classmethod
    def now(cls) -> Self:
        return kept_by_version("watch_list", cls)

    def found_in_html(self, html: str | Markup) -> list[Match]:
        """Return what HTML that we made holds of it; where its links lead counts too."""
        return self.found_in(plain(html), hosts_linked(html)) if self.matches else []

    def found_in(self, text: str, hosts: tuple[()] | set[str] = ()) -> list[Match]:
        """Return what a plain text holds of it, as whole words; what is refused comes first.

        A word counts in any disguise that a reader sees through, see disguises.py.
        """
        text = without_unseen(text)
        named = {*hosts_named(text), *hosts_named(unmasked(text))}
        found = {*self._words_in(text), *self._domains_of({*hosts, *named})}
        return sorted(found, key=lambda match: (match.act != REFUSE, match.key))

    def _words_in(self, text: str) -> Iterator[Match]:
        if not self.words:
            return
        line, disguised = f" {words_in(text)} ", Disguised(text)
        single = set(line.split())
        for match, looks in self.words:
            here = f" {match.key} " in line if " " in match.key else match.key in single
            if here or any(map(disguised.holds, looks)):
                yield match

    def _domains_of(self, hosts: set[str]) -> Iterator[Match]:
        for host in hosts if self.domains else ():
            yield from (self.domains[end] for end in ends_of(host) if end in self.domains)


def refuse(found: Sequence[Match]) -> None:
    """Raise WordRefused where something of what was found is refused."""
    if found and found[0].act == REFUSE:
        name = f"“{found[0].pattern}”"
        kind = "The domain" if found[0].kind == DOMAIN else "The word"
        raise WordRefused(f"{kind} {name} isn’t allowed here. Please remove it.")

"""Makes the plan of a file, a batch of lines at a time, without writing anything."""

from collections import defaultdict

from ..models import Role, User
from ..text.names import address_key, name_key, username_key
from .cells import address_in, new_username
from .csv_format import read
from .judge import Judge
from .known import Alike, FreeNames, Known, in_chunks, look_at_values
from .plan import CHANGES, ERROR, NEW, Line, Plan

MISSHAPEN = "The number of cells doesn’t match the first line."
TWICE = "Line {} already has the same {}."
NAMESAKE = "{} has the same name."
NEIGHBOUR = "{} has almost the same email."
# What goes through the rules, or into the log, one by one, while others wait to write.
MOST_CHANGES, MOST_ROLES = 1000, 5000
TOO_MANY = {
    CHANGES: f"A file can change at most {MOST_CHANGES:,} existing people.",
    NEW: f"A file can give at most {MOST_ROLES:,} new people a role other than the default.",
}


def make_plan(text, *, by):
    """Return the `Plan` of what importing the text would do; `people_csv.Unreadable` if nothing."""
    return Plan("\n".join(line.content() for line in Planner(text, by).lines()))


class Planner:
    """Goes through a file twice: first for the usernames that it asks for, then for the rest."""

    def __init__(self, text, by):
        self.text, self.judge = text, Judge(by, Role.all(), Role.get_default())
        asked = {username_key(cells.get("username", "")) for _, cells in read(text) if cells}
        self.free_names = FreeNames(asked)
        self.namesakes, self.neighbours = Alike(User.name_key), Alike(User.address_key)
        self.seen = defaultdict(dict)  # by kind of thing: its values, and the line of the first
        self.left = {CHANGES: MOST_CHANGES, NEW: MOST_ROLES}

    def lines(self):
        look_at_values()
        for chunk in in_chunks(read(self.text)):
            cells = [cells for _, cells in chunk if cells]
            keys = {username_key(row.get("username", "")) for row in cells}
            known = Known({address_in(row, []) for row in cells}, keys)
            lines = [self._line(number, row, known) for number, row in chunk]
            newcomers = [line for line in lines if line.kind == NEW]
            self._name(newcomers)
            self._warn(newcomers)
            yield from lines

    def _line(self, number, cells, known):
        line = Line(number)
        if cells is None:
            line.errors.append(MISSHAPEN)
        else:
            self._judge(line, cells, known)
        if not line.errors and (line.kind == CHANGES or self.judge.gives_special_role(line)):
            self.left[line.kind] -= 1
            if self.left[line.kind] < 0:
                line.errors.append(TOO_MANY[line.kind])
        if line.errors:
            line.kind, line.values, line.warnings = ERROR, {}, []
        return line

    def _judge(self, line, cells, known):
        line.email = address_in(cells, line.errors)
        line.username = cells.get("username", "").strip()[:65]
        key = username_key(line.username)
        person = known.by_email.get(line.email) or known.by_key.get(key)
        things = {"email": line.email, "username": key, "account": person and person.id}
        firsts = {thing: self._first(line, thing, value) for thing, value in things.items()}
        if person is None:
            self.judge.newcomer(line, cells)
        else:
            self.judge.change(line, cells, person, known)
        twice = [TWICE.format(first, thing) for thing, first in firsts.items() if first]
        line.errors += twice[:1]

    def _first(self, line, thing, value):
        """Return the number of an earlier line with the same value, or None."""
        if not value:
            return None
        first = self.seen[thing].setdefault(value, line.number)
        return first if first != line.number else None

    def _name(self, newcomers):
        """Give a username to people who have none in the file."""
        nameless = [line for line in newcomers if not line.username]
        self.free_names.prepare([new_username(line.email) for line in nameless])
        for line in nameless:
            line.username = self.free_names.take(new_username(line.email))

    def _warn(self, newcomers):
        """Warn of people who resemble an existing person or another line."""
        names = {line.number: name_key(*self._full_name(line)) for line in newcomers}
        addresses = {line.number: address_key(line.email) for line in newcomers}
        self.namesakes.look_up(names.values())
        self.neighbours.look_up(addresses.values())
        for line in newcomers:
            name, address = names[line.number], addresses[line.number]
            self._warn_of(line, NAMESAKE, self.namesakes[name], "name", name)
            self._warn_of(line, NEIGHBOUR, self.neighbours[address], "mailbox", address)

    def _warn_of(self, line, words, username, thing, value):
        first = self._first(line, thing, value)
        if username or first:
            line.warnings.append(words.format(username or f"Line {first}"))

    def _full_name(self, line):
        return line.values["first_name"], line.values["last_name"]

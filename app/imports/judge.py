"""Judges one line: what it would create or change, and whether the importer is allowed to."""

from ..text.names import username_key
from .cells import NAMES, check_text, check_username, names_in, switch_in
from .plan import CHANGES, NEW

ABOVE = "You can’t give the role {}: it allows more than yours."
NO_SUCH_ROLE = "There is no role “{}”. Choose from: {}."
TAKEN = "The username {} is taken."
STAYS_CONFIRMED = "confirmed: the email is already confirmed. A file can’t undo that."
BY_NAME_ONLY = "Found by username only: the email of {} would change."


class Judge:
    """Judges by the rank of the person who imports."""

    def __init__(self, by, roles, usual):
        self.by, self.usual = by, usual
        self.roles = {role.name: role for role in roles}

    def newcomer(self, line, cells):
        """Fill in the line of a new person."""
        line.kind = NEW
        if line.username:
            check_username(line.username, line.errors)
        role = self._role_in(cells, line.errors) or self.usual
        names = {n: check_text(n, cells.get(n, ""), line.errors) for n in NAMES}
        confirmed = switch_in(cells, "confirmed", line.errors) is True
        active = switch_in(cells, "active", line.errors) is not False
        line.values = names | dict(role=role.name, confirmed=confirmed, active=active)
        if not self.by.may_grant(role):
            line.errors.append(ABOVE.format(role.name))

    def gives_special_role(self, line):
        return line.kind == NEW and line.values["role"] != self.usual.name

    def change(self, line, cells, person, known):
        """Fill in the line of an existing person: what differs, as pairs of before and after."""
        line.values = {
            **self._names(line, cells, person),
            **self._username(line, person, known),
            **self._address(line, person),
            **self._role(line, cells, person),
        }
        line.values |= self._switches(line, cells, person)
        line.person_id, line.username = person.id, person.username
        if line.values:
            line.kind = CHANGES
            if why := self.by.why_not_act_on(person):
                line.errors.append(why)

    def _names(self, line, cells, person):
        asked = names_in(cells).items()
        differ = {n: t for n, t in asked if getattr(person, n) not in (t, t.strip())}
        return {n: [getattr(person, n), check_text(n, t, line.errors)] for n, t in differ.items()}

    def _username(self, line, person, known):
        if line.username in ("", person.username):
            return {}
        key = username_key(line.username)
        if key != person.username_key:
            check_username(line.username, line.errors)
        if known.by_key.get(key, person) is not person:
            line.errors.append(TAKEN.format(line.username))
        return {"username": [person.username, line.username]}

    def _address(self, line, person):
        if line.email == person.email:
            return {}
        line.warnings.append(BY_NAME_ONLY.format(person.username))
        return {"email": [person.email, line.email]}

    def _role(self, line, cells, person):
        role, held = self._role_in(cells, line.errors), person.current_role
        if role is None or role is held:
            return {}
        if not self.by.may_grant(role):
            line.errors.append(ABOVE.format(role.name))
        return {"role": [held.name if held else "", role.name]}

    def _role_in(self, cells, errors):
        name = cells.get("role", "").strip()
        if name and name not in self.roles:
            errors.append(NO_SUCH_ROLE.format(name[:64], ", ".join(self.roles)))
        return self.roles.get(name)

    def _switches(self, line, cells, person):
        """A changed email must be confirmed again, unless the file vouches for it."""
        confirmed = switch_in(cells, "confirmed", line.errors)
        active = switch_in(cells, "active", line.errors)
        was_confirmed = person.is_confirmed and "email" not in line.values
        if was_confirmed and confirmed is False:
            line.errors.append(STAYS_CONFIRMED)
        changes = {}
        if confirmed and not was_confirmed:
            changes["confirmed"] = [False, True]
        if active is not None and active != person.is_active:
            changes["active"] = [person.is_active, active]
        return changes

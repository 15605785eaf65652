"""Management of roles: each action checks the rank, and is recorded in the audit log.

Concurrent changes wait for each other, so that names stay unique and an administrator remains.
`by` is who acts; None is an operator at the shell.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import select

from ...extensions import db
from ...permissions import EVERYTHING, STAFF, Permission
from ..audit.actions import Action
from ..audit.entry import AuditEntry
from ..errors import Refused
from .landing_page import HOME
from .rules import MIGHTIER, RoleHolder, RoleRules, problem_with_landing_page, problem_with_mask

USUAL = dict(name="", permissions=0, description="", index=HOME, requestable=False)
MOST = 100  # roles of one site: all of them are locked, and shown, at once
MOVED_AT_ONCE = 500  # people, each with an entry in the log and a mail


class RoleChanges(RoleRules):
    """The actions on a role. Repeating one changes nothing and records nothing."""

    @classmethod
    def create(cls, *, by: RoleHolder | None = None, reason: str = "", **values: Any) -> Self:
        """Make a role. `values` are among those of USUAL."""
        values = _tidy(USUAL | values)
        cls.people().one_at_a_time()
        cls._require_administrator(by)
        if len(cls.all()) >= MOST:
            raise Refused(f"You can have at most {MOST} roles. Delete one first.")
        _refuse(cls.problem_with(None, values["name"], values["description"]))
        role = cls(**values)
        role._require_mask(by, role.permissions)
        _refuse(problem_with_landing_page(role.index, role.permissions))
        db.session.add(role)
        db.session.flush()
        AuditEntry.record(Action.CREATE, role, by=by, reason=reason, after=role.in_words())
        return role

    def change(self, *, by: RoleHolder | None = None, reason: str = "", **values: Any) -> list[Any]:
        """Set values; return the names of those that differ.

        A landing page that the new permissions do not open gives way to the front page, unless it
        is asked for.
        """
        values = _tidy(values)
        with self._one_change(by):
            before = {name: getattr(self, name) for name in USUAL}
            differs = [name for name in values if values[name] != before[name]]
            if differs:
                said = self.in_words()
                self._refuse_change(by, differs, before | values)
                for name in differs:
                    setattr(self, name, values[name])
                self._land_somewhere("index" in differs)
                self._record_change(by, reason, said)
        return differs

    def grant(self, permissions: int, *, by: RoleHolder | None = None) -> list[str]:
        """Add permissions; return the names of the changed columns."""
        with self._one_change(by):
            _refuse(self.why_not_change_permissions(by))
            return self.change(by=by, permissions=self.permissions | int(permissions))

    def revoke(self, permissions: int, *, by: RoleHolder | None = None) -> list[str]:
        """Remove permissions; return the names of the changed columns."""
        with self._one_change(by):
            _refuse(self.why_not_change_permissions(by))
            return self.change(by=by, permissions=self.permissions & ~int(permissions))

    def make_default(self, *, by: RoleHolder | None = None, reason: str = "") -> None:
        """Make this the role of new members, instead of the present default."""
        with self._one_change(by):
            _refuse(self.why_not_make_default(by))
            former = type(self).get_default()
            if former is self:
                return
            if former is not None:
                former.default = False
                db.session.flush()  # one row at a time has the mark
            self.default = True
            before = former.name if former else ""
            said: dict[str, Any] = dict(before=before, after=self.name)
            AuditEntry.record(Action.MAKE_DEFAULT, self, by=by, reason=reason, **said)

    def delete(
        self, *, by: RoleHolder | None = None, move_to: Self | None = None, reason: str = ""
    ) -> Sequence[Any]:
        """Delete the role; its holders get `move_to`. Return them."""
        with self._one_change(by):
            db.session.execute(select(type(self).id).filter_by(id=self.id).with_for_update())
            _refuse(self.why_not_delete(by))
            moved = self._move_holders(by, move_to)
            after = f"{len(moved)} moved to {move_to.name}" if move_to and moved else ""
            said: dict[str, Any] = dict(before=self.in_words(), after=after)
            AuditEntry.record(Action.DELETE, self, by=by, reason=reason, **said)
            db.session.delete(self)
        return moved

    def in_words(self) -> dict[str, Any]:
        """Return the columns of the role for the log."""
        names = "everything" if self.permissions == EVERYTHING else self.permission_names
        values = {name: getattr(self, name) for name in USUAL}
        return values | {"permissions": names}

    @contextmanager
    def _one_change(self, by: RoleHolder | None) -> Iterator[None]:
        """Lock all roles and check the rank of `by`; an administrator must remain."""
        with self.people().an_administrator_remains():
            if db.session.get(type(self), self.id, populate_existing=True) is None:
                raise Refused("This role was deleted.")
            self._require_administrator(by)
            _refuse(self.why_not_change(by))
            yield

    @classmethod
    def _require_administrator(cls, by: RoleHolder | None) -> None:
        """Raise Refused if `by` is no administrator any more."""
        if by is None:
            return
        person = db.session.get(cls.people(), by.id, populate_existing=True)
        if person is None or not (person.is_active and person.is_administrator()):
            raise Refused("Only administrators can create and change roles.")

    def _require_mask(self, by: RoleHolder | None, mask: int) -> None:
        _refuse(problem_with_mask(mask))
        if by is None:
            return
        held = by.current_role.permissions if by.current_role else 0
        if lacking := Permission.names(mask & ~held):
            raise Refused(f"You can’t give permissions you don’t have: {', '.join(lacking)}.")

    def _refuse_change(
        self, by: RoleHolder | None, differs: Sequence[str], after: dict[str, Any]
    ) -> None:
        if {"name", "description", "index", "permissions"} & set(differs):
            _refuse(self.why_not_rename(by))
        _refuse(type(self).problem_with(self, after["name"], after["description"]))
        if "permissions" in differs:
            _refuse(self.why_not_change_permissions(by))
            self._require_mask(by, after["permissions"])
        if "index" in differs:
            _refuse(problem_with_landing_page(after["index"], after["permissions"]))
        if self.default and after["permissions"] & STAFF:
            raise Refused("The default role can’t include staff permissions.")

    def _land_somewhere(self, asked_for: bool) -> None:
        if not asked_for and problem_with_landing_page(self.index, self.permissions):
            self.index = HOME

    def _record_change(self, by: RoleHolder | None, reason: str, before: dict[str, Any]) -> None:
        after = self.in_words()
        differs = [name for name in after if before[name] != after[name]]
        before, after = ({name: said[name] for name in differs} for said in (before, after))
        AuditEntry.record(Action.CHANGE, self, by=by, reason=reason, before=before, after=after)

    def _move_holders(self, by: RoleHolder | None, move_to: Self | None) -> Sequence[Any]:
        people = db.session.scalars(
            self.bound().limit(MOVED_AT_ONCE + 1).execution_options(populate_existing=True)
        ).all()
        if not people:
            return people
        if move_to is None:
            raise Refused(f"People have {self.name} or return to it. Choose another role for them.")
        if len(people) > MOVED_AT_ONCE:
            raise Refused(
                f"More than {MOVED_AT_ONCE} people have {self.name}. Move some of them first."
            )
        if move_to is self:
            raise Refused("Choose another role for its members.")
        if move_to.why_not_change(by):
            raise Refused(MIGHTIER.format(move_to.name))
        for person in people:
            person.trade_role(self, move_to, by=by)
        return people


def _tidy(values: dict) -> dict:
    """Without white space around names and descriptions."""
    return {k: v.strip() if isinstance(v, str) else v for k, v in values.items()}


def _refuse(words: str | None) -> None:
    if words:
        raise Refused(words)

"""Rank, and that an administrator always remains: the two rules about acting on people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import ColumnElement, Select, or_, select

from ...extensions import db
from ...permissions import Permission
from ..conditions import SEEN
from ..errors import Refused
from ..fields import utcnow
from ..roles.role import Role
from .restrictions import Restrictable


class Ranked(Restrictable):
    """Who may act on whom. `by` is who acts; None is an operator at the shell, above all ranks."""

    def may_grant(self, role: Role) -> bool:
        """Nobody gives more than they have (R-81)."""
        mine = self.current_role
        return mine is not None and self.can(Permission.ADMIN) and mine.covers(role)

    def may_act_on(self, other: Self) -> bool:
        """Staff act on people who may do nothing that they may not, and never on themselves.

        Whoever returns to a mightier role one day counts as holding it.
        """
        is_staff = self.can(Permission.MODERATE) or self.can(Permission.ADMIN)
        mine = self.current_role
        if mine is None or not is_staff or other.id == self.id:
            return False
        return all(mine.covers(role) for role in (other.role, other.former_role) if role)

    def why_not_act_on(self, other: Self) -> str | None:
        """Return a sentence that says why `may_act_on` is False; None where it is True."""
        if other.id == self.id:
            return "You can’t do this to yourself. Ask another administrator."
        if not self.may_act_on(other):
            return f"{other.username} has a higher rank than you, so you can’t do this."
        return None

    def may_sanction(self, other: Self) -> bool:
        """Nobody sanctions an equal or higher: the other has to hold less."""
        if not self.may_act_on(other):
            return False
        roles = [role for role in (other.role, other.former_role) if role]
        mine = self.current_role
        return mine is not None and not any(role.covers(mine) for role in roles)

    def why_not_sanction(self, other: Self) -> str | None:
        """Return a sentence that says why `may_sanction` is False; None where it is True."""
        if words := self.why_not_act_on(other):
            return words
        if not self.may_sanction(other):
            return f"{other.username} has the same rank as you, so you can’t sanction them."
        return None

    def require_higher_rank(self, by: Self | str | None) -> None:
        """Refuse a sanction that `by` may not impose or lift by now; the row stays locked."""
        self.require_rank(by)
        if not (by is None or isinstance(by, str) or by.may_sanction(self)):
            raise Refused(by.why_not_sanction(self))

    def require_rank(self, by: Self | str | None) -> None:
        """Refuse an act that `by` may not do by now: both may have changed while they waited.

        The row of the person stays locked until the transaction ends, so an act has one effect.
        """
        db.session.flush()
        model = type(self)
        lock = {"of": model, "key_share": True}  # whoever only refers to them does not wait
        if by is None or isinstance(by, str):
            db.session.refresh(self, with_for_update=lock)
            return
        if by.viewed_role is not None:
            raise Refused("You’re viewing the site as another role. Exit the preview first.")
        here = db.session.get(model, self.id, populate_existing=True, with_for_update=lock)
        there = db.session.get(model, by.id, populate_existing=True)
        if not (here and there and by.is_active and by.may_act_on(self)):
            raise Refused("You can’t do this to yourself or to someone of higher rank.")

    @classmethod
    def administrators(cls) -> Select:
        """The ids of those who can administer: confirmed, active, with a role that grants ADMIN.

        A role that was given until a moment that is past counts no more: the former one does. Nor
        does somebody whose account is being deleted.
        """
        mighty = Role.granting(Permission.ADMIN).with_only_columns(Role.id).order_by(None)
        now, active = utcnow(), cls.account_open()
        lasts = or_(cls.role_until.is_(None), cls.role_until > now)
        holding = select(cls.id).where(cls.role_id.in_(mighty), lasts, *active)
        returned = cls.former_role_id.in_(mighty), cls.role_until <= now
        either = holding.union_all(select(cls.id).where(*returned, *active)).subquery()
        return select(either.c.id)  # one index for each half: an OR would read everybody

    @classmethod
    def account_open(cls) -> tuple[ColumnElement[bool], ...]:
        """The conditions that a person may use their account; compare `is_account_open`."""
        stays = or_(cls.leaving_at.is_(None), cls.leaving_at > utcnow())
        return *SEEN.of(cls), cls.not_suspended(), stays

    @property
    def is_account_open(self) -> bool:
        return SEEN.holds(self) and not (self.is_suspended or self.is_leaving_now)

    @classmethod
    def granted_any(cls, permission: Permission) -> ColumnElement[bool]:
        """The condition that their role, or the one it ends in, grants one of the permissions."""
        mask = Role.permissions.bitwise_and(int(permission))
        roles = select(Role.id).where(mask != 0)
        return or_(cls.role_id.in_(roles), cls.former_role_id.in_(roles))

    @property
    def is_last_administrator(self) -> bool:
        """Whether they administer, and nobody else can; ask behind `one_at_a_time`."""
        some = set(db.session.scalars(self.administrators().limit(2)))
        return self.can(Permission.ADMIN) and not some - {self.id}

    @classmethod
    @contextmanager
    def an_administrator_remains(cls) -> Iterator[None]:
        """Do what the block does, unless it would leave the site without an administrator (R-82).

        Whoever tries at the same moment waits on the rows of the roles, then sees what we did.
        """
        cls.one_at_a_time()
        had_one = db.session.scalar(cls.administrators().limit(1)) is not None
        with db.session.begin_nested():
            yield
            db.session.flush()
            if had_one and db.session.scalar(cls.administrators().limit(1)) is None:
                raise Refused(
                    "This would leave the site without an administrator. Add another one first."
                )

    @classmethod
    def one_at_a_time(cls) -> None:
        """Lock the rows of the roles until the transaction ends."""
        db.session.execute(select(Role.id).order_by(Role.id).with_for_update(key_share=True))

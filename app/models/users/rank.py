"""Rank: which users may act on which others. And the rule that an administrator remains."""

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
    """`by` is who acts; None is an operator at the shell, who may act on everyone."""

    def may_grant(self, role: Role) -> bool:
        """Return whether the user may give a role: its permissions must be among theirs (R-81)."""
        mine = self.current_role
        return mine is not None and self.can(Permission.ADMIN) and mine.covers(role)

    def may_act_on(self, other: Self) -> bool:
        """Return whether the user is staff and has all permissions of the other, who is not them.

        The role to which the other returns after a temporary one counts too.
        """
        is_staff = self.can(Permission.MODERATE) or self.can(Permission.ADMIN)
        mine = self.current_role
        if mine is None or not is_staff or other.id == self.id:
            return False
        return all(mine.covers(role) for role in (other.role, other.former_role) if role)

    def why_not_act_on(self, other: Self) -> str | None:
        """Return why `may_act_on` is False, in a sentence; None if it is True."""
        if other.id == self.id:
            return "You can’t do this to yourself. Ask another administrator."
        if not self.may_act_on(other):
            return f"{other.username} has a higher rank than you, so you can’t do this."
        return None

    def may_sanction(self, other: Self) -> bool:
        """Return whether the other has fewer permissions, which a sanction requires."""
        if not self.may_act_on(other):
            return False
        roles = [role for role in (other.role, other.former_role) if role]
        mine = self.current_role
        return mine is not None and not any(role.covers(mine) for role in roles)

    def why_not_sanction(self, other: Self) -> str | None:
        """Return why `may_sanction` is False, in a sentence; None if it is True."""
        if words := self.why_not_act_on(other):
            return words
        if not self.may_sanction(other):
            return f"{other.username} has the same rank as you, so you can’t sanction them."
        return None

    def require_higher_rank(self, by: Self | str | None) -> None:
        """Lock the row; raise Refused if `by` may not impose or lift a sanction now."""
        self.require_rank(by)
        if not (by is None or isinstance(by, str) or by.may_sanction(self)):
            raise Refused(by.why_not_sanction(self))

    def require_rank(self, by: Self | str | None) -> None:
        """Lock the row until the transaction ends; raise Refused if `by` may not act on this user.

        Both are read again, as they may have changed during the wait.
        """
        db.session.flush()
        model = type(self)
        lock = {"of": model, "key_share": True}  # rows that refer to the user can still be written
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
        """Select the ids of users who can administer: confirmed, active, with ADMIN.

        After the end of a temporary role, the former role counts. Users whose account is due for
        deletion do not count.
        """
        mighty = Role.granting(Permission.ADMIN).with_only_columns(Role.id).order_by(None)
        now, active = utcnow(), cls.account_open()
        lasts = or_(cls.role_until.is_(None), cls.role_until > now)
        holding = select(cls.id).where(cls.role_id.in_(mighty), lasts, *active)
        returned = cls.former_role_id.in_(mighty), cls.role_until <= now
        either = holding.union_all(select(cls.id).where(*returned, *active)).subquery()
        return select(either.c.id)  # one index for each half: an OR would scan all users

    @classmethod
    def account_open(cls) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of `is_account_open` in SQL."""
        stays = or_(cls.leaving_at.is_(None), cls.leaving_at > utcnow())
        return *SEEN.of(cls), cls.not_suspended(), stays

    @property
    def is_account_open(self) -> bool:
        return SEEN.holds(self) and not (self.is_suspended or self.is_leaving_now)

    @classmethod
    def granted_any(cls, permission: Permission) -> ColumnElement[bool]:
        """Return the condition that the present or former role has one of the permissions."""
        mask = Role.permissions.bitwise_and(int(permission))
        roles = select(Role.id).where(mask != 0)
        return or_(cls.role_id.in_(roles), cls.former_role_id.in_(roles))

    @property
    def is_last_administrator(self) -> bool:
        """Whether nobody else can administer; call `one_at_a_time` first."""
        some = set(db.session.scalars(self.administrators().limit(2)))
        return self.can(Permission.ADMIN) and not some - {self.id}

    @classmethod
    @contextmanager
    def an_administrator_remains(cls) -> Iterator[None]:
        """Run the block; raise Refused if it leaves the site without an administrator (R-82).

        Concurrent calls wait for each other.
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

"""Permission flags, and the flags that each built-in role holds."""

from enum import IntFlag
from typing import Self


class Permission(IntFlag):
    """A mask grants a permission when `mask & permission == permission`; composites follow."""

    FOLLOW = 1
    COMMENT = 2
    WRITE = 4
    MODERATE = 8
    ADMIN = 16

    @classmethod
    def parse(cls, names: str) -> Self:
        """Return the mask for a comma-separated list of names; ValueError names the unknown one."""
        mask = cls(0)
        for name in filter(None, (part.strip() for part in names.split(","))):
            try:
                mask |= cls[name.upper()]
            except KeyError:
                known = ", ".join(name.lower() for name in cls.__members__)
                raise ValueError(f"There is no permission {name!r}; there are {known}.") from None
        return mask

    @classmethod
    def names(cls, mask: int) -> list[str]:
        return [name for name, flag in cls.__members__.items() if mask & flag == flag]


MEMBER = Permission.FOLLOW | Permission.COMMENT | Permission.WRITE
STAFF = Permission.MODERATE | Permission.ADMIN
KNOWN = sum(Permission)  # every permission there is
EVERYTHING = 0xFF  # every permission there is or will be

# name: (mask, the endpoint its holders land on, description)
ROLES = {
    "User": (MEMBER, "main.index", "Reads, writes, comments and follows."),
    "Moderator": (MEMBER | Permission.MODERATE, "moderation.queue", "Keeps the peace."),
    "Administrator": (EVERYTHING, "admin.index", "Decides who may do what."),
}
DEFAULT_ROLE = "User"

"""Permission flags, and the flags that each built-in role holds."""

from enum import IntFlag
from typing import Self


class Permission(IntFlag):
    """A mask grants a permission if `mask & permission == permission`, composite ones too."""

    FOLLOW = 1
    COMMENT = 2
    WRITE = 4
    MODERATE = 8
    ADMIN = 16

    @classmethod
    def parse(cls, names: str) -> Self:
        """Return the mask for comma-separated names. Raise ValueError for an unknown one."""
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
KNOWN = sum(Permission)  # all permissions that exist
EVERYTHING = 0xFF  # all permissions, and room for future ones

# name: (mask, landing page, description)
ROLES = {
    "User": (MEMBER, "main.index", "Reads, writes, comments and follows."),
    "Moderator": (MEMBER | Permission.MODERATE, "moderation.queue", "Keeps the peace."),
    "Administrator": (EVERYTHING, "admin.index", "Decides who may do what."),
}
DEFAULT_ROLE = "User"

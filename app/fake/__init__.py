"""A believable community, for `flask fake`."""

from .community import make_community
from .people import PASSWORD, make_people

__all__ = ["PASSWORD", "make_community", "make_people"]

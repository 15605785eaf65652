"""A made-up community, for `flask fake`."""

from .community import make_community
from .peace import make_peace, waiting
from .people import PASSWORD, make_people

__all__ = ["PASSWORD", "make_community", "make_peace", "make_people", "waiting"]

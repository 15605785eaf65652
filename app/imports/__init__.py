"""Importing people: what a file would do, line by line, and doing it after a yes."""

from .plan import Plan
from .planner import make_plan
from .work import carry_out

__all__ = ["Plan", "carry_out", "make_plan"]

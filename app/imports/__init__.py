"""Importing people from CSV: a plan of what a file would do, carried out once confirmed."""

from .plan import Plan
from .planner import make_plan
from .work import carry_out

__all__ = ["Plan", "carry_out", "make_plan"]

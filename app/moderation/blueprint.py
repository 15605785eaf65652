"""Keeping the peace. Only moderators pass."""

from flask import Blueprint

from ..decorators import gate
from ..permissions import Permission

moderation = Blueprint("moderation", __name__)
gate(moderation, Permission.MODERATE)

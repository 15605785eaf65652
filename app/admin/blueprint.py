"""The blueprint `admin`, for administrators only."""

from flask import Blueprint

from ..decorators import gate
from ..permissions import Permission

admin = Blueprint("admin", __name__)
gate(admin, Permission.ADMIN)

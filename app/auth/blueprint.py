"""The blueprint `auth`. The line above each view declares its policy."""

from flask import Blueprint

auth = Blueprint("auth", __name__)

"""The blueprint `main`. The line above each view declares its policy."""

from flask import Blueprint

main = Blueprint("main", __name__)

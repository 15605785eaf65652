"""The blueprint `account`. The line above each view declares its policy."""

from flask import Blueprint

account = Blueprint("account", __name__)

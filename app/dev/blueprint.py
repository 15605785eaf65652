"""What exists in development only: elsewhere this blueprint is not registered."""

from flask import Blueprint

dev = Blueprint("dev", __name__)

"""The blueprint of pages for development; elsewhere it is not registered."""

from flask import Blueprint

dev = Blueprint("dev", __name__)

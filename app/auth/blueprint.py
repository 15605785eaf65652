"""Accounts. Each view says on the line above who may enter."""

from flask import Blueprint

auth = Blueprint("auth", __name__)

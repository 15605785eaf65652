"""What everybody sees. Each view says on the line above who may enter."""

from flask import Blueprint

main = Blueprint("main", __name__)

"""What belongs to the member who is signed in. Each view says on the line above who may enter."""

from flask import Blueprint

account = Blueprint("account", __name__)

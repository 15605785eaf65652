"""The door for WSGI servers: gunicorn flasky:app."""

from app import create_app

app = create_app()

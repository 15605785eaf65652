"""The site as it is in production, but that nobody is told to write more slowly."""

from app import create_app
from config import Config

app = create_app(LIMITS=Config.LIMITS | {"writing": "1000000 per minute"})

"""The site as it is in production, but that nobody is told to write more slowly."""

from app import create_app
from config import Config

ENDLESS = {"writing": "1000000 per minute"}
ENDLESS |= {name: "" for name in Config.LIMITS if name.startswith("texts")}

app = create_app(LIMITS=Config.LIMITS | ENDLESS)

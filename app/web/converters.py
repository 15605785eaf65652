"""URL converters."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from ..databases import LARGEST_ID


class IdConverter(IntegerConverter):
    """`<id:name>`: an integer that fits into an id column; others are a 404."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def init_app(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter

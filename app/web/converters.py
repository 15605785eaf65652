"""URL converters."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

from ..databases import LARGEST_ID


class IdConverter(IntegerConverter):
    """`<id:name>`: a number that an id column can hold; any other is a 404."""

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def init_app(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter

"""The archive of a data export: a zip of HTML pages and data.json, made as it is sent.

No more than a batch of rows and a part of the file are in memory, however much there is.
"""

import json
from datetime import datetime
from io import RawIOBase
from itertools import count
from tempfile import SpooledTemporaryFile
from zipfile import ZIP_DEFLATED, ZipFile

from flask import current_app, render_template

from ..extensions import db
from ..models import Picture, User
from ..models.content.rendering import as_html, linked_from
from ..models.fields import iso, utcnow
from ..models.site.setting import current_settings
from ..web.requests import site_link
from .sections import PICTURE, SECTIONS, account

PART = 512 * 1024  # bytes in one row of the database
IN_MEMORY = 1024 * 1024  # of data.json, before it goes to the disk
STYLE = "own_data/style.css"
RENDERED = ("body_html", "renderer")  # what is made of the text is not in data.json


class Parts(RawIOBase):
    """A file that hands on what is written to it in parts of one size."""

    def __init__(self):
        super().__init__()
        self.buffer = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.buffer += data
        return len(data)

    def take(self, *, rest=False):
        """Yield full parts, and the rest at the end."""
        while len(self.buffer) >= PART or (rest and self.buffer):
            part = bytes(self.buffer[:PART])
            del self.buffer[:PART]
            yield part


def make(person, note):
    """Yield the file in parts. Call `note(section, done, total)` to report progress."""
    parts = Parts()
    with SpooledTemporaryFile(IN_MEMORY) as facts, ZipFile(parts, "w", ZIP_DEFLATED) as zip:
        begin(facts, person)
        contents = []
        for section in SECTIONS:
            pages = []
            for name in write_section(zip, facts, section, person.id, note):
                pages.append(name)
                yield from parts.take()
            contents.append((section, pages))
        facts.write(b"\n}\n")
        facts.seek(0)
        with zip.open("data.json", "w", force_zip64=True) as file:
            while piece := facts.read(PART):
                file.write(piece)
                yield from parts.take()
        write_picture(zip, person)
        write_index(zip, person.id, contents)
    yield from parts.take(rest=True)


def begin(facts, person):
    about = {"site": current_settings().site_name, "address": site_link("main.index")}
    about["made_at"] = utcnow()
    facts.write(f'{{\n"about": {as_json(about)},\n"account": {as_json(account(person))}'.encode())


def write_section(zip, facts, section, id, note):
    """Write a section; yield the name of each page of it."""
    done, total = 0, section.count(id)
    facts.write(f',\n"{section.name}": ['.encode())
    for number, batch in zip_numbers(section.batches(id)):
        separators = ["," if done or place else "" for place in range(len(batch))]
        lines = (f"{s}\n{as_json(row)}" for s, row in zip_strict(separators, batch))
        facts.write("".join(lines).encode())
        done += len(batch)
        name = f"{section.name}-{number}.html"
        template = "writing" if section.is_writing else "rows"
        more = done < total
        page = dict(
            section=section, rows=batch, number=number, more=more, base=base(), html_of=readable
        )
        write_page(zip, name, f"own_data/{template}.html", **page)
        note(section.name, min(done, total), total)
        yield name
    facts.write(b"\n]")


def zip_numbers(batches):
    return zip(count(1), batches, strict=False)


def zip_strict(one, other):
    return zip(one, other, strict=True)


def write_picture(zip, person):
    if data := person.picture_key and Picture.data_at(person.picture_key):
        zip.writestr(PICTURE, data)


def write_index(zip, id, contents):
    person = db.session.get(User, id)
    values = dict(facts=account(person), contents=contents, made_at=utcnow())
    db.session.commit()
    write_page(zip, "index.html", "own_data/index.html", **values)
    source = current_app.jinja_env.loader.get_source(current_app.jinja_env, STYLE)[0]
    zip.writestr("style.css", source)


def write_page(zip, name, template, **values):
    zip.writestr(name, render_template(template, **values))


def base():
    """Absolute URLs, for pages that are read away from the site."""
    return site_link("main.index").rstrip("/")


def readable(row):
    """Return the HTML of a post or comment with absolute links to the site."""
    html = as_html(row["body_html"], row["renderer"], row["body"])
    return linked_from(html, site_link("main.index"))


def as_json(values):
    values = {name: value for name, value in values.items() if name not in RENDERED}
    return json.dumps(values, ensure_ascii=False, default=in_words)


def in_words(value):
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(type(value).__name__)

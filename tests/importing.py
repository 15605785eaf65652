"""What the tests of imports do: write a file, upload it, read the plan, say yes."""

import re

from factories import everything
from sqlalchemy import select

from app.extensions import db
from app.imports import Plan, make_plan
from app.models import PeopleImport

PATH = "/admin/people/import"
MULTIPART = "multipart/form-data; boundary=b"
NORA = "nora@example.org,nora,Nora,Nilsen,Bergen,User,yes,yes"
HEADER = "email,username,first_name,last_name,location,role,confirmed,active"


def file_of(*lines, header=HEADER):
    return "\n".join([header, *lines]) + "\n"


def upload(client, text, name="people.csv"):
    """Send a file as a browser does; Werkzeug's client would leave large ones open."""
    data = text if isinstance(text, bytes) else text.encode()
    return client.post(PATH, data=part(data, name) + b"\r\n--b--\r\n", content_type=MULTIPART)


def part(data, name="people.csv"):
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data


def waiting():
    db.session.rollback()
    return db.session.scalar(select(PeopleImport))


def planned(by, *lines, header=HEADER):
    """The lines of the plan, as a person of that rank would be shown it."""
    return list(Plan(make_plan(file_of(*lines, header=header), by=by).text).lines())


def confirm(client, *, hash=None, **form):
    """Say yes to the import that waits."""
    row = waiting()
    return client.post(f"{PATH}/{row.id}", data={"plan_hash": hash or row.plan_hash, **form})


def run(client, *lines, header=HEADER, **form):
    """Upload, and say yes."""
    assert upload(client, file_of(*lines, header=header)).location.startswith(PATH)
    return confirm(client, **form)


def message(client):
    """What the next page says about what was done."""
    page = client.get(PATH).text
    return " ".join(
        re.findall(r'role="(?:status|alert)"[^>]*>\s*(?:<p>)?(.*?)<', page, re.S)
    ).strip()


def all_but_the_file():
    """Every row but those in which files wait, and when people were here."""
    tables = everything()
    tables.pop("people_imports")
    return tables

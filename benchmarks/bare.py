"""The ceiling: a bare Flask page of as many bytes as BARE_FILE, without session or query."""

import os
from pathlib import Path

from flask import Flask

app = Flask(__name__)
BODY = Path(os.environ["BARE_FILE"]).read_bytes()


@app.route("/")
def page():
    return BODY

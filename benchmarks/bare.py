"""What Flask itself costs: a page of as many bytes as BARE_FILE, and the least that a feed can be.

`/` has no session, query or template. `/feed` reads twenty posts with their authors from
BARE_DATABASE by one statement, and shows them by one template: no session, no forms, no layout.
"""

import os
from pathlib import Path

from flask import Flask
from markupsafe import Markup
from sqlalchemy import create_engine, text

app = Flask(__name__)
BODY = Path(os.environ["BARE_FILE"]).read_bytes()
ENGINE = create_engine(os.environ["BARE_DATABASE"])
NEWEST = text(
    "SELECT p.id, p.created_at, p.body_html, p.comment_count, p.like_count, u.username"
    " FROM posts p JOIN users u ON u.id = p.author_id"
    " WHERE p.deleted_at IS NULL AND p.hidden_at IS NULL"
    " ORDER BY p.created_at DESC, p.id DESC LIMIT 20"
)
PAGE = app.jinja_env.from_string("""<!doctype html>
<title>Newest posts</title>
{% for post in posts %}
<article>
  <h2><a href="/user/{{ post.username }}">{{ post.username }}</a></h2>
  <time>{{ post.created_at }}</time>
  {{ Markup(post.body_html) }}
  <p><a href="/post/{{ post.id }}">{{ post.comment_count }}</a> {{ post.like_count }}</p>
</article>
{% endfor %}""")


@app.route("/")
def page():
    return BODY


@app.route("/feed")
def feed():
    with ENGINE.connect() as connection:
        return PAGE.render(posts=connection.execute(NEWEST), Markup=Markup)

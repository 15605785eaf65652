"""Wording of the log: no code names, no True, no ISO dates."""

from types import SimpleNamespace

from app.extensions import db
from app.models import AuditEntry, Setting
from app.models.audit.actions import Action
from app.models.site.setting import NAMES
from app.web.audit_words import SETTINGS, said, target

WORDS = {
    ("", "User until the end of 1 May 2099 (UTC)"): "User until the end of 1 May 2099 (UTC)",
    ("frozen", "yes"): "yes",
    ("frozen", "False"): "no",
    ("frozen_until", "2099-05-01T08:30:00.000000Z"): "1 May 2099, 08:30 UTC",
    ("frozen_until", ""): "",
    ("registration", "approval"): "By approval",
    ("registration", "no longer known"): "no longer known",
    ("readers", "members"): "Members only",
    ("notice_hours", "1"): "1 hour",
    ("warning_days", "90"): "90 days",
    ("warning_days", "0"): "never",
    ("site_name", "90"): "90",
    ("", '{"index": "main.index", "default": false, "permissions": ["READ", "WRITE"]}'): (
        "landing page: main.index, default: no, permissions: READ, WRITE"
    ),
    ("", '{"about_me": "", "first_name": "Al"}'): "about: nothing, first name: Al",
    ("", "until 2099-05-01 08:30:00+00:00"): "until 1 May 2099, 08:30 UTC",
    ("", "2099-99-99T08:30:00Z"): "2099-99-99T08:30:00Z",
    ("", "{broken"): "{broken",
    ("", "[1]"): "[1]",
}


def test_each_value_is_said_in_words():
    spoken = {}
    for name, text in WORDS:
        kind = "setting" if name else "user"
        entry = SimpleNamespace(target_type=kind, target_name=name or "alice")
        spoken[name, text] = said(text, entry)

    assert spoken == WORDS


def test_each_setting_has_a_name_for_people():
    assert list(SETTINGS) == NAMES
    assert target(SimpleNamespace(target_type="setting", target_name="frozen")) == "read-only"


def test_pages_and_commands_say_them(client, ada, flask):
    changes = dict(frozen=True, frozen_until="2099-05-01T08:30:00.000000Z", registration="closed")
    Setting.change(by=ada, **changes)
    db.session.commit()
    client.sign_in(ada)

    page, listed = client.get("/admin/audit").text, flask("audit", "list").output

    for words in ("read-only until", "1 May 2099, 08:30 UTC", "Closed", "who may sign up"):
        assert words in page and words in listed
    for code in ("frozen_until", "2099-05-01T", "True", "registration"):
        assert code not in listed
    assert {e.after for e in db.session.scalars(AuditEntry.latest())} >= {"yes", "closed"}


def test_each_action_has_an_icon_that_is_there(app):
    with app.open_resource("static/icons.svg", "r") as file:
        drawn = file.read()

    assert [action for action in Action if f'id="{action.facts.icon}"' not in drawn] == []

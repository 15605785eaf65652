"""Reasons: each action of staff takes one into the log."""

from factories import make_user

from app.extensions import db
from app.models import AuditEntry, Page, Role, RoleRequest

WHY = "Asked for at the meeting."
SETTINGS = dict(site_name="Club", registration="open", readers="all", posts_per_page="20")
SETTINGS |= dict(hold_first="0", notice_hours="24", report_categories="Spam | No.")


def reasons():
    db.session.rollback()
    entries = db.session.scalars(AuditEntry.latest().order_by(None).order_by(AuditEntry.id))
    return {(entry.action, entry.target_name): entry.reason for entry in entries}


def role_form(**values):
    form = dict(name="Helper", description="", permissions=["WRITE"], index="main.index")
    return form | {"reason": WHY} | values


def test_roles_are_made_changed_and_removed_for_a_reason(client, ada):
    client.sign_in(ada)
    client.post("/admin/roles/new", data=role_form(default="y"))
    helper = Role.named("Helper")
    client.post(f"/admin/roles/{helper.id}", data=role_form(description="Helps."))
    Role.named("User").make_default()
    db.session.commit()
    client.post(f"/admin/roles/{helper.id}/delete", data={"reason": WHY})

    noted = reasons()
    for action in ("create", "change", "make default", "delete"):
        assert noted[action, "Helper"] == WHY
    assert Role.named("Helper") is None


def test_settings_are_changed_for_a_reason(client, ada):
    client.sign_in(ada)

    client.post("/admin/settings", data=SETTINGS | {"reason": WHY})

    assert reasons()["change", "site_name"] == WHY


def test_pages_are_written_for_a_reason(client, ada):
    client.sign_in(ada)
    text = dict(title="Imprint", body="We.", save="y", reason=WHY)
    client.post("/admin/pages/new", data=text | {"slug": "imprint"})
    page = Page.at("imprint")
    version = {"version": str(page.current.id)}
    client.post(f"/admin/pages/{page.id}", data=text | version | {"body": "We, and you."})

    noted = reasons()
    assert noted["create", "Imprint"] == noted["revise", "Imprint"] == WHY


def test_operators_give_a_reason_too(flask, alice):
    for words, action in (
        (["roles", "set", "alice", "Moderator"], "change role"),
        (["users", "deactivate", "alice"], "deactivate"),
        (["users", "delete", "--yes", "alice"], "delete"),
    ):
        assert flask(*words, "--reason", WHY).exit_code == 0
        assert reasons()[action, "alice"] == WHY


def test_a_reason_that_is_too_long_changes_nothing(flask, alice):
    """R-88."""
    result = flask("users", "deactivate", "alice", "--reason", "x" * 501)

    assert result.exit_code == 2 and "at most 500 characters" in result.output
    assert alice.is_active


def test_the_log_says_in_words_what_was_set(client, ada):
    """No brackets, no quotation marks: people read it."""
    Role.create(name="Helper", permissions=6, by=ada)
    client.sign_in(ada)

    page = client.get("/admin/audit").text

    assert "name: Helper, permissions: COMMENT, WRITE, description: nothing" in page
    assert "{" not in page.partition("<main")[2].partition("</main>")[0]


def test_the_log_shows_whatever_else_stands_there(client, ada):
    for text in ("{", "{not json", '["a"]', "{}", '{"a": {"b": 1}}'):
        AuditEntry.record("change", "site_name", by=ada, before="", after=text)
    client.sign_in(ada)

    assert client.get("/admin/audit").status_code == 200


def test_a_refusal_says_that_a_request_waits(client, alice):
    moderator = Role.named("Moderator")
    moderator.requestable = True
    client.sign_in(alice)
    assert "Ask for the role Moderator" in client.get("/moderation/").text

    RoleRequest.ask(alice, moderator, "I am awake at night.")

    page = client.get("/moderation/").text
    assert "Ask for the role" not in page and "Your request is pending" in page


def test_a_temporary_role_is_changed_without_losing_its_end(client, ada):
    """The form shows the day that was chosen, so saving it keeps it."""
    tess = make_user("tess")
    client.sign_in(ada)
    data = {"role": str(Role.named("Moderator").id), "until": "2999-08-31", "reason": ""}
    client.post(f"/admin/users/{tess.id}/role", data=data)

    page = client.get(f"/admin/users/{tess.id}/role").text

    assert 'value="2999-08-31"' in page
    assert "returns to User after that day" in page

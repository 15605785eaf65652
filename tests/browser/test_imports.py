"""A file of people: uploaded, looked at line by line, confirmed; and cancelled."""

import pytest
from playwright.sync_api import expect

from .test_pages import faults_of

pytestmark = pytest.mark.browser
LINES = """email,username,first_name,last_name,role,active
nils@example.org,,Nils,Holm,,
n.ils@example.org,,Nils,Holm,Emperor,
nils+club@example.org,,Nils,Holm,,
bob@example.org,,Bob,,,
"""


def choose(page, text):
    file = dict(name="club.csv", mimeType="text/csv", buffer=text.encode())
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_file_is_uploaded_looked_at_and_confirmed(visit, people, script):
    name = "nils" if script else "nelly"
    page = visit("/admin/people/import", "ada", script=script)
    choose(page, LINES.replace("nils", name).replace("Bob,", f"Bob {name},"))

    expect(page.get_by_role("heading", level=1)).to_have_text("Review the import")
    lines = page.get_by_role("row")
    expect(lines.nth(1)).to_contain_text("Nils Holm as User, not confirmed")
    expect(lines.nth(2)).to_contain_text("There is no role “Emperor”")
    expect(lines.nth(3)).to_contain_text("Line 2 has almost the same email.")
    expect(lines.nth(4)).to_contain_text(f"→ Bob {name}")
    assert faults_of(page) == []
    page.get_by_role("link", name="Errors").click()
    expect(page.get_by_role("row")).to_have_count(2)

    page.get_by_label("Email new members a link to choose a password").check()
    page.get_by_role("button", name="Import 3 lines and skip 1 with errors").click()
    expect(page.get_by_role("status")).to_contain_text("2 new, 1 changed, 1 skipped.")
    page.goto("/dev/mailbox")
    mail = page.locator(".mail").filter(has_text=f"To {name}@example.org")
    expect(mail).to_contain_text("Your account is ready")
    page.goto("/user/bob")
    expect(page.get_by_role("main")).to_contain_text(f"Bob {name}")


def test_a_file_is_uploaded_and_cancelled(visit):
    page = visit("/admin/people/import", "ada")
    choose(page, "email\nnever@example.org\n")
    page.get_by_role("button", name="Cancel the import").click()

    expect(page.get_by_role("status")).to_contain_text("canceled")
    expect(page.get_by_text("still waits")).to_have_count(0)


def test_a_file_that_is_no_list_of_people_is_told_in_words(visit):
    page = visit("/admin/people/import", "ada")
    choose(page, "Dear Ada,\nhere is the list.")

    expect(page.get_by_role("alert")).to_contain_text("The first line must have the column names")
    assert faults_of(page) == []


def test_a_hundred_megabytes_are_refused_in_words(visit, watcher, tmp_path):
    """Though the browser is in the middle of sending them."""
    file = tmp_path / "huge.csv"
    file.write_bytes(b"email\n" + b"n@example.org\n" * (100 * 1024 * 1024 // 14))
    watcher.expect(413, "/admin/people/import")
    page = visit("/admin/people/import", "ada")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_text("You can send up to 8 MB at once.")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import people")


def test_everybody_is_taken_along_and_nothing_differs(visit):
    page = visit("/admin/people/import", "ada")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export everyone").click()
    file = download.value
    assert file.suggested_filename.startswith("people-")

    page.get_by_label("CSV file").set_input_files(file.path())
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("No changes: everyone in the file")).to_be_visible()
    page.get_by_role("button", name="Cancel the import").click()

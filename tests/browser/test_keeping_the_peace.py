"""The whole story of a quarrel, with four people; and sanctions that end by themselves."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.extensions import db
from app.models import Sanction, User
from app.models.fields import utcnow

from .people import open_mail

pytestmark = pytest.mark.browser
INSULT = "You are all fools, and your cats too."
WHY = "This attacks a person. Disagree with what is said, and leave people be."


def let_time_pass(people, username):
    """Until after the end of all sanctions of a person."""
    with people.app.app_context():
        person, past = User.with_username(username), utcnow() - timedelta(seconds=1)
        for sanction in db.session.scalars(Sanction.of(person)):
            sanction.until = sanction.until and past
        person.silenced_until = person.silenced_until and past
        person.suspended_until = person.suspended_until and past
        db.session.commit()


def mail_leads(page, recipient, subject):
    page.goto("/dev/mailbox")
    open_mail(page, recipient, subject)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
def test_from_the_report_to_the_log(visit, watcher, people, script):
    rude, second = ("rufus", "maxine") if script else ("rosalind", "mirabel")
    people.make(rude)
    people.make(second, role="Moderator")
    path = people.post(rude, INSULT)

    alice = visit(path, "alice", script=script)
    alice.get_by_role("link", name="Report this post").click()
    alice.get_by_role("radio", name="Harassment").check()
    alice.get_by_label("Details").fill("They mean my cat.")
    alice.get_by_role("button", name="Send report").click()
    expect(alice.get_by_role("status")).to_contain_text("Thanks")

    culprit = visit(path, rude, script=script)
    expect(culprit.get_by_text(INSULT).first).to_be_visible()

    mona = visit("/moderation/", "mona", script=script)
    mona.get_by_role("textbox", name="Member").fill(rude)
    mona.get_by_role("button", name="Show", exact=True).click()
    mona.get_by_role("link", name=f"A post by {rude}").click()
    expect(mona.get_by_text("They mean my cat.")).to_be_visible()
    mona.get_by_role("button", name="Claim").click()
    expect(mona.get_by_text("Claimed by you until")).to_be_visible()

    other = visit(mona.url, second, script=script)
    expect(other.get_by_text("mona claimed this until").first).to_be_visible()
    expect(other.get_by_role("button", name="Submit decision", exact=True)).to_have_count(0)

    mona.get_by_role("radio", name=f"and sanction {rude}").check()
    mona.get_by_label("Sanction", exact=True).select_option("suspension")
    mona.get_by_label("How long").select_option("7")
    expect(mona.get_by_label("Reason")).to_have_value(WHY)
    mona.get_by_role("button", name="Submit decision", exact=True).click()
    expect(mona.get_by_role("status").first).to_contain_text("Your decision is in the log.")

    watcher.expect(404, path)
    alice.goto(path)
    expect(alice.locator(".error-code")).to_have_text("Error 404")
    alice.goto("/notifications")
    alice.get_by_text("mona reviewed your report").first.click()
    expect(alice.get_by_role("heading", level=1)).to_have_text("Your reports")
    expect(alice.get_by_text(WHY).first).to_be_visible()
    alice.goto("/dev/mailbox")
    mail = alice.locator(".mail", has_text="mona reviewed your report").first
    expect(mail).to_contain_text("To alice@example.org")

    culprit.goto("/")
    expect(culprit.get_by_role("heading", level=1)).to_have_text("Your standing")
    expect(culprit.get_by_text("Your account is suspended until")).to_be_visible()
    expect(culprit.get_by_text(WHY).first).to_be_visible()
    mail_leads(culprit, f"{rude}@example.org", "Your account is suspended")
    expect(culprit.get_by_role("heading", level=1)).to_have_text("Your standing")
    culprit.get_by_role("link", name="Appeal against").first.click()
    culprit.get_by_label("Message").fill("I meant the cats in the film.")
    culprit.get_by_role("button", name="Send").click()
    expect(culprit.get_by_text("I meant the cats in the film.")).to_be_visible()

    mona.goto("/moderation/appeals")
    mona.get_by_role("link", name=rude).first.click()
    expect(mona.get_by_text("another moderator decides")).to_be_visible()
    other.goto("/moderation/appeals")
    other.get_by_role("link", name=rude).first.click()
    other.get_by_label("Your answer").fill("The film is called Fools and Cats.")
    other.get_by_role("button", name="Lift").click()
    expect(other.get_by_role("status").first).to_be_visible()

    mail_leads(culprit, f"{rude}@example.org", "Decision on your appeal")
    expect(culprit.get_by_text("The film is called Fools and Cats.").first).to_be_visible()
    culprit.goto("/")
    expect(culprit.get_by_label("What’s on your mind?")).to_be_visible()

    visitor = visit("/log", script=script)
    log = visitor.get_by_role("main")
    for words in (f"mona suspended {rude}", f"{second} accepted the appeal of {rude}"):
        expect(log.locator("li", has_text=words).first).to_be_visible()
    expect(log.locator("li", has_text=f"mona hid a post by {rude}").first).to_be_visible()
    expect(log).not_to_contain_text(INSULT)
    expect(log).not_to_contain_text("alice")


def test_a_silence_ends_by_itself(visit, watcher, people):
    people.make("noisy")
    staff = visit("/user/noisy", "mona")
    staff.get_by_role("link", name="Sanction").click()
    staff.get_by_role("radio", name="Silence").check()
    staff.get_by_label("How long").select_option("1")
    staff.get_by_label("Reason").fill("Too much, too fast.")
    staff.get_by_role("button", name="Sanction", exact=True).click()
    expect(staff.get_by_role("status").first).to_contain_text("noisy")

    page = visit("/", "noisy")
    expect(page.get_by_text("You’re silenced until")).to_be_visible()
    expect(page.get_by_label("What’s on your mind?")).to_have_count(0)

    let_time_pass(people, "noisy")
    page.reload()
    page.get_by_label("What’s on your mind?").fill("Good morning, quietly.")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("Good morning, quietly.").first).to_be_visible()
    page.goto("/standing")
    expect(page.get_by_text("Expired")).to_be_visible()

"""Wording of moderation pages: sentences, names of targets, and ways back."""

from datetime import timedelta

import pytest
from factories import make_comment, make_post, make_report

from app.extensions import db
from app.models import Sanction
from app.models.fields import utcnow
from app.text.dates import date_time


def after(client, path, **form):
    """What is said after an act."""
    return client.get(client.post(f"/moderation/{path}", data=form).location).text


@pytest.fixture
def moderator(client, mona):
    client.sign_in(mona)
    return client


def test_addresses_are_for_administrators(moderator, alice, ada):
    case = make_report(make_post(alice)).case
    alice.assign_address("alice@example.net", by=ada, reason="A typo.")
    db.session.commit()

    for path in ("people/alice", f"case/{case.id}"):
        page = moderator.get(f"/moderation/{path}").text
        assert "alice@example" not in page and "A typo." not in page


def test_the_log_of_a_member_is_told_in_sentences(moderator, alice, mona):
    until = utcnow() + timedelta(days=1)
    Sanction.impose(alice, "silence", by=mona, reason="Be calm.", until=until)
    db.session.commit()

    page = moderator.get("/moderation/people/alice").text

    assert f"<strong>mona</strong> silenced alice until {date_time(until)}" in page
    assert page.count("Be calm.") == 2 and f"<ins>until {date_time(until)}" not in page


def test_before_a_ruling_a_sanction_is_listed_once_and_times_keep_their_capitals(
    moderator, alice, mona
):
    case, until = make_report(make_post(alice)).case, utcnow() + timedelta(days=1)
    Sanction.impose(alice, "silence", by=mona, reason="Be calm.", until=until)

    page = moderator.get(f"/moderation/case/{case.id}").text

    assert f"Silence until {date_time(until)} by mona" in page and page.count("Be calm.") == 1


PARTS = {
    "": "Reports",
    "case/{case}": "Reports",
    "held": "Pending posts",
    "appeals": "Appeals",
    "people/alice/clean-up": "People",
    "log": "Log",
    "words": "Watched words",
}


def test_a_page_shows_which_part_of_moderation_it_is_in(moderator, alice):
    case, seen = make_report(make_post(alice)).case, {}
    for path in PARTS:
        page = moderator.get("/moderation/" + path.format(case=case.id)).text
        nav = page.partition('aria-label="Moderation"')[2].partition("</nav>")[0]
        assert nav.count("aria-current") == 1
        seen[path] = nav.partition("aria-current")[2].partition(">")[2].partition("<")[0].strip()

    assert seen == PARTS


def test_what_is_said_after_an_act_names_whose_it_is(moderator, alice, bob, mona):
    post, comment = make_post(alice), make_comment(author=bob)
    case = make_report(make_post(bob)).case
    reason = dict(reason="Off the subject.")

    assert "Hidden: post by alice." in after(moderator, f"post/{post.id}/hide", **reason)
    restored = after(moderator, f"post/{post.id}/restore", **reason)
    assert "Restored: post by alice." in restored
    assert "Hidden: comment by bob." in after(moderator, f"comment/{comment.id}/hide", **reason)
    assert "Note about bob added." in after(moderator, "people/bob/notes", text="Kind.")
    words = after(moderator, f"case/{case.id}/rule", ruling="dismiss", kind="warning", **reason)
    assert "Dismissed: a post by bob. Your decision is in the log." in words


def test_a_sanction_and_its_end_name_the_member_and_lead_back_to_them(moderator, alice):
    form = dict(kind="warning", lasts="7", reason="Be calm.", key="k" * 32)

    given = after(moderator, "people/alice/sanction", **form)
    sanction = db.session.query(Sanction).one()
    lifted = after(moderator, f"sanctions/{sanction.id}/lift", reason="I was wrong.")

    assert "alice received a warning until " in given and "Staff notes" in given
    assert "The warning of alice was lifted." in lifted and "Staff notes" in lifted


def test_a_clean_up_without_a_reason_is_asked_for_it_and_keeps_its_preview(moderator, alice):
    make_post(alice, "Buy now.")
    path = "/moderation/people/alice/clean-up"

    page = moderator.post(path, data=dict(since=f"{utcnow():%Y-%m-%d}")).text

    assert "Choose a rule or enter a reason." in page and "<strong>1 post</strong>" in page
    assert 'name="reason"' in page and "Buy now." in page


def test_no_token_stands_in_the_address_of_a_preview(moderator, alice):
    page = moderator.get("/moderation/people/alice/clean-up").text

    form = page[page.index('<form class="sheet" method="get"') :]
    assert "csrf_token" not in form[: form.index("</form>")]


def test_a_clean_up_of_nothing_asks_for_no_reason(moderator, alice):
    page = moderator.get("/moderation/people/alice/clean-up?since=2026-01-01").text

    assert "<strong>no posts</strong>" in page and 'name="reason"' not in page


def test_nobody_reads_notes_about_themselves_nor_that_there_are_any(moderator, mona, ada):
    moderator.sign_in(ada)
    after(moderator, "people/mona/notes", text="Tired of late.")
    moderator.sign_in(mona)

    page = moderator.get("/moderation/people/mona").text

    assert "You can’t see notes about yourself." in page
    assert "Tired" not in page and "noted something" not in page


def test_the_numbers_of_a_month_have_headings(client):
    page = client.get(f"/log/transparency/{utcnow():%Y-%m}").text

    for key, words in (("reports", "Reports"), ("texts", "Posts and comments")):
        assert f'<h2 id="{key}">{words}</h2>' in page and f'aria-labelledby="{key}"' in page

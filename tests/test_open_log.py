"""The log in the open: who reads which act, what is left out of it by rule, and how it is found."""

from datetime import timedelta

import pytest
from factories import keep, make_comment, make_post, make_user
from sqlalchemy import text, update

from app.extensions import db
from app.models import Appeal, AuditEntry, Case, Role, Sanction, Setting, WatchedWord
from app.models.audit.actions import EVERYBODY, PUBLIC_GROUPS, STAFF, Action
from app.models.audit.chain import Fault
from app.models.fields import utcnow
from app.models.retention.erasure import delete_account

PEOPLE = """ban, change role, clean up, deactivate, delete, end role, give notice, keep role,
lift sanction, reactivate, reinstate sanction, silence, suspend, undo clean up, warn"""
TEXTS = """approve text, close comments, decline text, edit text, hide, hold text, open comments,
remove text, restore"""
PRIVATE = """accept request, approve, change, change address, confirm address,
create, decline, decline request, drop mail, edit, end view as role, export people, import people,
invite, join, make default, put back, remove, require new password, resend invitation, retry mail,
retry mails, revise, revoke invitation, send reset link, send test mail, set password, sign out,
view as role"""
NOUNS = [
    "",
    "user",
    "post",
    "comment",
    "case",
    "appeal",
    "word",
    "role",
    "page",
    "setting",
    "outboxmail",
]


def acts(words):
    return {act.strip() for act in words.replace("\n", " ").split(",")}


PUBLIC = {("user", act) for act in acts(PEOPLE)}
PUBLIC |= {(noun, act) for noun in ("post", "comment") for act in acts(TEXTS)}
REPORTS = ("dismiss reports", "reopen reports", "uphold reports")
PUBLIC |= {("case", act) for act in REPORTS}
APPEALS = ("accept appeal", "decline appeal", "reopen appeal")
PUBLIC |= {("appeal", act) for act in APPEALS}
FOR_STAFF = {
    "add note": "user",
    "remove note": "user",
    "add word": "word",
    "remove word": "word",
    "answer appeal": "appeal",
}


def entries():
    return db.session.scalars(AuditEntry.latest()).all()


def sentences(page):
    """What the entries of a page say, without their markup."""
    parts = page.text.split('<article class="entry">')[1:]
    return ["".join(words(part.split("</article>")[0])) for part in parts]


def words(html):
    inside = False
    for sign in html:
        inside = sign == "<" or (inside and sign != ">")
        if not inside and sign != ">":
            yield sign


def record(action, target, by, **values):
    entry = AuditEntry.record(action, target, by=by, **values)
    db.session.flush()
    return entry


# Which acts


def test_every_act_is_for_everybody_for_staff_or_for_administrators():
    """Whoever adds an act says here for whom it is."""
    assert {act for _, act in PUBLIC} | set(FOR_STAFF) | acts(PRIVATE) == set(Action)
    pairs = [(noun, act) for noun in NOUNS for act in Action]
    public = dict.fromkeys(PUBLIC, EVERYBODY)
    staff = {(noun, act): STAFF for act, noun in FOR_STAFF.items()}

    assert {(noun, act): act.audience(noun) for noun, act in pairs} == {
        pair: public.get(pair, staff.get(pair)) for pair in pairs
    }


def test_each_act_of_moderation_has_words_and_an_address(client, mona, alice):
    Setting.change(posts_per_page=len(PUBLIC))
    targets = {noun: thing(noun, alice) for noun in {noun for noun, _ in PUBLIC}}
    ids = {}
    for noun, act in sorted(PUBLIC):
        ids[noun, act] = record(act, targets[noun], mona, reason=f"Because: {act}.").id
    db.session.commit()

    page = client.get("/log")

    said = dict(zip(sorted(PUBLIC), reversed(sentences(page)), strict=True))
    for (noun, act), words in said.items():
        assert "mona" in words and f"“Because: {act}.”" in words
        assert act not in words.split("“")[0] or len(act.split()) == 1
        assert f'href="/log/{ids[noun, act]}"' in page.text
    alone = {pair: client.get(f"/log/{ids[pair]}") for pair in dict(sorted(PUBLIC)).items()}
    assert {pair: sentences(one)[0] for pair, one in alone.items()} == {p: said[p] for p in alone}
    client.sign_in(mona)
    full = sentences(client.get("/moderation/log"))
    assert ["Because: " in words for words in full] == [True] * len(PUBLIC)
    for pair in alone:
        assert client.get(f"/moderation/log/{ids[pair]}").status_code == 200


def thing(noun, person):
    if noun == "post":
        return make_post(person)
    if noun == "comment":
        return make_comment(author=person)
    if noun == "case":
        return keep(Case(noun="user", category="Spam", person=person))
    return keep(Appeal(user=person)) if noun == "appeal" else person


def test_what_is_no_moderation_is_in_neither_log(client, mona, ada, alice):
    entry = record("change address", alice, ada, after="new@example.org")
    record("delete", Role.named("User"), ada)
    Setting.change(by=ada, site_name="Other")

    client.sign_in(mona)
    for path in ("/log", "/moderation/log"):
        assert sentences(client.get(path)) == []
        assert client.get(f"{path}/{entry.id}").status_code == 404


def test_notes_and_watched_words_are_for_staff_alone(client, mona, alice):
    entry = record("add note", alice, mona)
    WatchedWord.add("word", "shoes", "hold", by=mona)

    assert sentences(client.get("/log")) == [] and client.get(f"/log/{entry.id}").status_code == 404
    client.sign_in(mona)
    word, note = sentences(client.get("/moderation/log"))
    assert "mona added a note about alice" in note and "Staff only" in note
    assert "mona added shoes to the watched words" in word and "Staff only" in word


@pytest.mark.both_databases
def test_an_entry_that_somebody_keeps_from_the_public_log_is_found(app, mona, alice):
    make_post(alice).hide(by=mona, reason="spam")
    db.session.commit()
    db.session.execute(update(AuditEntry).values(audience=None))

    assert AuditEntry.verify() == Fault(1, "is not shown to those whom it is for")


# What is left out


def test_a_hidden_text_is_told_of_without_its_words(client, alice, bob, mona):
    post = make_post(alice, text="Unspeakable.")
    comment = make_comment(make_post(bob), alice, text="Unspeakable.")
    for content in (post, comment):
        content.hide(by=mona, reason="Spam.")
    links = [f'href="/{content.noun}/{content.id}"' for content in (post, comment)]

    seen = {}
    for person in (None, alice, bob, mona):
        if person:
            client.sign_in(person)
        page = client.get("/log")
        notify_comment, of_post = sentences(page)
        assert "mona hid a comment by alice" in notify_comment and "“Spam.”" in notify_comment
        assert "mona hid a post by alice" in of_post and "Unspeakable" not in page.text
        seen[person and person.username] = [link in page.text for link in links]
    no, yes = [False, False], [True, True]
    assert seen == {None: no, "alice": yes, "bob": no, "mona": yes}

    for content in (post, comment):
        content.restore(by=mona)
    client.sign_out()
    page = client.get("/log").text
    assert [link in page for link in links] == yes


def test_a_comment_below_a_hidden_post_is_not_linked(client, alice, mona):
    post = make_post(alice)
    comment = make_comment(post, alice)
    comment.hide(by=mona, reason="spam")
    comment.restore(by=mona)
    post.hide(by=mona, reason="spam")

    assert "/comment/" not in client.get("/log").text


def test_its_author_is_named_where_the_settings_say_so_and_they_are_there(client, mona, ada):
    """Also after they took another name; the entry keeps the one they had."""
    names = ("anna", "berta", "carla", "dora")
    people = {name: make_user(name) for name in names}
    for person in people.values():
        post = make_post(person)
        make_comment(post, person).hide(by=mona, reason="spam")
        post.hide(by=mona, reason="spam")
    people["anna"].edit(by=ada, username="annika")
    delete_account(people["berta"], by=ada)
    people["carla"].confirmed_at = None
    people["dora"].leaving_at = utcnow()

    for named, times in ((True, 2), (False, 0)):
        Setting.change(names_in_log=named)
        page = client.get("/log").text
        assert not any(name in page for name in names)
        assert page.count(">annika<") == times
    client.sign_in(mona)
    full = client.get("/moderation/log").text
    assert all(name in full for name in ("annika", "berta", "carla", "dora"))


def test_no_link_names_an_author_where_the_log_names_nobody(client, mona, alice):
    post = make_post(alice)
    texts = [post, make_comment(post, alice)]
    for content in texts:
        content.hide(by=mona, reason="spam")
        content.restore(by=mona)
    post.close(by=mona, reason="Too heated.")

    for names in (True, False):
        Setting.change(names_in_log=names)
        page = client.get("/log").text
        assert ("alice" in page) is names
        for content in texts:
            link = f"/{content.noun}/{content.id}"
            alone = client.get(f"/log/{entry_about(content).id}").text
            assert [link in page, link in alone] == [names, names]


def entry_about(text):
    return db.session.scalars(AuditEntry.about(text)).first()


def test_whom_a_report_was_about_is_not_told(client, mona, alice):
    case = thing("case", alice)
    for act in REPORTS:
        record(act, case, mona, reason="It is fine.", after="2 reports")

    for path in ("/log", "/log/feed.atom"):
        page = client.get(path).text
        assert "alice" not in page and "2 reports" not in page
        assert page.count("It is fine.") == len(REPORTS)
    client.sign_in(mona)
    page = client.get("/moderation/log")
    assert ["alice" in words for words in sentences(page)] == [True] * len(REPORTS)
    assert f"/moderation/case/{case.id}" in page.text


def test_the_log_tells_of_roles_and_sanctions_and_never_of_other_facts(client, mona, ada, alice):
    alice.change_role(Role.named("Moderator"), by=ada)
    alice.change_role(Role.named("User"), by=ada)
    sanction = Sanction.impose(alice, "silence", by=mona, reason="Rude.", until=in_days(7))
    sanction.lift(by=mona)
    record("edit text", make_post(alice), mona, before="Secret one.", after="Secret two.")

    page = client.get("/log")

    said = " ".join(sentences(page))
    assert ": User → Moderator" in said and "silenced alice until" in said
    assert "lifted a sanction of alice: silence until" in said
    assert "Secret" not in page.text
    client.sign_in(mona)
    assert "Secret one." in client.get("/moderation/log").text


def in_days(days):
    return utcnow() + timedelta(days=days)


# Finding


@pytest.fixture
def busy(mona, ada, alice):
    """Some acts of two people, one of them long ago."""
    post = make_post(alice)
    post.hide(by=mona, reason="spam")
    post.restore(by=ada)
    Sanction.impose(alice, "warning", by=mona, reason="Rude.")
    db.session.flush()
    old = dict(created_at=utcnow().replace(year=2020))
    db.session.execute(update(AuditEntry).where(AuditEntry.action == "hide").values(**old))


SAID = ("hid", "restored", "warned")
FILTERED = {
    "": {"hid", "restored", "warned"},
    "kind=hide": {"hid"},
    "kind=ban": set(),
    "kind=nonsense": {"hid", "restored", "warned"},
    "moderator=mona": {"hid", "warned"},
    "moderator=MONA&kind=warn": {"warned"},
    "moderator=nobody": set(),
    "moderator=%25": set(),
    "since=2021-01-01": {"restored", "warned"},
    "until=2020-12-31": {"hid"},
    "since=2020-01-01&until=2020-12-31&moderator=mona&kind=hide": {"hid"},
    "since=2021-01-01&until=2020-12-31": set(),
    "since=rubbish": {"hid", "restored", "warned"},
    "until=9999-12-31": {"hid", "restored", "warned"},
}


@pytest.mark.both_databases
def test_the_log_is_filtered_by_kind_moderator_and_time(client, busy):
    found = {}
    for query in FILTERED:
        page = client.get(f"/log?{query}")
        said = " ".join(sentences(page))
        found[query] = {act for act in SAID if f" {act} " in said}
        assert ("No matching entries." in page.text) is (not found[query])

    assert found == FILTERED


@pytest.mark.both_databases
def test_staff_filter_by_the_same_and_by_member_too(client, mona, busy, bob):
    make_post(bob).hide(by=mona, reason="spam")
    client.sign_in(mona)

    (hidden,) = sentences(client.get("/moderation/log?member=BOB"))
    (warned,) = sentences(client.get("/moderation/log?moderator=mona&kind=warn"))

    assert "mona hid a post by bob" in hidden and " warned " in warned


@pytest.mark.both_databases
def test_entries_are_in_the_order_of_their_moments_page_by_page(client, mona, alice):
    Setting.change(posts_per_page=5)
    posts = [make_post(alice) for _ in range(7)]
    for number, post in enumerate(posts):
        post.hide(by=mona, reason=f"Number {number:02}.")

    seen, path = [], "/log?kind=hide"
    while path and len(seen) < 100:  # a page that came twice would come for ever
        page = client.get(path).text
        seen += [int(part[:2]) for part in page.split("“Number ")[1:]]
        rest = page.partition('rel="next" href="')[2]
        path = rest.partition('"')[0].replace("&amp;", "&") if rest else None

    assert seen == list(range(6, -1, -1))


def test_an_empty_log_says_so(client):
    assert "No entries yet." in client.get("/log").text


def test_an_entry_that_is_not_there_is_not_found(client):
    for id in ("0", "2147483648", "x"):
        assert client.get(f"/log/{id}").status_code == 404


def test_where_members_only_read_the_log_is_theirs(client, alice, mona):
    make_post(alice).hide(by=mona, reason="spam")
    id = entries()[0].id
    Setting.change(readers="members")

    for path in ("/log", f"/log/{id}", "/log/feed.atom", "/log/transparency"):
        client.sign_out()
        assert client.get(path).location.startswith("/auth/login")
        client.sign_in(alice)
        assert client.get(path).status_code == 200


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "conditions, index",
    [
        ("", "ix_audit_moderation"),
        ("AND created_at >= '2026-01-01'", "ix_audit_moderation"),
        ("AND action = 'ban'", "ix_audit_moderation_action"),
        ("AND actor_name = 'mona'", "ix_audit_moderation_actor"),
        ("AND actor_name = 'mona' AND action = 'ban'", "ix_audit_moderation_both"),
    ],
)
def test_an_index_brings_the_newest_entries_in_order(app, conditions, index):
    """With nothing to sort: each page reads so many entries as it shows."""
    query = "SELECT * FROM audit_entries WHERE audience IS NOT NULL AND audience = 'everybody'"
    query += f" {conditions} ORDER BY created_at DESC, id DESC LIMIT 21"
    sqlite = db.engine.dialect.name == "sqlite"
    if not sqlite:
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_sort = off"))
        db.session.execute(text("SET LOCAL enable_bitmapscan = off"))
    plan = db.session.execute(text(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{query}")).all()
    plan = " ".join(str(row[-1]) for row in plan)

    assert f"{index} " in f"{plan} " and "TEMP B-TREE" not in plan and "Sort" not in plan


def test_all_acts_of_moderation_can_be_filtered_for(client):
    page = client.get("/log").text

    for group in PUBLIC_GROUPS:
        for action in Action.of(group):
            assert f'value="{action}">{action.label}<' in page

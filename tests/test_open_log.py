"""The log in the open: who reads which act, what is left out of it by rule, and how it is found."""

from datetime import timedelta

import pytest
from factories import keep, make_comment, make_post, make_user
from sqlalchemy import text, update

from app.extensions import db
from app.models import Appeal, AuditEntry, Case, Role, Sanction, Setting, WatchedWord
from app.models.audit_acts import EVERYBODY, FOR_STAFF, MODERATION, STAFF, audience_of
from app.models.audit_chain import Fault
from app.models.fields import utcnow

pytestmark = pytest.mark.both_databases

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


@pytest.mark.parametrize("act", sorted(AuditEntry.ACTS))
def test_every_act_is_for_everybody_for_staff_or_for_administrators(act):
    """Whoever adds an act says here for whom it is."""
    known = {act for _, act in PUBLIC} | set(FOR_STAFF) | acts(PRIVATE)
    assert act in known
    for noun in NOUNS:
        staff = STAFF if FOR_STAFF.get(act) == noun else None
        assert audience_of(act, noun) == (EVERYBODY if (noun, act) in PUBLIC else staff)


@pytest.mark.parametrize("noun, act", sorted(PUBLIC))
def test_each_act_of_moderation_has_words_and_an_address(client, mona, alice, noun, act):
    target = thing(noun, alice)
    entry = record(act, target, mona, reason="Because of the rules.")

    page, alone = client.get("/log"), client.get(f"/log/{entry.id}")

    (said,) = sentences(page)
    assert said == sentences(alone)[0] and "mona" in said and "Because of the rules." in said
    assert act not in said.split("“")[0] or len(act.split()) == 1
    assert f'href="/log/{entry.id}"' in page.text
    client.sign_in(mona)
    assert "Because of the rules." in sentences(client.get("/moderation/log"))[0]
    assert client.get(f"/moderation/log/{entry.id}").status_code == 200


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
    assert "mona noted something about alice" in note and "For staff alone" in note
    assert "mona put shoes on the list of watched words" in word and "For staff alone" in word


def test_an_entry_that_somebody_keeps_from_the_public_log_is_found(app, mona, alice):
    make_post(alice).hide(by=mona, reason="spam")
    db.session.commit()
    db.session.execute(update(AuditEntry).values(audience=None))

    assert AuditEntry.verify() == Fault(1, "is not shown to those whom it is for")


# What is left out


@pytest.mark.parametrize("make", [make_post, make_comment])
def test_a_hidden_text_is_told_of_without_its_words(client, alice, bob, mona, make):
    text = make(author=alice, text="Unspeakable.")
    text.hide(by=mona, reason="Spam.")
    path = f'href="/{text.noun}/{text.id}"'

    seen = {}
    for person in (None, alice, bob, mona):
        if person:
            client.sign_in(person)
        page = client.get("/log")
        (said,) = sentences(page)
        assert f"mona hid a {text.noun} of alice" in said and "“Spam.”" in said
        assert "Unspeakable" not in page.text
        seen[person and person.username] = path in page.text
    assert seen == {None: False, "alice": True, "bob": False, "mona": True}

    text.restore(by=mona)
    client.sign_out()
    assert path in client.get("/log").text


def test_a_comment_below_a_hidden_post_is_not_linked(client, alice, mona):
    post = make_post(alice)
    comment = make_comment(post, alice)
    comment.hide(by=mona, reason="spam")
    comment.restore(by=mona)
    post.hide(by=mona, reason="spam")

    assert "/comment/" not in client.get("/log").text


@pytest.mark.parametrize("make", [make_post, make_comment])
@pytest.mark.parametrize("names", [True, False])
def test_its_author_is_named_where_the_settings_say_so_and_they_are_there(
    client, mona, ada, make, names
):
    """Also after they took another name; the entry keeps the one they had."""
    people = {name: make_user(name) for name in ("anna", "berta", "carla", "dora")}
    for person in people.values():
        make(author=person).hide(by=mona, reason="spam")
    people["anna"].edit(by=ada, username="annika")
    people["berta"].delete(by=ada)
    people["carla"].confirmed_at = None
    people["dora"].leaving_at = utcnow()
    Setting.change(names_in_log=names)

    page = client.get("/log").text

    assert {name for name in [*people, "annika"] if name in page} == (
        {"annika"} if names else set()
    )
    client.sign_in(mona)
    full = client.get("/moderation/log").text
    assert all(name in full for name in ("annika", "berta", "carla", "dora"))


@pytest.mark.parametrize("make", [make_post, make_comment])
@pytest.mark.parametrize("names", [True, False])
def test_no_link_names_an_author_where_the_log_names_nobody(client, mona, alice, make, names):
    text = make(author=alice)
    text.hide(by=mona, reason="spam")
    text.restore(by=mona)
    Setting.change(names_in_log=names)

    for path in ("/log", f"/log/{entry_about(text).id}"):
        assert (f"/{text.noun}/{text.id}" in client.get(path).text) is names


def entry_about(text):
    return db.session.scalars(AuditEntry.about(text)).first()


@pytest.mark.parametrize("act", REPORTS)
def test_whom_a_report_was_about_is_not_told(client, mona, alice, act):
    case = thing("case", alice)
    record(act, case, mona, reason="It is fine.", after="2 reports")

    for path in ("/log", "/log/feed.atom"):
        page = client.get(path).text
        assert "alice" not in page and "2 reports" not in page and "It is fine." in page
    client.sign_in(mona)
    page = client.get("/moderation/log")
    assert "alice" in sentences(page)[0] and f"/moderation/case/{case.id}" in page.text


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


@pytest.mark.parametrize(
    "query, seen",
    [
        ("", {"hid", "restored", "warned"}),
        ("kind=hide", {"hid"}),
        ("kind=ban", set()),
        ("kind=nonsense", {"hid", "restored", "warned"}),
        ("moderator=mona", {"hid", "warned"}),
        ("moderator=MONA&kind=warn", {"warned"}),
        ("moderator=nobody", set()),
        ("moderator=%25", set()),
        ("since=2021-01-01", {"restored", "warned"}),
        ("until=2020-12-31", {"hid"}),
        ("since=2020-01-01&until=2020-12-31&moderator=mona&kind=hide", {"hid"}),
        ("since=2021-01-01&until=2020-12-31", set()),
        ("since=rubbish", {"hid", "restored", "warned"}),
        ("until=9999-12-31", {"hid", "restored", "warned"}),
    ],
)
@pytest.mark.parametrize("path", ["/log", "/moderation/log"])
def test_the_log_is_filtered_by_kind_moderator_and_time(client, mona, busy, path, query, seen):
    client.sign_in(mona)

    page = client.get(f"{path}?{query}")

    said = " ".join(sentences(page))
    assert {act for act in ("hid", "restored", "warned") if f" {act} " in said} == seen
    assert ("Nothing in the log is like this." in page.text) is (seen == set())


def test_staff_filter_by_member_too(client, mona, busy, bob):
    make_post(bob).hide(by=mona, reason="spam")
    client.sign_in(mona)

    (said,) = sentences(client.get("/moderation/log?member=BOB"))

    assert "bob" in said


def test_entries_are_in_the_order_of_their_moments_page_by_page(client, mona, alice):
    Setting.change(posts_per_page=5)
    posts = [make_post(alice) for _ in range(12)]
    for number, post in enumerate(posts):
        post.hide(by=mona, reason=f"Number {number:02}.")

    seen, path = [], "/log?kind=hide"
    while path:
        page = client.get(path).text
        seen += [int(part[:2]) for part in page.split("“Number ")[1:]]
        rest = page.partition('rel="next" href="')[2]
        path = rest.partition('"')[0].replace("&amp;", "&") if rest else None

    assert seen == list(range(11, -1, -1))


def test_an_empty_log_says_so(client):
    assert "Nobody had to step in yet." in client.get("/log").text


@pytest.mark.parametrize("path", ["/log/0", "/log/99999", "/log/2147483648", "/log/x"])
def test_an_entry_that_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_where_members_only_read_the_log_is_theirs(client, alice, mona):
    make_post(alice).hide(by=mona, reason="spam")
    id = entries()[0].id
    Setting.change(readers="members")

    for path in ("/log", f"/log/{id}", "/log/feed.atom", "/log/transparency"):
        client.sign_out()
        assert client.get(path).location.startswith("/auth/login")
        client.sign_in(alice)
        assert client.get(path).status_code == 200


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

    for acts_of_group, _ in MODERATION.values():
        for act in acts_of_group:
            assert f'value="{act}"' in page


@pytest.mark.parametrize("names", [True, False])
def test_where_members_are_not_named_no_link_leads_to_what_they_wrote(client, alice, mona, names):
    Setting.change(names_in_log=names)
    post = make_post(alice)
    post.close(by=mona, reason="Too heated.")

    page = client.get("/log").text

    assert ("alice" in page, f'href="/post/{post.id}"' in page) == (names, names)

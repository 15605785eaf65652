"""Every page, to people with the longest names, on a phone and a desk, by day and by night."""

import pytest
from factories import PASSWORD
from playwright.sync_api import expect

from .people import ADDRESS, LONG

pytestmark = pytest.mark.browser

LOOKS = [(400, "light"), (400, "dark"), (1280, "dark"), (1280, "light")]
OPEN_TO_ALL = {
    "main.comment_history": "/comment/{comment}/history",
    "main.index": "/",
    "main.followers": f"/user/{LONG}/followers",
    "main.following": f"/user/{LONG}/following",
    "main.user": f"/user/{LONG}",
    "main.user_comments": f"/user/{LONG}/comments",
    "main.log": "/log",
    "main.log_entry": "/log/{entry}",
    "main.transparency": "/log/transparency",
    "main.transparency_month": "/log/transparency/{month}",
    "main.page": "/privacy",
    "main.post": "/post/{post}",
    "main.post_history": "/post/{post}/history",
    "main.search": f"/search?q={LONG}",
    "main.tag": "/tag/flask",
    "dev.mailbox": "/dev/mailbox",
}
FROM_MAILS = {
    "auth.confirm": "/auth/confirm/{confirmation}",
    "auth.reset": "/auth/reset-password/{reset}",
    "auth.change_email": "/auth/change-email/{email_change}",
    "auth.revert_email": "/auth/revert-email/{email_revert}",
    "auth.join": "/auth/join/{join}",
    "account.unsubscribe": "/unsubscribe/{unsubscribe}",
}
FOR_VISITORS = {
    "auth.login": "/auth/login",
    "auth.register": "/auth/register",
    "auth.reset_request": "/auth/reset-password",
}
FOR_MEMBERS = {
    "main.bookmarks": "/bookmarks",
    "account.edit_picture": "/settings/picture",
    "account.edit_profile": "/settings/profile",
    "main.held": "/held",
    "main.muted": "/settings/muted",
    "main.report_user": "/user/mona/report",
    "main.reports": "/reports",
    "account.notification_settings": "/settings/notifications",
    "account.notifications": "/notifications",
    "account.data": "/settings/data",
    "account.delete_account": "/settings/delete-account",
    "account.sessions": "/settings/sessions",
    "auth.change_password": "/auth/change-password",
    "auth.change_email_request": "/auth/change-email",
    "account.ask_for_role": "/roles/{moderator}/ask",
    "account.standing": "/standing",
}
FOR_THE_SANCTIONED = {
    "account.appeal": "/standing/appeal/{appeal}",
    "account.appeal_comment": "/standing/comment/{hidden_comment}/appeal",
    "account.appeal_post": "/standing/post/{hidden_post}/appeal",
    "account.appeal_sanction": "/standing/sanction/{sanction}/appeal",
    "account.standing": "/standing",
}
FOR_WRITERS = {
    "main.edit_comment": "/comment/{comment}/edit",
    "main.edit_post": "/post/{post}/edit",
    "main.post": "/post/{post}",
}
FOR_READERS = {
    "main.report_comment": "/comment/{comment}/report",
    "main.report_post": "/post/{post}/report",
}
FOR_STAFF = {
    "moderation.case": "/moderation/case/{case}",
    "moderation.appeal": "/moderation/appeals/{appeal}",
    "moderation.appeals": "/moderation/appeals",
    "moderation.lift_sanction": "/moderation/sanctions/{sanction}/lift",
    "moderation.sanction": "/moderation/people/sanna/sanction",
    "moderation.held": "/moderation/held",
    "moderation.log": "/moderation/log",
    "moderation.log_entry": "/moderation/log/{entry}",
    "moderation.queue": "/moderation/",
    "moderation.words": "/moderation/words",
    "moderation.clean_up": "/moderation/clean-ups/1",
    "moderation.edit_text": "/moderation/post/{wiped}/edit",
    "moderation.people": "/moderation/people",
    "moderation.person": "/moderation/people/wiped",
    "moderation.remove_text": "/moderation/post/{wiped}/remove",
    "moderation.start_clean_up": "/moderation/people/wiped/clean-up?since=2020-01-01",
    "moderation.text": "/moderation/post/{wiped}",
    "admin.access": "/admin/access",
    "admin.index": "/admin/",
    "admin.audit": "/admin/audit",
    "admin.change_address": "/admin/users/1/address",
    "admin.edit_user": "/admin/users/1/edit",
    "admin.change_role": "/admin/users/1/role",
    "admin.delete_role": "/admin/roles/4/delete",
    "admin.delete_user": "/admin/users/1/delete",
    "admin.doctor": "/admin/health",
    "admin.edit_role": "/admin/roles/4",
    "admin.import_people": "/admin/people/import",
    "admin.new_role": "/admin/roles/new",
    "admin.new_user": "/admin/users/new",
    "admin.outbox": "/admin/outbox",
    "admin.review_import": "/admin/people/import/1",
    "admin.roles": "/admin/roles",
    "admin.settings": "/admin/settings",
    "admin.user": "/admin/users/1",
    "admin.invitations": "/admin/invitations",
    "admin.invite": "/admin/invitations/new",
    "admin.requests": "/admin/requests",
    "admin.users": "/admin/users",
    "admin.pages": "/admin/pages",
    "admin.new_page": "/admin/pages/new",
    "admin.edit_page": "/admin/pages/1",
    "admin.page_history": "/admin/pages/1/history",
    "admin.page_version": "/admin/pages/1/history/1",
}
FOR_NEWCOMERS = {
    "auth.unconfirmed": "/auth/unconfirmed",
    "auth.change_email_request": "/auth/change-email",
}
FOR_THOSE_WHO_WAIT = {
    "auth.waiting": "/auth/waiting",
    "auth.change_email_request": "/auth/change-email",
}
FOR_ALL_KINDS = (
    FOR_VISITORS
    | FOR_MEMBERS
    | FOR_READERS
    | FOR_WRITERS
    | FOR_STAFF
    | FOR_NEWCOMERS
    | FOR_THOSE_WHO_WAIT
)
FOR_ALL_KINDS |= FOR_THE_SANCTIONED
ERRORS = {"/nowhere": 404, "/auth/reset-password/worn-out": 400, "/auth/confirm/{expired}": 410}
ERRORS |= {"/auth/join/{late}": 410, "/auth/join/worn-out": 400}
NOT_PAGES = {"static", "bootstrap.static", "main.avatar", "main.moment_js", "main.picture"}
NOT_PAGES |= {"main.comment", "account.download_data", "main.healthz", "main.readyz"}
NOT_PAGES |= {"main.robots", "main.site_feed", "main.sitemap", "main.sitemap_part"}
NOT_PAGES |= {"main.log_feed", "main.tag_feed", "main.user_feed"}

# What a page has that nobody can use: as the person sees it at this width and by this light.
FAULTS = """() => {
  const faults = [], root = document.documentElement;
  const shown = (element) => element.checkVisibility() && element.getClientRects().length;
  if (root.scrollWidth > root.clientWidth) faults.push(`${root.scrollWidth} pixels wide`);
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const deeper = Number(heading.tagName[1]);
    if (deeper > level + 1) faults.push(`h${deeper} after h${level}: ${heading.textContent}`);
    level = deeper;
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size < ids.length) faults.push("an id twice");
  for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select"))
    if (shown(field) && !field.labels.length && field.type !== "submit")
      faults.push(`no label: ${field.name}`);

  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === undefined || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const light = (colour) => colour.slice(0, 3)
    .map((part) => part / 255).map((p) => (p <= .04045 ? p / 12.92 : ((p + .055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
  for (const element of document.body.querySelectorAll("*")) {
    const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!(words || element.matches("input[type=submit]")) || !shown(element)) continue;
    const pair = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    if (contrast < 4.5) faults.push(`${contrast.toFixed(1)}: ${element.textContent.slice(0, 40)}`);
  }
  return faults;
}"""


@pytest.fixture(scope="module")
def tokens(people):
    """Links for the member with the long name; nobody uses them up."""
    made = {"confirmation": people.token("ulla", "confirmation")}
    made["expired"] = people.token("ulla", "confirmation", -60)
    made["reset"] = people.token(LONG, "reset")
    made |= dict(join=people.invitation_token(), late=people.invitation_token(-60))
    made["unsubscribe"] = people.token(LONG, "unsubscribe", ["mention", "answer"])
    made["moderator"] = people.role("Moderator")
    made |= people.texts
    made["email_change"] = people.token(LONG, "email_change", "n" + ADDRESS)
    made["email_revert"] = people.token(LONG, "email_revert", "o" + ADDRESS)
    return made


@pytest.mark.parametrize(
    ("username", "pages"),
    [
        (None, OPEN_TO_ALL | FROM_MAILS | FOR_VISITORS),
        ("alice", OPEN_TO_ALL | FOR_MEMBERS | FOR_READERS),
        (LONG, OPEN_TO_ALL | FOR_MEMBERS | FOR_STAFF),
        ("bob", {"account.ask_for_role": "/roles/{moderator}/ask"}),
        (LONG, FOR_WRITERS),
        ("alice", {"auth.join": "/auth/join/{join}"}),
        ("ulla", FOR_NEWCOMERS),
        ("willa", FOR_THOSE_WHO_WAIT),
        ("sanna", FOR_THE_SANCTIONED),
    ],
    ids=[
        "visitor",
        "member",
        "longest name",
        "asked",
        "writer",
        "invited member",
        "newcomer",
        "waits",
        "sanctioned",
    ],
)
def test_every_page_can_be_read(visit, tokens, username, pages):
    page, faults = visit("/", username), {}
    for path in pages.values():
        answer = page.goto(path.format(**tokens))
        faults[path] = faults_of(page) if answer.status == 200 else answer.status
    assert {path: found for path, found in faults.items() if found} == {}


def test_pages_that_say_no_can_be_read(visit, watcher, tokens):
    page, faults = visit("/", LONG), {}
    for path, status in ERRORS.items():
        watcher.expect(status, path.format(**tokens))
        assert page.goto(path.format(**tokens)).status == status
        faults[path] = faults_of(page)
    assert {path: found for path, found in faults.items() if found} == {}


def test_messages_and_mistakes_can_be_read(visit):
    page = visit("/auth/change-email", LONG)
    for password, role in (("not my password", "alert"), (PASSWORD, "status")):
        page.get_by_label("New email").fill("m" + ADDRESS)
        page.get_by_label("Current password", exact=True).fill(password)
        page.get_by_role("button", name="Send link").click()
        expect(page.get_by_role(role)).to_be_visible()
        assert faults_of(page) == []


def test_every_endpoint_that_is_a_page_is_looked_at(people):
    rules = people.app.url_map.iter_rules()
    pages = {rule.endpoint for rule in rules if "GET" in rule.methods} - NOT_PAGES
    assert pages == set(OPEN_TO_ALL | FROM_MAILS | FOR_ALL_KINDS)


def faults_of(page):
    """What is wrong with the page at both widths, by day and by night, its menu open."""
    faults = []
    for menu in page.locator("details.menu > summary").all():
        menu.click()
    for width, light in LOOKS:
        page.emulate_media(color_scheme=light)
        page.set_viewport_size({"width": width, "height": 800})
        faults += [f"{width} {light}: {fault}" for fault in page.evaluate(FAULTS)]
    return faults

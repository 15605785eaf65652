"""The corpus of attacks in every field that is shown, read in Chromium: nothing of it runs.

With the policy of the site, and without it: escaping alone must hold.
"""

import re

import pytest
from factories import keep, make_user
from playwright.sync_api import expect
from services import Served
from test_markdown import HARMFUL

from app.extensions import db
from app.models import Comment, Invitation, Page, Post, Role, RoleRequest, Setting

from .people import People
from .watcher import Watcher

pytestmark = pytest.mark.browser
SHORT = [attack for attack in HARMFUL if attack.isprintable() and len(attack) <= 64]
TYPED = [attack for attack in HARMFUL if re.sub(r"[\n\r\t]", "", attack).isprintable()]
TELL = "window.ran = (...words) => console.error('an attack ran', ...words);"

# What could still run: by a click, by a mouse, by a focus.
LURKS = """() => [...document.querySelectorAll("*")].flatMap((element) => [
  ...[...element.attributes].filter(({ name }) => name.startsWith("on")),
  ...["href", "action", "src"].filter((name) => element.hasAttribute(name) &&
    !/^(https?|mailto):/.test(new URL(element.getAttribute(name), document.baseURI).href)),
]).length + document.querySelectorAll("iframe, object, embed, base, main style").length"""


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A site of its own, in which everything that people wrote means harm."""
    with Served(tmp_path_factory.mktemp("attacked")) as site:
        people = People(site)
        with people.app.app_context():
            paths = attack()
        yield site, people, paths
        people.close()


def attack():
    """Write the corpus wherever words are kept; return the pages that show it."""
    ada = make_user("ada", role="Administrator")
    pages = []
    for number, short in enumerate(SHORT[::6]):
        names = dict(first_name=short, last_name=short, location=short, about_me=short)
        pages.append(f"/user/{make_user(f'xena{number}', **names).username}")
    bob = make_user("bob", about_me="\n".join(HARMFUL)[:2000], sign_up_reason=SHORT[0])
    for start in range(0, len(HARMFUL), 10):
        text = "\n\n".join(f"@bob {text} #tag" for text in HARMFUL[start : start + 10])
        post = Post.publish(text, by=bob, form_key=f"p{start}")
        Comment.publish(post, text, by=ada, form_key=f"c{start}")
        pages.append(f"/post/{post.id}")
    role = Role.create(name=SHORT[0], permissions=7, description=SHORT[1])
    role.requestable = True
    keep(RoleRequest(user=bob, role=role, reason="\n".join(SHORT[:8])))
    invitation = Invitation.send("nora@example.org", role, by=ada, greeting="\n".join(SHORT[:8]))
    db.session.flush()
    Page.create("harm", SHORT[2], "\n\n".join(HARMFUL), by=ada, reason=SHORT[3])
    Setting.change(site_name=SHORT[0], welcome="\n\n".join(HARMFUL)[:2000], by=ada)
    db.session.commit()
    pages += ["/", "/page/harm", "/user/bob", f"/admin/users/{bob.id}", "/admin/roles"]
    pages += ["/admin/requests", f"/auth/join/{invitation.generate_token()}"]
    return pages + ["/admin/users", "/admin/audit", "/admin/invitations", "/dev/mailbox"]


@pytest.mark.parametrize("bypass", [False, True], ids=["policy", "no_policy"])
def test_nothing_that_people_wrote_runs(chromium, attacked, bypass):
    """R-13, R-15, R-16: nor does it reach for another host."""
    site, people, paths = attacked
    watcher = Watcher(site.url)
    context = chromium.new_context(base_url=site.url, bypass_csp=bypass)
    context.add_init_script(TELL)
    watcher.follow(context)
    people.sign_in(context, "ada")
    page = context.new_page()
    page.on("dialog", lambda dialog: watcher.faults.append(f"dialog: {dialog.message}"))
    for path in paths:
        assert page.goto(path).status == 200, path
        assert page.evaluate(LURKS) == 0, path

    page.goto("/")
    page.locator("textarea[name=body]").fill("\n\n".join(TYPED))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".draft")).to_contain_text("<script>ran()</script>")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(LURKS) == 0
    context.close()

    assert watcher.faults == []
    assert watcher.pages > len(paths)


def test_an_attack_that_ran_would_be_noticed(chromium, attacked):
    """Otherwise the test above would prove nothing."""
    site, _, _ = attacked
    watcher = Watcher(site.url)
    context = chromium.new_context(base_url=site.url, bypass_csp=True)
    context.add_init_script(TELL)
    watcher.follow(context)
    page = context.new_page()
    page.goto("/auth/login")
    with page.expect_console_message(lambda message: "an attack ran" in message.text):
        page.evaluate("document.querySelector('main').innerHTML = '<img src=/x onerror=ran()>'")

    assert page.evaluate(LURKS) > 0
    context.close()
    assert [fault for fault in watcher.faults if "an attack ran" in fault]

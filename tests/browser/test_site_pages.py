"""An administrator writes for the site, with script and without; nothing that is written runs."""

import pytest
from playwright.sync_api import expect
from services import wait_until
from test_markdown import HARMFUL

from app.extensions import db
from app.models import Page
from app.text.markdown import render

pytestmark = pytest.mark.browser
WITH_AND_WITHOUT = pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])

# What an HTML parser makes of a text, where script is off; and what of it could do harm.
PARSE = """(html) => {
  const live = "script,style,iframe,object,embed,form,input,button,img,svg,math,base,link,meta";
  const faults = [];
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const element of page.body.querySelectorAll("*")) {
    if (element.matches(live)) faults.push(element.outerHTML);
    for (const { name, value } of element.attributes)
      if (!["href", "rel", "start", "scope"].includes(name)) faults.push(`${name}=${value}`);
    if (element.href !== undefined && element.hasAttribute("href")) {
      const link = new URL(element.getAttribute("href"), "https://here.example");
      const known = ["http:", "https:", "mailto:"].includes(link.protocol);
      const inside = element.getAttribute("href").startsWith("/");
      if (!known || inside !== (link.host === "here.example")) faults.push(link.href);
    }
  }
  return faults;
}"""


@WITH_AND_WITHOUT
def test_ada_writes_a_page_with_a_preview_and_restores_an_older_text(visit, script):
    name = "Garden" if script else "Kitchen"
    path = f"/page/{name.lower()}"
    page = visit("/admin/pages", "ada", script=script)
    page.get_by_role("link", name="New page").click()

    write(page, title=name, address=name.lower(), text="# Opening\n\nAt **nine**.")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name=name)
    expect(preview.get_by_role("heading", name="Opening")).to_be_visible()
    expect(preview.locator("strong")).to_have_text("nine")
    page.get_by_role("button", name="Publish").click()
    expect(page).to_have_url(path)
    expect(page.get_by_role("status")).to_contain_text(f"{name} published.")

    page.get_by_role("link", name="Edit this page").click()
    write(page, text="# Opening\n\nAt **ten**.")
    page.get_by_role("button", name="Publish").click()
    reader = visit(path, script=script)
    expect(reader.locator(".prose strong")).to_have_text("ten")

    page.get_by_role("link", name=f"History of {name}").click()
    page.locator("main h2 a").last.click()
    expect(page.locator(".typed del")).to_have_text("nine")
    expect(page.locator(".typed ins")).to_have_text("ten")
    page.get_by_role("button", name="Restore this version").click()
    expect(page.get_by_role("status")).to_contain_text("Older version restored")
    expect(page.locator(".row-item")).to_have_count(3)
    reader.reload()
    expect(reader.locator(".prose strong")).to_have_text("nine")
    expect(reader.get_by_role("link", name="Edit this page")).to_have_count(0)


def write(page, *, text, title=None, address=None):
    for label, words in (("Title", title), ("URL", address), ("Text", text)):
        if words is not None:
            page.get_by_label(label, exact=True).fill(words)


@WITH_AND_WITHOUT
def test_of_two_who_write_at_once_the_second_sees_both_texts(visit, people, script):
    path = f"/admin/pages/{made(people, f'shed-{script}'.lower(), 'Be kind.')}"
    first, second = visit(path, "ada", script=script), visit(path, "ada", script=script)
    write(first, text="Be kinder.")
    first.get_by_role("button", name="Publish").click()

    write(second, text="Be kindest.")
    second.get_by_role("button", name="Publish").click()

    expect(second.get_by_role("alert")).to_contain_text("changed while you were editing")
    expect(second.locator(".typed del")).to_have_text("kinder")
    expect(second.get_by_label("Text", exact=True)).to_have_value("Be kindest.")
    second.get_by_role("button", name="Publish").click()
    expect(second.get_by_role("status")).to_contain_text("Published.")


def test_a_wide_table_can_be_scrolled_by_keyboard(visit, people):
    table = "|a" * 30 + "|\n" + "|-" * 30 + "|\n" + "|1" * 30 + "|\n\n|b|\n|-|\n|2|"
    made(people, "tables", table)
    page = visit("/page/tables")

    wide, narrow = page.locator(".prose div").all()

    expect(wide).to_have_attribute("tabindex", "0")
    expect(wide).to_have_accessible_name("Table")
    expect(narrow).not_to_have_attribute("tabindex", "0")
    wide.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: wide.evaluate("element => element.scrollLeft") > 0)


def test_nothing_that_is_written_runs(visit, people):
    """R-13: not even tried, or the policy would have told the watcher."""
    made(people, "harm", "\n\n".join(HARMFUL))

    page = visit("/page/harm")

    assert page.evaluate(PARSE, page.locator(".prose").inner_html()) == []
    for link in page.locator(".prose a[href^='/']").all():
        address = link.get_attribute("href")
        assert page.evaluate("(path) => new URL(path, location).origin", address) in page.url


# Everything on the page is pointed at, focused and clicked, but leads nowhere.
PRESS = """() => {
  addEventListener("click", (event) => event.preventDefault());
  for (const element of document.querySelectorAll("main *"))
    for (const kind of ["mouseover", "focus", "click", "error", "load", "toggle"])
      element.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def bare(chromium):
    """A page without a policy, which notes what runs."""
    page = chromium.new_page()
    page.add_init_script("window.ran = () => { window.harmed = true; }")
    page.goto("about:blank")
    yield page
    page.close()


def harms(page, html):
    """Whether any of it runs: alone, with an address that fails to load, and when pressed."""
    page.evaluate("(html) => { document.body.innerHTML = `<main>${html}</main>`; }", html)
    page.evaluate(PRESS)
    page.wait_for_timeout(20)
    return page.evaluate("window.harmed === true")


def test_nothing_runs_where_no_policy_holds_it_back(bare):
    """R-13: each by itself, and what opens and closes across all of them."""
    for text in [*HARMFUL, "\n".join(HARMFUL), "".join(HARMFUL)]:
        assert bare.evaluate(PARSE, str(render(text))) == [], text
        assert not harms(bare, str(render(text))), text


def test_it_would_run_if_it_were_let_through(bare):
    """Otherwise the test above would prove nothing."""
    assert harms(bare, "<img src=x onerror=ran()>")
    assert bare.evaluate(PARSE, "".join(HARMFUL)) != []


def made(people, slug, body):
    with people.app.app_context():
        page = Page.create(slug, slug, body)
        db.session.commit()
        return page.id

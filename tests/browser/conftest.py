"""The site, served as `make run` serves it; one Chromium; a watcher over all it does."""

import os

import pytest
import services
from playwright.sync_api import expect, sync_playwright

from .people import People
from .watcher import Watcher

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
SECONDS = 10  # for anything to come true


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    """One site for all these tests, on SQLite; BROWSER_DATABASE_URL takes them elsewhere."""
    url = os.environ.get("BROWSER_DATABASE_URL")
    settings = {"DEV_DATABASE_URL": url} if url else {}
    with services.Served(tmp_path_factory.mktemp("served"), **settings) as site:
        yield site


@pytest.fixture(scope="package")
def chromium():
    if services.CHROMIUM is None:
        services.missing("Chromium")
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=services.CHROMIUM,
            args=FLAGS.split(),
            ignore_default_args=["--disable-back-forward-cache"],  # people's browsers have it
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def people(served):
    people = People(served)
    people.make_cast()
    yield people
    people.close()


@pytest.fixture
def watcher(served):
    return Watcher(served.url)


@pytest.fixture
def visit(served, chromium, people, watcher):
    """A function that opens a page in a browser of its own, signed in as somebody or nobody.

    Whatever a test does with it, nothing that the watcher notes may have happened.
    """
    contexts = []

    def visit(path, username=None, *, script=True, cookies=()):
        context = chromium.new_context(base_url=served.url, java_script_enabled=script)
        contexts.append(context)
        context.set_default_timeout(SECONDS * 1000)
        watcher.follow(context)
        context.add_cookies(list(cookies))
        if username:
            people.sign_in(context, username)
        page = context.new_page()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert watcher.faults == []
    assert watcher.pages >= len(contexts) > 0

"""The watcher itself: what it is there to notice, it notices."""

import pytest

pytestmark = pytest.mark.browser

MISDEEDS = """async () => {
  let violations = 0;
  addEventListener("securitypolicyviolation", () => violations++);
  document.body.setAttribute("style", "color: red");
  new Image().src = "https://tracker.example/pixel.png";
  setTimeout(() => { throw new Error("planted") });
  do await new Promise((done) => setTimeout(done, 10)); while (violations < 2);
}"""


def test_the_watcher_notices_what_no_page_may_do(served, chromium, watcher):
    with chromium.new_context(base_url=served.url) as context:
        watcher.follow(context)
        page = context.new_page()
        page.goto("/")
        page.evaluate(MISDEEDS)
        page.goto("/nowhere")
        page.goto(served.url.replace("127.0.0.1", "localhost"))

    noted = "\n".join(watcher.faults)
    for words in ("policy: style-src", "policy: img-src", "planted", "404", "another host"):
        assert words in noted

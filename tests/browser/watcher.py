"""What no page of the site may do, noted while the tests walk through it."""

from urllib.parse import urlsplit

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


class Watcher:
    """Notes errors in the console, failing scripts, violations of the policy, other hosts."""

    def __init__(self, url):
        self.host = urlsplit(url).netloc
        self.pages, self.faults, self.expected = 0, [], set()

    def follow(self, context):
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self.hear)
        context.on("weberror", lambda failed: self.faults.append(f"script: {failed.error}"))
        context.on("request", self.look_at_request)
        context.on("response", self.look_at_response)

    def expect(self, status, path):
        """Chromium writes an error for each of these answers. This one is meant to come."""
        self.expected.add((f"responded with a status of {status} ", path))

    def expect_no_answer(self, path):
        """The network is away, or the test cuts it off."""
        self.expected.add(("net::ERR_", path))

    def hear(self, message):
        if message.type != "error":
            return
        words, address = message.text, urlsplit(message.location["url"])
        for said, path in self.expected:
            if said in words and address.path == path:
                return
        self.faults.append(f"console: {words} ({address.geturl()})")

    def look_at_request(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "about") and address.netloc != self.host:
            self.faults.append(f"request to another host: {request.url}")

    def look_at_response(self, response):
        if response.request.resource_type != "document":
            return
        self.pages += 1
        policy = response.headers.get("content-security-policy", "")
        if "default-src 'none'" not in policy or "unsafe-" in policy:
            self.faults.append(f"policy of {response.url}: {policy}")

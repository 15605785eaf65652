"""Reads the site as a browser does, its links and forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

ORIGIN = "http://localhost"


@dataclass
class Form:
    page: str
    action: str
    method: str
    fields: dict = field(default_factory=dict)  # name: value
    types: dict = field(default_factory=dict)  # name: type

    @property
    def texts(self):
        """The names of what a person types into."""
        typed = ("text", "email", "password", "textarea")
        return [name for name, type_ in self.types.items() if type_ in typed]


class Page(HTMLParser):
    """The links, the forms and the foreign things of one page."""

    def __init__(self, path, response):
        super().__init__()
        self.path, self.status, self.text = path, response.status_code, response.text
        self.links, self.forms, self.loads, self.scripts = [], [], [], []
        self.feed(response.text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" and "href" in attributes:
            self.links.append(urljoin(self.path, attributes["href"]))
        if tag == "form":
            action = urljoin(self.path, attributes.get("action", ""))
            self.forms.append(Form(self.path, action, attributes.get("method", "get")))
        if tag in ("input", "textarea", "select") and attributes.get("name") and self.forms:
            form, name = self.forms[-1], attributes["name"]
            form.fields[name] = attributes.get("value", "")
            form.types[name] = attributes.get("type", "text") if tag == "input" else tag
        if tag in ("script", "img", "link", "iframe", "source"):
            self.loads.append(attributes.get("src") or attributes.get("href"))
        if tag == "script":
            self.scripts.append(attributes)


def crawl(client, *starts):
    """Follow every link from the front page and the starts; return the pages, by their path."""
    waiting, seen, pages = ["/", *starts], set(), {}
    while waiting:
        path = waiting.pop().removeprefix(ORIGIN).partition("#")[0]
        if path in seen or urlsplit(path).netloc:
            continue
        seen.add(path)
        response = client.get(path)
        if response.location:
            waiting.append(response.location)
        elif response.mimetype == "text/html":
            pages[path] = Page(path, response)
            waiting += pages[path].links
    return pages


def posts(client, *starts):
    """Every POST form that a person finds, once for each action."""
    forms = [form for page in crawl(client, *starts).values() for form in page.forms]
    return {form.action: form for form in forms if form.method == "post"}


def token_pages(user):
    """The pages that mails to the user lead to."""
    return [
        f"/auth/confirm/{user.generate_confirmation_token()}",
        f"/auth/reset-password/{user.generate_reset_token()}",
        f"/auth/change-email/{user.generate_email_change_token('fresh@example.org')}",
        f"/auth/revert-email/{user.generate_email_revert_token('former@example.org')}",
    ]


def addresses(app, user):
    """A URL that exists for each GET endpoint, with this user's names and tokens."""
    values = dict(username=user.username, key=user.avatar_key, filename="site.css")
    urls = [
        app.url_map.bind("localhost").build(rule.endpoint, {k: values[k] for k in rule.arguments})
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods
        and "token" not in rule.arguments
        and rule.endpoint != "bootstrap.static"
    ]
    return [*urls, *token_pages(user)]

"""Reads the site as a browser does, its links and forms."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from factories import keep, numbers

from app.models import Invitation

ORIGIN = "http://localhost"


@dataclass
class Form:
    page: str
    action: str
    method: str
    fields: dict = field(default_factory=dict)  # name: value
    types: dict = field(default_factory=dict)  # name: type
    sends: dict = field(default_factory=dict)  # name: value, as a browser would send it untouched
    longest: dict = field(default_factory=dict)  # name: characters that a browser lets in

    @property
    def texts(self):
        """The names of what a person types into."""
        typed = ("text", "email", "password", "textarea")
        return [name for name, type_ in self.types.items() if type_ in typed]


class Page(HTMLParser):
    """The links, the forms and the foreign things of one page."""

    form = None  # the one whose fields are being read

    def __init__(self, path, response):
        super().__init__()
        self.path, self.status, self.text = path, response.status_code, response.text
        self.headers = response.headers
        self.links, self.forms, self.loads, self.scripts = [], [], [], []
        self.field = None  # whose options or text come now
        self.shared, self.buttons = {}, []  # forms that buttons elsewhere send, by id; and these
        self.feed(response.text)
        self.close()
        for owner, action in self.buttons:
            owner = self.shared[owner]
            copies = dict(owner.fields), dict(owner.types), dict(owner.sends)
            self.forms.append(Form(path, urljoin(path, action), "post", *copies))

    def updatepos(self, start, end):
        return end  # nobody asks for the line, and to count lines takes long

    @property
    def posting(self):
        """The forms that change something."""
        return [form for form in self.forms if form.method == "post"]

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" and "href" in attributes:
            self.links.append(urljoin(self.path, attributes["href"]))
        if tag == "form":
            action = urljoin(self.path, attributes.get("action", ""))
            self.form = Form(self.path, action, attributes.get("method", "get"))
            if "hidden" in attributes:
                self.shared[attributes["id"]] = self.form
            else:
                self.forms.append(self.form)
        if tag == "button" and {"form", "formaction"} <= attributes.keys():
            self.buttons.append((attributes["form"], attributes["formaction"]))
        if tag in ("input", "textarea", "select") and attributes.get("name") and self.form:
            form, name = self.form, attributes["name"]
            form.fields[name] = attributes.get("value", "")
            form.types[name] = attributes.get("type", "text") if tag == "input" else tag
            self.note_what_is_sent(form, name, attributes)
        if tag == "option" and self.form and self.field:
            self.note_option(attributes)
        names = attributes.get("rel") in ("alternate", "canonical")  # which loads nothing
        if tag in ("script", "img", "link", "iframe", "source") and not names:
            self.loads.append(attributes.get("src") or attributes.get("href"))
        if tag == "script":
            self.scripts.append(attributes)

    def note_what_is_sent(self, form, name, attributes):
        type_, self.field = form.types[name], name
        if "maxlength" in attributes:
            form.longest[name] = int(attributes["maxlength"])
        if type_ not in ("submit", "file", "checkbox", "radio") or "checked" in attributes:
            form.sends[name] = attributes.get("value", "")

    def note_option(self, attributes):
        """A list sends the option that is selected, or else the first."""
        sends = self.form.sends
        if "selected" in attributes or not sends.get(self.field):
            sends[self.field] = attributes.get("value", "")

    def handle_data(self, data):
        if self.form and self.form.types.get(self.field) == "textarea":
            self.form.sends[self.field] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.form and self.field:
            sends = self.form.sends
            sends[self.field] = re.sub("^\r?\n", "", sends[self.field])  # it is part of the tag
        if tag in ("textarea", "select"):
            self.field = None


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
    forms = [form for page in crawl(client, *starts).values() for form in page.posting]
    return {form.action: form for form in forms}


def kinds_of_forms(pages):
    """One form of each kind: addresses that differ by a number alone lead to one view."""
    forms = {}
    for form in (form for page in pages.values() for form in page.forms):
        address = re.sub(r"\d+", "{}", form.action.partition("?")[0])
        forms.setdefault((form.method, address), form)
    return list(forms.values())


def token_pages(user):
    """The pages that mails to the user lead to."""
    return [
        f"/auth/confirm/{user.generate_confirmation_token()}",
        f"/auth/reset-password/{user.generate_reset_token()}",
        f"/auth/change-email/{user.generate_email_change_token('fresh@example.org')}",
        f"/auth/revert-email/{user.generate_email_revert_token('former@example.org')}",
        f"/unsubscribe/{user.generate_unsubscribe_token(['mention'])}",
        join_page(),
    ]


def join_page():
    """The page that a mail to somebody new leads to."""
    invitation = keep(Invitation(email=f"friend{next(numbers)}@example.org"))
    return f"/auth/join/{invitation.generate_token()}"


def addresses(app, user):
    """A URL that exists for each GET endpoint, with this user's names and tokens."""
    values = dict(username=user.username, key=user.avatar_key, filename="site.css")
    values |= dict(id=user.id, slug="about", number=1)
    values |= dict(kind="posts", tag="flask", noun="post", month="2001-01")
    urls = [
        app.url_map.bind("localhost").build(rule.endpoint, {k: values[k] for k in rule.arguments})
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods
        and "token" not in rule.arguments
        and rule.endpoint != "bootstrap.static"
    ]
    return [*urls, *token_pages(user)]

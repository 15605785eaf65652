"""The people in the served site, made straight in its database."""

from factories import PASSWORD, make_mail, make_user
from playwright.sync_api import expect

from app import create_app
from app.extensions import db
from app.models import User, UserSession

LONG = "Maximiliane" * 5 + "Wolfeschl"  # 64 letters, all that a name may have
ADDRESS = f"{LONG}@{'verylongpart' * 5}.{'anotherlongpart' * 4}.example.org".lower()


class People:
    """A second application on the database of the served site, with the same key."""

    def __init__(self, served):
        self.url = served.url
        settings = {"SECRET_KEY": served.env["SECRET_KEY"]}
        settings["SQLALCHEMY_DATABASE_URI"] = served.env["DEV_DATABASE_URL"]
        self.app = create_app("testing", **settings)

    def make(self, username, **values):
        with self.app.app_context():
            make_user(username, **values)
            db.session.commit()

    def make_cast(self):
        for name, role in (("alice", "User"), ("bob", "User"), ("mona", "Moderator")):
            self.make(name, role=role, about_me=f"I am {name}.")
        self.make("ada", role="Administrator")
        names = dict(first_name=LONG, last_name=LONG, location=LONG, about_me=LONG * 30)
        self.make(LONG, email=ADDRESS, role="Administrator", **names)
        self.make("ulla", confirmed=False, email=f"u{ADDRESS[1:]}")
        with self.app.app_context():
            text = f"Open {self.url}/auth/confirm/{LONG * 4}"
            make_mail(ADDRESS, subject=LONG * 2, text=text, last_error=LONG * 4)
            db.session.commit()

    def sign_in(self, context, username):
        """Put the cookie of a new session into a browser: the form and its limits are spared."""
        with self.app.app_context():
            person = User.with_username(username)
            values = dict(remembered=False, address="127.0.0.1", agent="")
            _, token = UserSession.open(person, **values)
            db.session.commit()
        serializer = self.app.session_interface.get_signing_serializer(self.app)
        cookie = dict(name="session", value=serializer.dumps({"_user_id": token}), url=self.url)
        context.add_cookies([cookie])

    def token(self, username, purpose, *values):
        with self.app.app_context():
            token = getattr(User.with_username(username), f"generate_{purpose}_token")(*values)
            db.session.commit()
        return token

    def close(self):
        with self.app.app_context():
            db.engine.dispose()


def sign_up(page, username):
    """Fill in the form and send it; the page is open."""
    fill_in_sign_up(page, username)
    page.get_by_role("button", name="Sign up").click()


def fill_in_sign_up(page, username):
    page.get_by_label("Email address").fill(f"{username}@example.org")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)


def sign_in(page, login, password=PASSWORD, *, remember=False):
    """Fill in the form, send it, and be in; the page is open."""
    page.get_by_label("Address or username").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Keep me signed in").set_checked(remember)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("details.menu")).to_be_visible()


def choose_in_menu(page, name):
    page.locator("details.menu > summary").click()
    page.locator("details.menu").get_by_text(name, exact=True).click()


def open_mail(page, recipient, subject):
    """Click the link in the newest such mail of the mailbox, which the message leads to."""
    page.locator("a[href='/dev/mailbox']").last.click()  # that of the bar where there is no message
    expect(page.get_by_role("heading", level=1)).to_have_text("Mailbox")
    mails = page.locator(".mail").filter(has_text=f"To {recipient}").filter(has_text=subject)
    mails.first.locator(".mail-body a").click()


def press_the_one_button(page, name):
    """A page that a mail led to has one button, and nothing else to press (R-53)."""
    expect(page.locator("button, input[type=submit], summary")).to_have_count(1)
    page.get_by_role("button", name=name).click()

"""The people in the served site, made straight in its database."""

import io
from datetime import timedelta
from urllib.parse import urlsplit

from factories import PASSWORD, make_comment, make_mail, make_post, make_user
from PIL import Image
from playwright.sync_api import expect

from app import create_app
from app.extensions import db
from app.images.uploads import squared
from app.imports import make_plan
from app.jobs.clean_ups import carry_out_now
from app.models import (
    Appeal,
    AuditEntry,
    Bookmark,
    CleanUp,
    Comment,
    Invitation,
    PeopleImport,
    Picture,
    Post,
    Report,
    Role,
    RoleRequest,
    Sanction,
    StaffNote,
    User,
    UserSession,
    WatchedWord,
)
from app.models.fields import utcnow

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
        """Make a member of ten days, unless said otherwise: nobody is in a first hour."""
        values.setdefault("member_since", utcnow() - timedelta(days=10))
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
            role = Role.create(name=LONG, permissions=7, description=LONG * 3)  # the fourth
            make_user("holder").change_role(role, until=utcnow().replace(year=2999))
            self.upload(User.with_username(LONG))
            make_mail(ADDRESS, subject=LONG * 2, text=text, last_error=LONG * 4)
            db.session.commit()
            self.make_requests()
            self.make_texts()
            self.make_peace()
            self.make_friends()
            self.make_news()
            self.make_sanctions()

    def make_texts(self):
        """A post and a comment with all that Markdown has, below a name as long as can be."""
        writer = User.with_username(LONG)
        table = f"| {LONG} | b |\n|---|---|\n" + "| c | d |\n" * 3
        text = f"# {LONG}\n\n{LONG * 4}\n\n> {LONG}\n\n```\n{LONG * 3}\n```\n\n{table}\n\n1. x"
        post = Post.publish(f"{text}\n\nOld. @{LONG} #{LONG[:50]}", by=writer)
        comment = Comment.publish(post, f"{text}\n\nOld.", by=writer)
        away = [Comment.publish(post, LONG, by=User.with_username("bob")) for _ in range(2)]
        for thing in (post, comment):
            thing.edit(f"{text}\n\nNew.", by=writer)
        self.make_held(post)
        away[0].hide(by=User.with_username("mona"), reason=LONG * 7)
        away[1].delete()
        db.session.commit()
        hidden = db.session.scalars(AuditEntry.about(away[0])).one()
        self.texts = {"post": post.id, "comment": comment.id, "entry": hidden.id}
        self.texts["month"] = f"{utcnow():%Y-%m}"

    def make_held(self, post):
        """What waits for moderators, and words that are watched."""
        boss, bob = User.with_username(LONG), User.with_username("bob")
        for kind, pattern in (("word", LONG[:63]), ("domain", f"{LONG[:40]}.example")):
            WatchedWord.add(kind, pattern, "hold", by=boss, note=LONG * 3)
        Post.publish(f"Look: {LONG[:63]}", by=bob)
        Comment.publish(post, f"<https://{LONG[:40]}.example>", by=bob)

    def make_peace(self):
        """What moderators see of a member whose texts were cleaned up."""
        boss, wiped = User.with_username(LONG), make_user("wiped", first_name=LONG)
        post = make_post(wiped, LONG * 3)
        clean_up, _ = CleanUp.ask(wiped, post.created_at, by=boss, reason=LONG * 7)
        db.session.commit()
        carry_out_now(clean_up)
        make_comment(make_post(wiped), wiped, LONG)
        StaffNote.add(wiped, LONG * 20, by=boss)
        Sanction.impose(wiped, "silence", by=boss, reason=LONG * 7)
        self.texts["wiped"] = post.id
        loud = make_user("loud", first_name=LONG, about_me=LONG * 20)
        self.make_reports(make_post(loud, LONG * 3))
        db.session.commit()

    def make_reports(self, post):
        """What waits in the queue, and what was ruled on, as long as can be."""
        boss, ada = User.with_username(LONG), User.with_username("ada")
        said = dict(category="Harassment", reason=LONG * 7)
        case = Report.make(post, by=boss, **said).case
        Report.make(post, by=ada, **said)
        post.edit(f"{LONG} " * 20, by=post.author)
        Report.make(post.author, by=boss, **said).case.dismiss(by=ada, reason=LONG * 7)
        db.session.flush()
        self.texts["case"] = case.id

    def make_sanctions(self):
        """What the standing of sanna shows, and the staff of her appeals."""
        sanna, mona = make_user("sanna"), User.with_username("mona")
        hidden = [make_post(sanna, LONG), make_comment(author=sanna, text=LONG)]
        for text in hidden:
            text.hide(by=mona, reason=LONG * 7)
        values = dict(by=mona, reason=LONG * 7)
        made = [Sanction.impose(sanna, kind, **values) for kind in ("notice", "silence")]
        appeal = Appeal.open(made[0], by=sanna, body=LONG * 20)
        appeal.say(by=mona, body=LONG * 20)
        db.session.commit()
        self.texts |= dict(hidden_post=hidden[0].id, hidden_comment=hidden[1].id)
        self.texts |= dict(sanction=made[1].id, appeal=appeal.id)

    def make_requests(self):
        """What the pages about invitations and requests show."""
        boss, moderator = User.with_username(LONG), Role.named("Moderator")
        values = dict(sign_up_reason=LONG * 7, approval_asked_at=utcnow())
        make_user("willa", email=f"w{ADDRESS[1:]}", **values)
        make_user("olaf", confirmed=False, **values)
        for letter, name in (("i", "User"), ("j", "Administrator"), ("k", "User")):
            address = f"{letter}{ADDRESS[1:]}"
            Invitation.send(address, Role.named(name), by=boss, greeting=LONG * 7)
        Invitation.send("sam@example.org", moderator, by=boss).revoke(by=boss)
        moderator.requestable = True
        RoleRequest.ask(User.with_username("bob"), moderator, LONG * 7)
        db.session.commit()

    def make_friends(self):
        """What the pages about members show: each follows and answers all, and mutes mona."""
        cast = [User.with_username(name) for name in ("alice", "mona", LONG)]
        for person in cast:
            Picture.put(person, squared(drawn()))
            post = make_post(person, f"{LONG} **{LONG}** `{LONG * 2}` #flask")
            for other in cast:
                make_comment(post, other, LONG)
                Bookmark.add(post, by=other)
                if other is not person:
                    person.follow(other)
        for person in (cast[0], cast[2]):
            person.mute(cast[1])
        db.session.commit()

    def post(self, username, text):
        """The path of a post that somebody writes now."""
        with self.app.app_context():
            post = make_post(User.with_username(username), text)
            db.session.commit()
            return f"/post/{post.id}"

    def make_followers(self, username, count):
        with self.app.app_context():
            for _ in range(count):
                make_user().follow(User.with_username(username))
            db.session.commit()

    def make_news(self):
        """What the list of notifications shows, to the longest name and by it."""
        boss, alice = User.with_username(LONG), User.with_username("alice")
        for author, other in ((boss, alice), (alice, boss)):
            post = Post.publish("Who comes along?", by=author)
            Comment.publish(post, LONG * 20, by=other)
            other.follow(author)
        db.session.commit()

    def invitation_token(self, expiration=None):
        """A link for an invitation that nobody uses up."""
        with self.app.app_context():
            email = f"i{ADDRESS[1:]}"
            invitation = db.session.scalars(Invitation.pending().filter_by(email=email)).one()
            return invitation.generate_token(expiration)

    def role(self, name):
        with self.app.app_context():
            return Role.named(name).id

    def upload(self, person):
        """A file of names as long as names are, with a line of each kind."""
        header = "email,username,first_name,last_name,role,active"
        lines = f"x{ADDRESS[1:]},,{LONG},{LONG},,", f"{LONG},{LONG},,,{LONG}{LONG},{LONG}"
        lines += f"u{ADDRESS[1:]},,{LONG},,Moderator,no", "alice@example.org,,,,,"
        text = "\n".join([header, *lines])
        facts = dict(filename=f"{LONG}.csv", text=text, plan=make_plan(text, by=person))
        PeopleImport.open(by=person, **facts)

    def sign_in(self, context, username):
        """Put the cookie of a new session into a browser: the form and its limits are spared."""
        with self.app.app_context():
            person = User.with_username(username)
            values = dict(remembered=False, address="127.0.0.1", agent="")
            _, token = UserSession.open(person, **values)
            db.session.commit()
        serializer = self.app.session_interface.get_signing_serializer(self.app)
        name = f"session_{urlsplit(self.url).port}"
        cookie = dict(name=name, value=serializer.dumps({"_user_id": token}), url=self.url)
        context.add_cookies([cookie])

    def token(self, username, purpose, *values):
        with self.app.app_context():
            token = getattr(User.with_username(username), f"generate_{purpose}_token")(*values)
            db.session.commit()
        return token

    def close(self):
        with self.app.app_context():
            db.engine.dispose()


def drawn():
    """The file of a picture."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 120, 40)).save(file, "PNG")
    return file.getvalue()


def sign_up(page, username):
    """Fill in the form and send it; the page is open."""
    fill_in_sign_up(page, username)
    page.get_by_role("button", name="Sign up").click()


def fill_in_sign_up(page, username):
    page.get_by_label("Email", exact=True).fill(f"{username}@example.org")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)


def sign_in(page, login, password=PASSWORD, *, remember=False):
    """Fill in the form, send it, and be in; the page is open."""
    page.get_by_label("Email or username").fill(login)
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

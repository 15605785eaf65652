"""The docs name what there is: variables, settings, lifetimes, links between pages."""

import re

from services import ROOT

import config
from app.access.policies import OUTSIDE_THE_FENCES, WHILE_SUSPENDED
from app.images.uploads import MOST_PIXELS, SIDE
from app.models.retention.data_export import RETENTION

DOCS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
EXAMPLE = (ROOT / ".env.example").read_text()
IN_WORDS = {1: "one", 3: "three", 5: "five", 7: "seven"}
ELSEWHERE = {"FLASK_CONFIG", "TEST_REDIS_URL"}  # read by the factory, and by the tests


class Environment(dict):
    """Holds nothing, and notes what it is asked for."""

    def get(self, name, default=None):
        self[name] = None
        return default


def variables():
    environment = Environment()
    for cls in (config.DevelopmentConfig, config.TestingConfig, config.ProductionConfig):
        cls(environment)
    return set(environment)


def test_the_example_of_the_environment_has_every_variable_and_no_other():
    assert set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)) == (
        variables() | ELSEWHERE
    )


def test_every_name_in_capitals_in_the_docs_is_a_variable_or_a_setting():
    known = variables() | ELSEWHERE | set(dir(config.Config)) | vars(config.Config({})).keys()
    known |= set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", (ROOT / "tests/services.py").read_text()))

    wrong = {}
    for name, text in DOCS.items():
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)\b", text))
        wrong[name] = {word for word in named - known if not _is_in_the_code(word)}

    assert {name: words for name, words in wrong.items() if words} == {}


def _is_in_the_code(word):
    """Docs for developers name constants too."""
    return any(
        re.search(rf"\b{word}\b", path.read_text())
        for folder in ("app", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "test_docs.py"
    )


def test_the_lifetimes_in_the_docs_are_those_of_the_configuration():
    settings, text = config.Config({}), DOCS["configure.md"]
    hours = [settings.SESSION_IDLE.total_seconds() / 3600, settings.SESSION_LIFETIME.days]
    remembered = settings.REMEMBER_COOKIE_DURATION.days
    links = [settings.CONFIRMATION_LIFETIME.days, settings.RESET_LIFETIME.total_seconds() / 3600]
    links += [settings.EMAIL_CHANGE_LIFETIME.total_seconds() / 3600]
    links += [settings.EMAIL_REVERT_LIFETIME.days]

    assert f"ends after {hours[0]:.0f} hours idle, or {hours[1]} days" in text
    assert f"| a remembered device | {remembered} days |" in text
    assert "| {} days / {:.0f} hour / {:.0f} hour / {} days |".format(*links) in text
    assert f"sending it again starts anew | {settings.INVITATION_LIFETIME.days} days |" in text


def test_security_names_each_limit_with_its_number():
    rows = re.findall(
        r"^\| ([a-z -]+) \| [^|]+ \| (\d+ per [^|]+) \|$", DOCS["security.md"], re.MULTILINE
    )

    assert dict(rows) == config.Config.LIMITS and len(rows) == len(config.Config.LIMITS)


def test_security_says_in_prose_what_the_code_does():
    limits, text = config.Config.LIMITS, " ".join(DOCS["security.md"].split())
    numbers = {name: limit.split()[0] for name, limit in limits.items()}
    said = [
        f"{numbers['sign-in by login and network']} in 5 minutes for a login from one network",
        f"{numbers['sign-in by login']} from everywhere",
        f"{numbers['sign-in by network']} for a network",
        f"its limit of {numbers['sign-in by network']} by the number",
        f"one of {numbers['sign-up by network']} sign-ups an hour",
        f"at most {MOST_PIXELS // 10**6} million pixels",
        f"a WebP square of {SIDE} pixels",
        f"for {IN_WORDS[RETENTION.days]} days; it names no staff",
    ]

    assert [words for words in said if words not in text] == []
    assert f"at most {IN_WORDS[int(numbers['mails to one address'])]} links an hour" in text
    assert f"at most {IN_WORDS[int(numbers['changes of password'])]} times an hour" in text
    assert f"at least {IN_WORDS[config.Config({}).SIGN_UP_SECONDS]} seconds" in text


def test_security_names_what_a_suspended_member_reaches():
    part = (
        DOCS["security.md"].partition("## What a suspended member reaches")[2].partition("\n## ")[0]
    )
    named = set(re.findall(r"`((?:account|main|dev|auth)[.]\w+)`", part))
    beyond = {name for name in OUTSIDE_THE_FENCES if name.startswith(("account.", "main.", "dev."))}

    assert named == WHILE_SUSPENDED | beyond and "all of `auth`" in part


def test_links_between_pages_of_the_docs_lead_somewhere():
    pages = {**DOCS, "README.md": (ROOT / "README.md").read_text()}
    broken = []
    for name, text in pages.items():
        folder = ROOT if name == "README.md" else ROOT / "docs"
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
            if not (folder / target).exists():
                broken.append((name, target))

    assert broken == []


def test_each_promise_of_security_names_tests_that_keep_it():
    rows = re.findall(r"^\| (R-\d+) \| (.+) \| (.+) \|$", DOCS["security.md"], re.MULTILINE)
    wrong = {}
    for number, promise, named in rows:
        files = set(re.findall(r"`(test_\w+[.]py)`", named))
        if missing := {name for name in files if number not in _promises_in(name)}:
            wrong[number] = missing
        elif not files and not promise.startswith("Not met: "):
            wrong[number] = "no test"

    assert [row[0] for row in rows] == [f"R-{n:02}" for n in range(1, 100)]
    assert wrong == {}


def _promises_in(name):
    """Return the numbers that a test file names, also as a range such as R-28 to R-30."""
    numbers = set()
    for path in (ROOT / "tests").rglob(name):
        for first, last in re.findall(r"R-(\d+)(?: to R-(\d+))?", path.read_text()):
            numbers |= {f"R-{n:02}" for n in range(int(first), int(last or first) + 1)}
    return numbers

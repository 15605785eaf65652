"""Search for posts, comments and members. The query string holds the whole question."""

from datetime import UTC, datetime, time
from functools import partial

from flask import render_template, request
from wtforms import DateField, HiddenField, SearchField, StringField
from wtforms.validators import Optional, ValidationError

from ..decorators import readable
from ..forms import Form, at_most, stripped, visible
from ..models import Comment, Post, User
from ..models.fields import at_midnight
from ..models.reading.search import CANDIDATES, Search
from ..models.site.setting import current_settings
from ..text.search_words import LONGEST_QUESTION, question_of
from ..web.requests import actor
from .blueprint import main

WRITTEN = {"posts": Post, "comments": Comment}
KINDS = {"posts": "Posts", "comments": "Comments", "people": "People"}
SORTS = {"newest": "Newest first", "best": "Best match"}
AT_A_GLANCE = 5  # of each kind, where all are shown


class SearchForm(Form):
    """Every input is valid: without words, it finds nothing."""

    class Meta(Form.Meta):
        csrf = False

        def wrap_formdata(self, form, formdata):
            return request.args

    q = SearchField("Search for", filters=[stripped])
    author = StringField("Author", filters=[stripped], validators=[at_most(64), visible])
    since = DateField("From", validators=[Optional()])
    until = DateField("To", validators=[Optional()])

    sort = HiddenField()

    person = None  # the author, once validated

    def validate_author(self, field):
        name = (field.data or "").removeprefix("@")
        self.person = User.with_username(name) if name else None
        if name and (self.person is None or not self.person.visible_to(actor())):
            raise ValidationError("No member has this username.")

    def validate_until(self, field):
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError("Choose a day after the “From” date.")

    @property
    def narrowed(self):
        """Whether it is limited to some posts and comments, so that people are left out."""
        return any(field.data or field.errors for field in (self.author, self.since, self.until))

    @property
    def wanted(self):
        first, last = self.since.data, self.until.data
        return Search(
            question_of(self.q.data or ""),
            actor(),
            author=self.person,
            since=datetime.combine(first, time.min, UTC) if first else None,
            until=at_midnight(last) if last and last.year < 9999 else None,
        )


@main.route("/search")
@readable
def search():
    form, kind = SearchForm(), request.args.get("kind")
    kind = kind if kind in KINDS else None
    wanted = form.wanted if form.validate() else None
    by_best = form.sort.data == "best"
    found = {}
    if wanted and wanted.question.phrases:
        found = pages_of(wanted, kind, form.narrowed, by_best)
    facts = dict(kind=kind, kinds=KINDS, found=found, args=asked(form))
    facts |= dict(sorts=SORTS, candidates=CANDIDATES)
    return render_template("main/search.html", form=form, wanted=wanted, **facts)


def pages_of(wanted, kind, narrowed, by_best):
    """Return {kind: page}: whole pages of one kind, or the first few of each."""
    finders = {"people": wanted.people, "posts": wanted.posts, "comments": wanted.comments}
    if by_best:
        finders |= {name: partial(wanted.best, cls) for name, cls in WRITTEN.items()}
    if kind:
        return {kind: finders[kind](current_settings().posts_per_page)}
    if narrowed:
        del finders["people"]
    return {name: find(AT_A_GLANCE) for name, find in finders.items()}


def asked(form):
    """The question as query string arguments."""
    args = {f.name: request.args[f.name] for f in form if f.data and f.name in request.args}
    return args | {"q": (form.q.data or "")[:LONGEST_QUESTION]}

"""The form of notification settings."""

from wtforms import BooleanField, SelectField, SubmitField

from ..forms import Form, choices_of
from ..models.mail.outbox import MOST_NEWS
from ..models.notifications.preference import (
    ANSWER,
    APPROVED,
    DAILY,
    FOLLOWER,
    IMMEDIATELY,
    MENTION,
    NEVER,
    PROMPT,
    RULING,
    THREAD,
    USUAL,
    Choice,
)
from ..web.conflicts import Versioned

LABELS = {
    MENTION: "Someone mentions you",
    ANSWER: "Someone comments on your post",
    THREAD: "A new comment on a post you watch",
    FOLLOWER: "Someone follows you",
    RULING: "Your report was reviewed",
    APPROVED: "Your post or comment was approved",
}
MAIL = [(IMMEDIATELY, "Immediately"), (DAILY, "Once a day"), (NEVER, "Never")]
CAPPED = [(IMMEDIATELY, f"Immediately, up to {MOST_NEWS} an hour"), *MAIL[1:]]


def form_of(choices):
    """Return the form, with two fields for each kind and the member’s choices."""
    values = {}
    for kind, choice in choices.items():
        values |= {f"{kind}_in_site": choice.in_site, f"{kind}_mail": choice.mail}
    return NotificationsForm(data=values)


class ChoicesForm(Versioned, Form):
    submit = SubmitField("Save")

    @property
    def rows(self):
        return [(LABELS[kind], self[f"{kind}_in_site"], self[f"{kind}_mail"]) for kind in USUAL]

    @property
    def choices(self):
        return {
            kind: Choice(self[f"{kind}_in_site"].data, self[f"{kind}_mail"].data) for kind in USUAL
        }


FIELDS = {f"{kind}_in_site": BooleanField("On site") for kind in USUAL}
FIELDS |= {
    f"{kind}_mail": SelectField("Email", choices=choices_of(MAIL if kind in PROMPT else CAPPED))
    for kind in USUAL
}
NotificationsForm = type("NotificationsForm", (ChoicesForm,), FIELDS)

"""Forms about something that others may change meanwhile: nobody's change is overwritten unseen."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wtforms import Field, FileField, HiddenField, PasswordField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectFieldBase

from ..text.diff import difference

CHANGED = (
    "{} changed this after you opened the form. Nothing was saved yet. Compare both versions below,"
    " copy what you need, then save again. Saving replaces the current version."
)
NOT_COMPARED = HiddenField, SubmitField, FileField, PasswordField


class VersionField(HiddenField):
    """Holds a fingerprint of each field as it was when the form was opened; it is no data."""

    data: str | None

    def process_data(self, value: object) -> None:
        self.data = None

    def populate_obj(self, obj: object, name: str) -> None:
        """Nothing of it belongs on the object."""


@dataclass
class Conflict:
    """One field that both sides changed: what it is now, and what this form would make of it."""

    label: str
    theirs: str
    mine: str
    is_long: bool
    difference: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.difference = list(difference(self.theirs, self.mine))


class Versioned:
    """Goes before `Form`. The fields are given what is there now, as `obj` or `data`.

    A field that only somebody else has changed stays as they left it. Where both sides changed one,
    the form is not valid: it shows both versions, and the next time it is sent it counts as an
    answer to what it showed. A form that carries no version is taken as it is.
    """

    version = VersionField()
    changed_by = ""  # the username, where it is known
    locked: Collection[str] = ()  # names of fields that the person cannot change
    form_errors: list[str]

    if TYPE_CHECKING:  # what it needs of `Form`

        def __iter__(self) -> Iterator[Any]: ...

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.conflicts: list[Conflict] = []
        if not self.has_version:
            self._begin_anew()

    @property
    def has_version(self) -> bool:
        return bool(self.version.raw_data)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)  # type: ignore[misc] # that of `Form`
        return valid and self.agrees()

    def agrees_with(self, obj: object) -> bool:
        """Ask again, with what an object has become a moment ago; see `agrees`."""
        for one in self._compared():
            one.object_data = getattr(obj, one.name)
        return self.agrees()

    def agrees(self) -> bool:
        """Whether it overwrites nothing that the person has not seen."""
        if not self.has_version:
            return True
        then = dict(pair.partition(":")[::2] for pair in (self.version.data or "").split())
        for one in self._compared():
            theirs = _filtered(one)
            if _mark(theirs) in (then.get(one.name), _mark(one.data)):
                continue
            if _mark(one.data) == then.get(one.name):
                one.data, one.raw_data = theirs, None
            else:
                both = _in_words(one, theirs), _in_words(one, one.data)
                is_long = isinstance(one, TextAreaField)
                self.conflicts.append(Conflict(one.label.text, *both, is_long))
        if self.conflicts:
            self.form_errors = [CHANGED.format(self.changed_by or "Someone")]
            self._begin_anew()
        return not self.conflicts

    def _begin_anew(self) -> None:
        marks = (f"{one.name}:{_mark(_filtered(one))}" for one in self._compared())
        self.version.data = " ".join(marks)

    def _compared(self) -> list[Field]:
        return [f for f in self if not isinstance(f, NOT_COMPARED) and f.name not in self.locked]


def _filtered(one: Field) -> Any:
    """Return what a field was given, as the form would have it."""
    value = one.object_data
    for filter in one.filters:
        value = filter(value)
    return value


def _plain(value: object) -> str:
    """Return a value so that it is equal to what comes back of it from a browser."""
    if value is None or value is False:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M}"
    if isinstance(value, list | tuple | set):
        return "\n".join(sorted(map(str, value)))
    return str(value).replace("\r\n", "\n").strip()


def _mark(value: object) -> str:
    return hashlib.sha256(_plain(value).encode()).hexdigest()[:16]


def _in_words(one: Field, value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(one, SelectFieldBase):
        chosen = _plain(value).split("\n")
        return ", ".join(o.label.text for o in one if str(o.data) in chosen)
    return _plain(value)

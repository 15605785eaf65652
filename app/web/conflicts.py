"""Edit conflicts: forms that detect what others have changed since the form was opened."""

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
    """A hidden field with a fingerprint of each field's value when the form was opened."""

    data: str | None

    def process_data(self, value: object) -> None:
        self.data = None

    def populate_obj(self, obj: object, name: str) -> None:
        """Set nothing: the fingerprints are not part of the object."""


@dataclass
class Conflict:
    """A field that both sides changed: its value now, and its value in this form."""

    label: str
    theirs: str
    mine: str
    is_long: bool
    difference: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.difference = list(difference(self.theirs, self.mine))


class Versioned:
    """A mixin to put before `Form`. Pass the current values as `obj` or `data`.

    A field that only the other side changed keeps their value. If both sides changed a field, the
    form is invalid and shows both versions; sending it again overwrites the version it showed. A
    form that was sent without fingerprints is not compared.
    """

    version = VersionField()
    changed_by = ""  # a username, if known
    locked: Collection[str] = ()  # names of fields that the user cannot change
    form_errors: list[str]

    if TYPE_CHECKING:  # provided by `Form`

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
        """Return `agrees`, compared with the present values of an object."""
        for one in self._compared():
            one.object_data = getattr(obj, one.name)
        return self.agrees()

    def agrees(self) -> bool:
        """Return whether the form overwrites only values that the user has seen."""
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
    """Return the present value of a field, filtered as its input would be."""
    value = one.object_data
    for filter in one.filters:
        value = filter(value)
    return value


def _plain(value: object) -> str:
    """Return a value as text that is the same after a round trip through a browser."""
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

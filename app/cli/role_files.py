"""Role files: TOML with a table for each role. What a table leaves out stays as it is."""

import tomllib
from dataclasses import dataclass

import tomli_w

from ..models import Permission, Role
from ..models.errors import Refused
from ..models.roles.management import USUAL
from ..text.names import username_key

LARGEST = 256 * 1024  # bytes
KINDS = {
    "description": (str, "text"),
    "permissions": (list, 'a list of names, such as ["write", "comment"]'),
    "index": (str, "the endpoint of a page"),
    "default": (bool, "true or false"),
    "requestable": (bool, "true or false"),
}
HEAD = "# The roles of the site. flask roles diff says what differs, flask roles apply sets it.\n\n"


@dataclass(frozen=True)
class Wanted:
    """A role as a file describes it."""

    name: str
    values: dict
    default: bool | None

    @property
    def role(self):
        return Role.called(self.name)

    def changes(self):
        """Return {name: (value on the site, value in the file)} for what differs."""
        is_now = {name: getattr(self.role, name) for name in self.values}
        pairs = {name: (is_now[name], value) for name, value in self.values.items()}
        if "permissions" in pairs and _names(pairs["permissions"][1]) == _names(self.role):
            del pairs["permissions"]
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def write_roles():
    tables = {
        role.name: {
            "description": role.description,
            "permissions": _names(role),
            "index": role.index,
            "default": role.default,
            "requestable": role.requestable,
        }
        for role in Role.all()
    }
    return HEAD + tomli_w.dumps(tables)


def read_roles(stream):
    """Return a `Wanted` for each role in a file. ValueError says where the file is wrong."""
    wanted, keys = [], {}
    for name, table in _parse(stream.read(LARGEST + 1)).items():
        former = keys.setdefault(username_key(name), name)
        if former != name:
            raise ValueError(f"[{name}]: the role [{former}] is already in the file.")
        wanted.append(_read_table(name, table))
    if not wanted:
        raise ValueError("it has no roles.")
    _require_one_default(wanted)
    return wanted


def differences(wanted):
    """Yield a sentence for each change that `apply_roles` would make."""
    for one in wanted:
        if one.role is None:
            said = ", ".join(_names(one.values.get("permissions", 0))) or "nothing"
            yield f"{one.name}: new, allows {said}."
        else:
            for name, (before, after) in one.changes().items():
                yield f"{one.role.name}: {name} {_say(name, before)} → {_say(name, after)}."
        if one.default and not (one.role and one.role.default):
            yield f"{one.name}: becomes the default role instead of {Role.get_default().name}."


def not_in(wanted):
    """Return the custom roles that a file doesn't name."""
    named = {username_key(one.name) for one in wanted}
    return [r for r in Role.all() if not r.is_built_in and username_key(r.name) not in named]


def apply_roles(wanted):
    """Make the roles match the file. Refused names the table that breaks a rule."""
    order = sorted(wanted, key=lambda one: (not one.default, not _administers(one)))
    for one in order:  # newcomers, and who administers, are never without a role meanwhile
        try:
            role = one.role or Role.create(**one.values)
            role.change(**{name: after for name, (before, after) in one.changes().items()})
            if one.default:
                role.make_default()
        except Refused as refusal:
            raise Refused(f"[{one.name}]: {refusal}") from None


def _parse(content):
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1024} kilobytes.")
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise ValueError("it isn’t UTF-8, so it isn’t TOML.") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it isn’t TOML: {error}.") from None
    except RecursionError:
        raise ValueError("it isn’t TOML: it is nested too deeply.") from None


def _read_table(name, table):
    if not isinstance(table, dict):
        raise ValueError(f"{name} is outside the table of a role.")
    for key, value in table.items():
        kind, words = KINDS.get(key, (None, None))
        if kind is None:
            raise ValueError(f"[{name}] {key}: unknown key. A role has: {', '.join(KINDS)}.")
        if not isinstance(value, kind):
            raise ValueError(f"[{name}] {key}: must be {words}.")
    values = {key: value for key, value in table.items() if key in USUAL}
    if "permissions" in values:
        values["permissions"] = _read_mask(name, values["permissions"])
    if "description" in values:
        values["description"] = values["description"].strip()
    return Wanted(name.strip(), {"name": name.strip(), **values}, table.get("default"))


def _read_mask(name, words):
    mask = 0
    for word in words:
        if not isinstance(word, str) or word.upper() not in Permission.__members__:
            known = ", ".join(permission.name.lower() for permission in Permission)
            raise ValueError(f"[{name}] permissions: there is no {word!r}. Choose from: {known}.")
        if mask & Permission[word.upper()]:
            raise ValueError(f"[{name}] permissions: {word!r} appears twice.")
        mask |= Permission[word.upper()]
    return int(mask)


def _require_one_default(wanted):
    chosen = [one.name for one in wanted if one.default]
    if len(chosen) > 1:
        raise ValueError(f"[{chosen[1]}] default: [{chosen[0]}] is already the default role.")
    dropped = [o.name for o in wanted if o.default is False and o.role and o.role.default]
    if dropped and not chosen:
        raise ValueError(f"[{dropped[0]}] default: make another role the default first.")


def _administers(one):
    mask = one.values.get("permissions", one.role.permissions if one.role else 0)
    return bool(mask & Permission.ADMIN)


def _names(mask):
    mask = mask.permissions if isinstance(mask, Role) else mask
    return [name.lower() for name in Permission.names(mask)]


def _say(name, value):
    if name == "permissions":
        return ", ".join(_names(value)) or "nothing"
    return {True: "true", False: "false"}.get(value, repr(value))

"""How long does one permission check take? Nothing here asks a database.

python benchmarks/permissions.py [--rounds 7]

Times, in this process: the question to a role and to a user, the policy of a guarded view, that
view with its guard beside one without, and `may_open`, which links and the navigation ask.
"""

import argparse
import sys
import timeit
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask import g
from flask_login import login_user

from app import create_app
from app.access.map import access_map, kinds_of
from app.access.policies import may_open
from app.decorators import permission_required
from app.models import Permission, Role, User
from app.models.fields import utcnow
from app.models.site.setting import Settings
from app.permissions import ROLES


def people():
    """A moderator who has confirmed, and the roles that are built in."""
    roles = [
        Role(name=name, permissions=int(mask), index=index, description=words)
        for name, (mask, index, words) in ROLES.items()
    ]
    mona = User(id=1, username="mona", email="mona@example.org", role=roles[1])
    mona.confirmed_at = utcnow()
    return mona, roles


def checks(app, mona, roles):
    """Pairs of words and what to time."""

    def bare():
        return "in"

    guarded = permission_required(Permission.MODERATE)(bare)
    policy, kinds = guarded.policy, kinds_of(roles)
    both = Permission.WRITE | Permission.MODERATE
    size = len(access_map(kinds))
    return [
        ("`Role.has_permission`", lambda: mona.role.has_permission(Permission.MODERATE)),
        ("`User.can`, one permission", lambda: mona.can(Permission.MODERATE)),
        ("`User.can`, two at once", lambda: mona.can(both)),
        ("`Policy.admits`", lambda: policy.admits(mona)),
        ("a view without a guard", bare),
        ("the view with `permission_required`", guarded),
        ("`may_open`, of the one signed in", lambda: may_open("moderation.queue")),
        ("`may_open`, refused", lambda: may_open("admin.index")),
        (f"the access map: {size} endpoints, {len(kinds)} columns", lambda: access_map(kinds)),
    ]


def time_of(call, rounds):
    """Seconds for one call in the fastest round: what else the machine does only adds to it."""
    timer = timeit.Timer(call)
    number, _ = timer.autorange()
    return min(timer.repeat(rounds, number)) / number


def in_words(seconds):
    if seconds < 1e-6:
        return f"{seconds * 1e9:.0f} ns"
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    app = create_app("testing", SQLALCHEMY_DATABASE_URI="sqlite://")
    with app.test_request_context():
        g.settings = Settings()  # as any page has read them
        mona, roles = people()
        login_user(mona)
        print("| check | takes |\n|---|--:|")
        for words, call in checks(app, mona, roles):
            print(f"| {words} | {in_words(time_of(call, options.rounds))} |", flush=True)


if __name__ == "__main__":
    main()

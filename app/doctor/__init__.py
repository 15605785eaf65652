"""Health checks and how to fix what they find: for `flask doctor`, the Health page and /readyz."""

from . import configuration, counts, database, log, mails, own_data, people
from .finding import BAD, GOOD, NOTE, Finding

__all__ = ["BAD", "GOOD", "NOTE", "Finding", "configuration", "database", "examine", "mails"]


def examine(request=None, *, seconds=None, newest=None, expect=None):
    """Run all checks; return a list of `Finding`.

    `request`: the one that asks, to compare with the configuration. `seconds`: how long another
    server may take. `newest`: how many entries of the log to read, None for all. `expect`: an end
    of the log that was noted before.
    """
    findings = [
        configuration.secret_key(),
        configuration.where_it_runs(request),
        configuration.hosts(request),
        configuration.proxies(request),
        configuration.counting(request, seconds),
        mails.server(seconds),
    ]
    there = database.answers()
    findings.append(there)
    if there.state == BAD:
        words = "Not checked: roles, people, email, data, clock and log need the database."
        return [*findings, Finding("The rest", NOTE, words)]
    return [
        *findings,
        database.migrations(),
        database.settings(),
        database.clock(),
        people.built_in_roles(),
        people.default_role(),
        people.without_role(),
        people.administrators(),
        counts.stored(quick=newest is not None),
        mails.queue(),
        own_data.own_data(),
        log.chain(newest, expect),
    ]

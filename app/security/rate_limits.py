"""Rate limits: how often something can be tried by account and by network, never site-wide.

Counting is atomic: of thirty concurrent guesses for one account, no more than the limit are checked
(R-98). A network's failures are counted afterwards, so that people who sign in from one school do
not use up its attempts; concurrent guesses may exceed that limit.
"""

import time
from typing import Any

from flask import current_app, request
from limits import parse
from werkzeug.exceptions import TooManyRequests

from ..extensions import limiter
from ..text.names import address_or_none, username_key
from . import known_devices
from .networks import network_of


class Throttle:
    """One of the configured LIMITS, counted separately for each key."""

    def __init__(self, name: str) -> None:
        self.name = name

    def take(self, key: str | int | None) -> None:
        """Count one attempt. Raise 429 with a Retry-After if there were too many.

        Nothing is counted for a key of None, which is an unknown client.
        """
        if not self._ask("hit", key):
            raise TooManyRequests(retry_after=self._wait(key))

    def check(self, key: str | int | None) -> None:
        """Raise 429 if there were too many attempts, without counting one."""
        if not self._ask("test", key):
            raise TooManyRequests(retry_after=self._wait(key))

    def is_open(self, key: str | int | None) -> bool:
        """Count one attempt; return False after too many, for callers that must not tell."""
        return self._ask("hit", key)

    def clear(self, key: str | int | None) -> None:
        self._ask("clear", key)

    def _wait(self, key: str | int | None) -> int:
        stats = self._ask("get_window_stats", key)
        return max(1, int(stats.reset_time - time.time()) + 1)

    def _ask(self, question: str, key: str | int | None) -> Any:
        item = parse(current_app.config["LIMITS"][self.name])
        if key is None or not limiter.enabled:
            return True
        identifiers = (self.name.replace(" ", "-"), str(key))
        return limiter.ask(question, item, *identifiers)


LOGIN_AND_NETWORK = Throttle("sign-in by login and network")
LOGIN = Throttle("sign-in by login")
DEVICE = Throttle("sign-in by known device")
NETWORK = Throttle("sign-in by network")
ASKED_AGAIN = Throttle("password asked again")
SIGN_UP = Throttle("sign-up by network")
MAILS_ASKED = Throttle("mails asked for by network")
MAILS_TO = Throttle("mails to one address")
NOTICES_TO = Throttle("notices to one address")
APPEAL_MESSAGES = Throttle("appeal messages")
PICTURES = Throttle("pictures")
REPORTS = Throttle("reports")
PASSWORD_CHANGES = Throttle("changes of password")
STRENGTH = Throttle("password strength")
TEST_MAILS = Throttle("test mails to one address")


class SignInAttempt:
    """The limits on one attempt to sign in; a success clears what it counted.

    Strangers who use up the attempts for an account do not lock its owner out, who has separate
    attempts from another network and on a known device (R-70 to R-72).
    """

    def __init__(self, login: str, user: known_devices.Account | None) -> None:
        self.network = network_of(request)
        self.login = address_or_none(login) or username_key(login)[:254]
        self.login_and_network = self.network and f"{self.login} {self.network}"
        mark = known_devices.mark_for(user) if user else None
        self.device = f"{mark} {user.id}" if user and mark else None

    def count(self) -> None:
        """Count the attempt before the password is checked; raise 429 after too many."""
        if self.device:
            DEVICE.take(self.device)
        else:
            NETWORK.check(self.network)
            LOGIN_AND_NETWORK.take(self.login_and_network)
            LOGIN.take(self.login)

    def failed(self) -> None:
        NETWORK.is_open(self.network)

    def succeeded(self) -> None:
        if self.device:
            DEVICE.clear(self.device)
        LOGIN.clear(self.login)
        LOGIN_AND_NETWORK.clear(self.login_and_network)
